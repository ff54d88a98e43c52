"""``safe_load``: nothing reaches a loader but the very bytes that policy admitted."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from bartizan.core.artefact import Admission
from bartizan.core.errors import ArtefactError
from bartizan.core.problem import printable
from bartizan.supplychain.admission.gate import AdmissionGate, Decision, open_gate
from bartizan.supplychain.files import Problem, open_file, walk
from bartizan.supplychain.signing.model import GIT

T = TypeVar("T")
_CHUNK = 1 << 20
MOST_FILES = 100_000
"""Of a folder that is loaded."""


class NotAdmittedError(ArtefactError):
    """Policy does not admit an artefact, or it is no longer what was admitted.

    Args:
        decision: what was decided; None where the file changed after that.
    """

    def __init__(self, cause: str, hint: str = "", decision: Decision | None = None) -> None:
        super().__init__(cause, hint)
        self.decision = decision


def safe_load(
    path: str | os.PathLike[str],
    load: Callable[[Path], T],
    *,
    gate: AdmissionGate | None = None,
    workspace: str | os.PathLike[str] = ".",
) -> T:
    """Load what policy admits, and nothing else.

    The file is scanned and decided about, then copied into a private folder while its SHA-256 is taken once more. Only
    if that is the digest that was admitted, ``load`` is called with the copy, which keeps the file's name. Whoever
    exchanges the file meanwhile changes nothing: it is not read again. For a folder every file in it must be admitted;
    git's own files at its top are left out.

    Args:
        path: a file, or a folder such as a model repository.
        load: ``joblib.load``, ``lambda p: torch.load(p, weights_only=True)``, ``AutoModel.from_pretrained``. What it
            reads later, after it has returned, is no longer there.
        gate: decides; without one the gate of ``workspace``.
        workspace: folder with policy.yaml.

    Raises:
        NotAdmittedError: policy says block or inconclusive, or the digest is another one.
        ConfigurationError: there is no workspace, or it is broken.
        JournalError: the decision cannot be recorded.
        ArtefactError: a file cannot be read or copied.
    """
    source = Path(path)
    with ExitStack() as stack:
        if gate is None:
            gate = stack.enter_context(open_gate(Path(workspace), frozenset()))
        private = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bartizan-load-")))
        if not source.is_dir():
            return load(_admitted(source, private / source.name, gate))
        root = private / (source.resolve().name or "model")
        root.mkdir()
        for number, file in enumerate(walk([source])):
            if number >= MOST_FILES:
                raise NotAdmittedError(f"{source} holds more than {MOST_FILES:,} files", "admit a smaller folder")
            inside = file.relative_to(source)
            if inside.parts[0] in GIT:
                continue
            target = root / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            _admitted(file, target, gate)
        return load(root)


def _admitted(file: Path, copy: Path, gate: AdmissionGate) -> Path:
    """Decide about one file and copy it. Raises NotAdmittedError."""
    decision = gate.decide(file, "load")
    shown = printable(str(file), 300)
    if decision.admission is not Admission.ALLOW:
        found = ", ".join(dict.fromkeys(one.rule for one in decision.report.findings)) or "nothing"
        raise NotAdmittedError(
            f"{shown} is not admitted ({decision.admission}): {decision.reason}",
            printable(f"policy {decision.policy or 'none'}; the scanner found {found}", 300),
            decision,
        )
    digest = _copy(file, copy)
    if not decision.sha256 or digest != decision.sha256:
        raise NotAdmittedError(f"{shown} is no longer what was admitted", "somebody exchanged it; find out who")
    return copy


def _copy(file: Path, copy: Path) -> str:
    opened = open_file(file)
    if isinstance(opened, Problem):
        raise NotAdmittedError(f"{printable(str(file), 300)} cannot be read: {opened.explanation}")
    summed = hashlib.sha256()
    try:
        if shutil.disk_usage(copy.parent).free < opened.size:
            raise ArtefactError(f"no room for a copy of {printable(str(file), 300)}", "set TMPDIR to a larger disk")
        with copy.open("xb") as out:
            for at in range(0, opened.source.size, _CHUNK):
                piece = opened.source.read(at, _CHUNK)
                summed.update(piece)
                out.write(piece)
        copy.chmod(0o400)
    except OSError as error:
        raise ArtefactError(f"cannot copy {printable(str(file), 300)}: {error.strerror}") from None
    finally:
        opened.close()
    return summed.hexdigest()
