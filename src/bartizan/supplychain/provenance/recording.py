"""Runs a training command and says of it what can be seen from outside: what was there before, what came out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bartizan.core.clock import utc_now
from bartizan.core.errors import ArtefactError, ConfigurationError
from bartizan.core.ids import new_id
from bartizan.core.problem import printable
from bartizan.supplychain.files import digest_of, walk
from bartizan.supplychain.provenance.environment import described, installed, program
from bartizan.supplychain.provenance.statement import MOST_FILES, Material, Run


class Wanted(NamedTuple):
    """A run that is to be recorded."""

    command: tuple[str, ...]
    materials: tuple[Path, ...]
    outputs: tuple[Path, ...]
    """Files, or folders with all that is in them afterwards."""
    builder: str
    parameters: Mapping[str, str]
    variables: tuple[str, ...] = ()
    """Of the environment, whose values are recorded."""


class RunFailedError(ArtefactError):
    """The command failed, or what is to be recorded of it would not be true."""

    def __init__(self, cause: str, code: int = 0) -> None:
        super().__init__(cause)
        self.code = code
        """Exit code of the command, if that is why."""


def record(wanted: Wanted) -> Run:
    """Run the command and look at the files before and after.

    Raises:
        ConfigurationError: there is no such program, or a material or variable is missing.
        RunFailedError: the command failed, changed a material, or did not write an output.
    """
    if not wanted.command:
        raise ConfigurationError("there is no command to run", "it comes after --")
    executable = program(wanted.command[0])
    environment, packages = described(wanted.variables), installed(executable)
    before = _digests(wanted.materials)
    if not before and wanted.materials:
        raise ConfigurationError("the materials hold no file")
    program_before = digest_of(executable)
    there = {path: _mark(path) for path in walk(list(wanted.outputs)) if path.is_file()}
    started = utc_now()
    try:
        code = subprocess.run([executable, *wanted.command[1:]], check=False).returncode
    except OSError as error:
        raise ConfigurationError(f"{executable} cannot be run: {error.strerror}") from None
    finished = utc_now()
    if code:
        raise RunFailedError(f"the command ended with {code}; nothing is signed of a run that failed", code)
    after = _digests(wanted.materials)
    if changed := sorted({one.name for one in set(before) ^ set(after)}):
        raise RunFailedError(f"{printable(changed[0], 200)} changed while it ran: what it read cannot be said")
    if digest_of(executable) != program_before:
        raise RunFailedError("the program itself changed while it ran")
    outputs = [path for one in wanted.outputs for path in _written(one, there)]
    made = _digests(outputs)
    if both := sorted({one.name for one in made} & {one.name for one in before}):
        raise RunFailedError(f"{printable(both[0], 200)} is material and output at once")
    return Run(
        builder=wanted.builder,
        invocation=new_id("run"),
        command=wanted.command,
        started=started,
        finished=finished,
        outputs=made,
        materials=before,
        executable=Material(str(executable), program_before),
        packages=packages,
        parameters=dict(wanted.parameters),
        environment=environment,
    )


def _written(output: Path, there: Mapping[Path, tuple[int, int, int]]) -> list[Path]:
    """The files of one output that the run wrote; every one of them must be."""
    files = [path for path in walk([output]) if path.is_file()]
    if not files:
        raise RunFailedError(f"the run did not write {printable(str(output), 200)}")
    for path in files:
        if there.get(path) == _mark(path):
            raise RunFailedError(f"{printable(str(path), 200)} was there before, and the run did not write it")
    return files


def _mark(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _digests(paths: Iterable[Path]) -> tuple[Material, ...]:
    found: dict[str, str] = {}
    for path in walk(list(paths)):
        found[_name(path)] = digest_of(path)
        if len(found) > MOST_FILES:
            raise ConfigurationError(f"more than {MOST_FILES:,} files", "name fewer, or an archive of them")
    return tuple(Material(name, digest) for name, digest in sorted(found.items()))


def _name(path: Path) -> str:
    absolute, here = path.absolute(), Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else absolute.as_posix()


def parameters_of(texts: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` as a mapping. Raises ConfigurationError."""
    out: dict[str, str] = {}
    for one in texts:
        name, equals, value = one.partition("=")
        if not (name and equals) or name in out:
            raise ConfigurationError(f"--parameter {printable(one, 60)} is no NAME=VALUE, or stands there twice")
        out[name] = value
    return out
