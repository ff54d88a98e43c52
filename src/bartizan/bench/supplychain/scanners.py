"""The scanner of Bartizan and its peers, each asked about one file as its own documentation says."""

from __future__ import annotations

import atexit
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
RUNNER = Path(__file__).with_name("peer_runner.py")


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
    """One process per peer, which forks for each file; started when it is first asked."""
    quiet = {"DO_NOT_TRACK": "1", "NO_ANALYTICS": "1", "PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_COLOR": "1"}
    running: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        line = [_python(command[0]), str(RUNNER), str(_SECONDS), *command]
        piped = subprocess.PIPE
        process = subprocess.Popen(line, stdin=piped, stdout=piped, text=True, env=os.environ | quiet)
        atexit.register(process.kill)
        return process

    def ask(path: Path) -> Answer:
        if not running:
            running.append(start())
        process = running[0]
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        code, broke = (int(one) for one in process.stdout.readline().split())
        if broke and code == 1:
            return Answer.ERROR
        return {0: Answer.PASSED, 1: Answer.FLAGGED}.get(code, Answer.ERROR)

    return ask


def _python(program: str) -> str:
    """The interpreter that a console script names in its first line."""
    first = Path(program).read_bytes().split(b"\n", 1)[0].decode("utf-8", "replace")
    return first.removeprefix("#!").strip()
