"""Machine code: executables and libraries have no place in a model, and some formats load those that lie in them."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    Rule,
    Severity,
    scanner,
)

EXECUTABLE = Rule(
    id="native.executable",
    title="Machine code",
    admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=("CWE-829", *CODE_EXECUTION[1:]),
)
SCRIPT = Rule(
    id="native.script",
    title="Script for an interpreter",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=("CWE-829", *CODE_EXECUTION[1:]),
)
BYTECODE = Rule(
    id="native.python_bytecode",
    title="Python bytecode",
    admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=CODE_EXECUTION,
)
_MACH = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")


@scanner
class NativeCode:
    """See the module."""

    id = "native"
    rules = (EXECUTABLE, SCRIPT, BYTECODE)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The magic numbers of ELF, PE, Mach-O and CPython's cache files; a script's first line."""
        return bool(_kind(source, context))

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What it is."""
        kind = _kind(source, context)
        if kind == "script":
            line = source.read(0, 120).split(b"\n")[0].decode("utf-8", "backslashreplace")
            if "python" not in line:
                yield context.found(SCRIPT, "An interpreter runs it.", offset=0, evidence=line)
        elif kind == "bytecode":
            yield context.found(BYTECODE, "Importing it runs code that nobody can read as source.", offset=0)
        else:
            yield context.found(EXECUTABLE, f"Loading it runs {kind} machine code.", offset=0, evidence=kind)


def _kind(source: ByteSource, context: Context) -> str:
    head = source.read(0, 64)
    if head.startswith(b"\x7fELF"):
        return "ELF"
    if head.startswith(b"MZ") and len(head) == 64:
        offset = int.from_bytes(head[60:64], "little")
        return "PE" if source.read(offset, 4) == b"PE\0\0" else ""
    if head.startswith(_MACH) or (head.startswith(b"\xca\xfe\xba\xbe") and int.from_bytes(head[4:8], "big") < 20):
        return "Mach-O"
    if head.startswith(b"#!"):
        return "script"
    return "bytecode" if context.name.endswith(".pyc") or (head[2:4] == b"\r\n" and head[0] >= 0xA0) else ""
