"""Machine code: executables and libraries have no place in a model, and some formats load those that lie in them."""

from __future__ import annotations

import re
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
STARTUP = Rule(
    id="native.startup_file",
    title="Path file that runs code whenever Python starts",
    admission=Admission.BLOCK,
    severity=Severity.CRITICAL,
    tags=("CWE-506", *CODE_EXECUTION[1:]),
)
BUILD = Rule(
    id="native.build_file",
    title="Instructions for a build tool",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=("CWE-829", *CODE_EXECUTION[1:]),
)
_BUILDS = re.compile(
    r"(gnu)?makefile|.+\.mk|\.?justfile|(dockerfile|containerfile)(\..+)?|.+\.(dockerfile|containerfile)|"
    r"rakefile|vagrantfile|jenkinsfile|procfile|cmakelists\.txt|.+\.(cmake|gradle|gradle\.kts)|build\.ninja|"
    r"\.envrc|tox\.ini|\.(bash|zsh)rc|\.(bash_|z)?profile|\.zshenv|meson\.build|(build|workspace|module)\.bazel|taskfile\.ya?ml|(docker-)?compose(\..+)?\.ya?ml"
)
_SCRIPTS = (
    ".sh", ".bash", ".zsh", ".ksh", ".csh", ".fish", ".bat", ".cmd", ".ps1", ".psm1", ".vbs", ".vbe", ".wsf", ".hta",
    ".command", ".applescript", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".rb", ".pl", ".pm",
    ".php", ".lua", ".tcl", ".awk", ".groovy", ".r", ".jl",
)  # fmt: skip
_PATHS = 1 << 20
"""Bytes of a path file; real ones have a line or two."""
_MACH = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")


@scanner
class NativeCode:
    """See the module."""

    id = "native"
    rules = (EXECUTABLE, SCRIPT, BUILD, BYTECODE, STARTUP)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The magic numbers of ELF, PE, Mach-O and CPython's cache files; a script's first line or name."""
        return bool(_kind(source, context))

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What it is."""
        kind = _kind(source, context)
        if kind == "script":
            line = source.read(0, 120).split(b"\n")[0].decode("utf-8", "backslashreplace")
            if "python" not in line:
                yield context.found(SCRIPT, "An interpreter runs it.", offset=0, evidence=line)
        elif kind == "named":
            yield context.found(
                SCRIPT, "An interpreter runs it, also without a first line that says so.", evidence=context.name
            )
        elif kind == "build":
            yield context.found(BUILD, "A tool that people start in such folders runs it.", evidence=context.name)
        elif kind == "startup":
            yield context.found(
                STARTUP, "In a folder of packages Python runs each line that begins with import, at every start."
            )
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
    if head.startswith(b"\xca\xfe\xba\xbe"):  # fat binaries say how many parts, classes of which version
        return "Mach-O" if int.from_bytes(head[4:8], "big") < 20 else "Java"
    if head.startswith(_MACH):
        return "Mach-O"
    if head.startswith(b"#!"):
        return "script"
    name = context.name.lower()
    if name.endswith(_SCRIPTS):
        return "named" if _text(head) else ""
    if _BUILDS.fullmatch(name.rpartition("/")[2]) and _text(head):
        return "build"
    if name.endswith(".pth") and _imports(source):
        return "startup"
    return "bytecode" if context.name.endswith(".pyc") or (head[2:4] == b"\r\n" and head[0] >= 0xA0) else ""


def _text(head: bytes) -> bool:
    """Whether it may be a text: transport streams are called ``.ts`` too."""
    return not head or (b"\0" not in head and head[:1] != b"\x47")


def _imports(source: ByteSource) -> bool:
    """Whether ``site`` would run a line of a path file: one that begins with ``import`` and a space or tab."""
    raw = source.read(0, _PATHS).removeprefix(b"\xef\xbb\xbf")
    return b"\0" not in raw and any(line.startswith((b"import ", b"import\t")) for line in raw.splitlines())
