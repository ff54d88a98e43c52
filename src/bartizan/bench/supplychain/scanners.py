"""The scanner of Bartizan and its peers, each asked about one file as its own documentation says."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from bartizan.core.artefact import Admission
from bartizan.supplychain.scanning import ArtefactScanner

_SECONDS = 120


class Answer(StrEnum):
    """What a scanner says of a file."""

    PASSED = "passed"
    FLAGGED = "flagged"
    ERROR = "error"
    """It could not read the file, or says that it cannot judge it: no silent pass, but no finding either."""


class Contestant(NamedTuple):
    """One scanner."""

    name: str
    ask: Callable[[Path], Answer]


_PEERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("picklescan", "picklescan", ("-p",)),
    ("picklescan --strict", "picklescan", ("--strict", "-p")),
    ("modelscan", "modelscan", ("-p",)),
    ("fickling", "fickling", ("--check-safety",)),
    ("modelaudit", "modelaudit", ("scan",)),
    ("weightguard", "weightguard", ("scan",)),
)
"""Name, program and arguments before the path. All of them exit with 0 for clean and 1 for findings."""


def contestants(folders: Sequence[Path] = ()) -> list[Contestant]:
    """Ours, then every peer whose program is found in ``folders`` or on PATH."""
    found = [Contestant("bartizan", _ours(ArtefactScanner()))]
    places = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    for name, program, arguments in _PEERS:
        path = shutil.which(program, path=places)
        if path is not None:
            found.append(Contestant(name, _peer([path, *arguments])))
    return found


def _ours(scanner: ArtefactScanner) -> Callable[[Path], Answer]:
    answers = {Admission.ALLOW: Answer.PASSED, Admission.BLOCK: Answer.FLAGGED, Admission.INCONCLUSIVE: Answer.ERROR}

    def ask(path: Path) -> Answer:
        return answers[scanner.scan(path).verdict]

    return ask


def _peer(command: list[str]) -> Callable[[Path], Answer]:
    quiet = {"DO_NOT_TRACK": "1", "NO_ANALYTICS": "1", "PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_COLOR": "1"}

    def ask(path: Path) -> Answer:
        try:
            ran = subprocess.run(
                [*command, str(path)],
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                cwd=path.parent,
                env=os.environ | quiet,
            )
        except subprocess.TimeoutExpired:
            return Answer.ERROR
        if ran.returncode == 1 and b"Traceback (most recent call last)" in ran.stderr:
            return Answer.ERROR
        return {0: Answer.PASSED, 1: Answer.FLAGGED}.get(ran.returncode, Answer.ERROR)

    return ask
