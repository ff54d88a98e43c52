"""Python source: what a repository, archive or package brings along; and TorchScript, which only looks like Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bartizan.supplychain.formats.python_code import LARGEST, RUNS, SENDS, risks
from bartizan.supplychain.formats.words import words
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    MalformedError,
    Rule,
    Severity,
    scanner,
)

IMPORT = Rule(
    id="python.runs_at_import",
    title="Code that acts when it is imported",
    admission=Admission.BLOCK,
    severity=Severity.CRITICAL,
    tags=("CWE-506", *CODE_EXECUTION[1:]),
)
CALL = Rule(
    id="python.risky_call",
    title="Code that can run, load or send things",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=("CWE-94", *CODE_EXECUTION[1:]),
)
TORCHSCRIPT = Rule(
    id="torchscript.operator",
    title="TorchScript operator that touches files",
    admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=("CWE-73", *CODE_EXECUTION[1:]),
)
CUSTOM = Rule(
    id="torchscript.custom_operator",
    title="TorchScript operator from outside PyTorch",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=("CWE-829", *CODE_EXECUTION[1:]),
)
_FILES = re.compile(rb"(?:torch|ops\.aten)\.(save|load|from_file|_save|pickle_save|pickle_load)\s*\(")
_OPS = re.compile(rb"\bops\.(\w{1,80})\.(\w{1,80})")
_SPACES = words(
    "aten prim prims quantized torchvision torchaudio image inductor static_runtime mkldnn mkldnn_prepacked"
)


@scanner
class PythonSource:
    """See the module."""

    id = "python"
    rules = (IMPORT, CALL, TORCHSCRIPT, CUSTOM)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The name, or a first line that only a Python script has."""
        head = source.read(0, 64)
        return context.name.endswith((".py", ".pyw")) or (head.startswith(b"#!") and b"python" in head.split(b"\n")[0])

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Calls that matter, or operators where it is TorchScript."""
        if source.size > LARGEST:
            raise MalformedError(f"a source file of {source.size} bytes", 0)
        raw = source.read(0, source.size)
        if "/code/" in f"/{context.member}" and b"__torch__" in raw + context.member.encode():
            yield from _torchscript(raw, context)
            return
        seen: set[str] = set()
        for risk in risks(raw):
            if risk.name in seen:
                continue
            seen.add(risk.name)
            does = _does(risk.name)
            rule = IMPORT if risk.at_import and (risk.name in RUNS or risk.name in SENDS) else CALL
            when = "Importing the file" if risk.at_import else "A function of it"
            yield context.found(rule, f"{when} {does}.", offset=risk.offset, evidence=risk.name)


def _does(name: str) -> str:
    if name in RUNS:
        return "runs or loads code"
    return "connects elsewhere" if name in SENDS else "changes files"


def _torchscript(raw: bytes, context: Context) -> Iterator[ArtefactFinding]:
    for found in _FILES.finditer(raw):
        yield context.found(
            TORCHSCRIPT, "Running the model reads or writes a file.", offset=found.start(), evidence=found[0].decode()
        )
    reported: set[bytes] = set()
    for found in _OPS.finditer(raw):
        if found[1].decode() not in _SPACES and found[1] not in reported:
            reported.add(found[1])
            yield context.found(
                CUSTOM, "A shared library must be loaded first.", offset=found.start(), evidence=found[0].decode()
            )
