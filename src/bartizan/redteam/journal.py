"""The folder of a run: ``plan.json``, which says what is run, and ``attempts.jsonl``, to which records are only added.

Each record is one ``write`` to a file opened for appending, so a killed process loses at most the line it was writing,
and that line is cut off when the run goes on. The data is synced to the disk once a second, and at the end.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from bartizan.redteam.attempt import Attempt
from bartizan.redteam.case import Case
from bartizan.redteam.errors import RunError
from bartizan.redteam.scope import Thresholds
from bartizan.redteam.spending import Spent
from bartizan.redteam.taxonomy import Outcome
from bartizan.redteam.trial import Untested

PLAN = "plan.json"
ATTEMPTS = "attempts.jsonl"
MAX_LINE = 64_000_000
"""Bytes of one record. Texts of a longer one are cut to the first of `_CUTS` with which it fits."""
_CUTS = (60_000, 6_000, 600)


class Attempted(Attempt, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="attempt"):
    """An attempt as the journal holds it."""


class TrialEnded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="trial"):
    """A trial is over; it never runs again unless it is asked for."""

    trial: str
    case: str
    converters: tuple[str, ...] = ()
    strategy: str
    outcome: Outcome
    attempts: int
    first: Outcome
    """Of its first attempt: hit@1."""
    reason: str
    stopped: bool = False
    """Not run: ``reason`` says why it was not needed (stop rules)."""
    again: bool = False
    """The target or the attacker model could not be reached: it runs again when the campaign is resumed."""
    spent: Spent | None = None
    """By the whole campaign, when this trial ended."""


class Noted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="note"):
    """Something that a reader of the campaign should know."""

    at: str
    text: str


Record = Attempted | TrialEnded | Noted


class PlanRecord(msgspec.Struct, frozen=True, kw_only=True):
    """``plan.json``: enough to tell whether a run goes on as it began, and to read it without its scope file."""

    schema: str
    name: str
    product: str
    scope: str
    """Absolute path of the scope file."""
    scope_sha256: str
    """Of the file. It may be edited between two runs, in its limits and thresholds."""
    target: str
    target_kind: str
    target_url: str
    model: str
    fingerprint: str
    """Of the target's settings."""
    content: str = ""
    """Digest of what decides outcomes beside them: facts and texts that the scope file names, whole cases, the attacker
    model, moves, stop rules."""
    authorisation: str
    authorised_by: str
    seed: int
    started: str
    trials: int
    trials_digest: str
    thresholds: Thresholds
    cases: tuple[Case, ...]
    """Those that are run, with slots."""
    untested: tuple[Untested, ...]


class Journal:
    """An open run. Use as a context manager; one process at a time.

    Raises:
        RunError: another process has it open, or it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = -1
        self._synced = time.monotonic()
        self._syncing: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, "journal-sync")
        """Syncing may take as long as a slow disk does; trials go on meanwhile."""

    def __enter__(self) -> Journal:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.folder / ATTEMPTS, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise RunError(f"{self.folder} is in use by another campaign") from None
        except OSError as error:
            raise RunError(f"{self.folder} cannot be written: {error.strerror}") from None
        self._cut_torn_line()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()
        os.fdatasync(self._file)
        os.close(self._file)

    def add(self, record: Record) -> None:
        """Append one record. Raises RunError when the disk refuses it, or it cannot be made short enough."""
        line = _line(record)
        try:
            written = os.write(self._file, line)
            if written != len(line):
                os.ftruncate(self._file, os.fstat(self._file).st_size - written)  # nothing may follow half a line
                raise RunError("the disk took only part of a record", "free some space, then resume")
            if time.monotonic() - self._synced > 1.0 and (self._syncing is None or self._syncing.done()):
                if self._syncing is not None:
                    self._syncing.result()
                self._syncing = self._thread.submit(os.fdatasync, self._file)
                self._synced = time.monotonic()
        except OSError as error:
            raise RunError(f"a record cannot be written: {error.strerror}", "free some space, then resume") from None

    def _cut_torn_line(self) -> None:
        """Drop what stands after the last line break: a record that a killed process did not finish."""
        size = os.fstat(self._file).st_size
        end = size
        while end > 0:
            start = max(0, end - 65_536)
            at = os.pread(self._file, end - start, start).rfind(b"\n")
            if at >= 0:
                end = start + at + 1
                break
            end = start
        if end != size:
            os.ftruncate(self._file, end)


def read_records(folder: Path) -> Iterator[Record]:
    """The records of a run, in order; a torn last line is left out.

    Raises:
        RunError: there is no run, or a line is not a record, or longer than one can be.
    """
    try:
        with (folder / ATTEMPTS).open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), 1):
                if len(line) > MAX_LINE:
                    raise RunError(f"{folder / ATTEMPTS}, line {number}: longer than {MAX_LINE} bytes")
                if not line.endswith(b"\n"):
                    return
                try:
                    yield msgspec.json.decode(line, type=Record)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise RunError(f"{folder / ATTEMPTS}, line {number}: {error}") from None
    except OSError as error:
        raise RunError(f"{folder} is no run: {error.strerror}", "'bartizan redteam run' makes one") from None


def _line(record: Record) -> bytes:
    line = msgspec.json.encode(record) + b"\n"
    for most in _CUTS:
        if len(line) <= MAX_LINE:
            return line
        line = msgspec.json.encode(_cut(msgspec.to_builtins(record), most)) + b"\n"
    if len(line) > MAX_LINE:
        raise RunError(f"a record is longer than {MAX_LINE} bytes", "lower `moves` in the scope file")
    return line


def _cut(value: Any, most: int) -> Any:
    """``value`` with every text of more than ``most`` characters cut there."""
    if isinstance(value, str):
        return value if len(value) <= most else value[:most] + " … (cut)"
    if isinstance(value, dict):
        return {key: _cut(inner, most) for key, inner in value.items()}
    return [_cut(inner, most) for inner in value] if isinstance(value, list | tuple) else value


def write_plan(folder: Path, plan: PlanRecord) -> None:
    """Write ``plan.json`` whole or not at all, for its owner alone."""
    part = folder / f".{PLAN}.part"
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(msgspec.json.format(msgspec.json.encode(plan), indent=1))
    part.replace(folder / PLAN)


def read_plan(folder: Path) -> PlanRecord | None:
    """``plan.json``, or None when the run has not begun. Raises RunError when it is unreadable."""
    try:
        return msgspec.json.decode((folder / PLAN).read_bytes(), type=PlanRecord)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RunError(f"{folder / PLAN} cannot be read: {error}") from None


def attempted(attempt: Attempt) -> Attempted:
    """``attempt`` as a record."""
    return Attempted(**{name: getattr(attempt, name) for name in Attempt.__struct_fields__})


__all__ = [
    "Attempted",
    "Journal",
    "Noted",
    "PlanRecord",
    "Record",
    "TrialEnded",
    "attempted",
    "read_plan",
    "read_records",
    "write_plan",
]
