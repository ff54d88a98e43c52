"""Atomic reload: a sound edit comes into force at once, a broken one changes nothing and is reported once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.workspace.snapshot import WATCHED, Snapshot, digest_of, find_files, read_files, take_snapshot

T = TypeVar("T")

RESTART = ("bartizan.yaml",)
"""Changes here need a restart; the watch only says so."""

_REREAD_EVERY = 10


class Outcome(StrEnum):
    """What became of an edit."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RESTART_NEEDED = "restart_needed"


class Change(msgspec.Struct, frozen=True):
    """An edit was noticed."""

    outcome: Outcome
    snapshot: Snapshot
    """What is in force from now on."""
    digest: str
    """Of the edited content, hexadecimal SHA-256; empty when it could not be read."""
    problem: str = ""
    """Why it was rejected, or which file needs a restart."""


def first_sound(choices: Iterable[Snapshot], build: Callable[[Mapping[str, bytes]], T]) -> tuple[Snapshot, T]:
    """The first snapshot of which something can be built, with that. Raises the BartizanError of the very first."""
    wrong: BartizanError | None = None
    for snapshot in choices:
        try:
            return snapshot, build(snapshot.files)
        except BartizanError as error:
            wrong = wrong or error
    raise wrong or ConfigurationError("there is no snapshot to begin with")


class Watch(Generic[T]):
    """Polls the watched files; :attr:`value` is always a value that was built completely.

    An editor may write a file in several steps, so content counts only when two polls in a row read the same. Poll
    about once a second; a poll without a change costs a few ``stat`` calls.

    Args:
        root: the workspace folder.
        build: makes the value from contents by name; raises a BartizanError when they are no good.
        patterns: what to watch, relative to ``root``.
        version: number of the first snapshot.
        first: gives what the first snapshot may be, the best first, where it need not be what the files say.

    Raises:
        BartizanError: the very first content is broken, so there is no last good one.
    """

    def __init__(
        self,
        root: Path,
        build: Callable[[Mapping[str, bytes]], T],
        *,
        patterns: Sequence[str] = WATCHED,
        restart: Sequence[str] = RESTART,
        version: int = 1,
        first: Callable[[], Iterable[Snapshot]] | None = None,
    ) -> None:
        self._root, self._build, self._patterns, self._restart = root, build, tuple(patterns), tuple(restart)
        choices = first() if first is not None else [take_snapshot(root, version, self._patterns)]
        self.snapshot, self.value = first_sound(choices, build)
        self._seen: object = None
        self._polls = 0
        self._pending = ""
        self._rejected = ""
        self._restart_digest = self._digest_of_restart_files()

    def poll(self) -> Change | None:
        """Look once; returns what was decided about an edit, or None."""
        return self._poll_restart() or self._poll_watched()

    def _poll_watched(self) -> Change | None:
        self._polls += 1
        try:
            marks = self._marks(self._patterns)
            if marks == self._seen and not self._pending and self._polls % _REREAD_EVERY:
                return None
            self._seen = marks
            files = read_files(self._root, self._patterns)
        except (BartizanError, OSError) as error:
            self._seen, problem = None, str(error)
            return self._settle(f"unreadable: {problem}", lambda: self._reject("", problem))
        digest = digest_of(files)
        if digest == self.snapshot.digest:
            self._pending = self._rejected = ""
            return None
        return self._settle(digest, lambda: self._try(digest, files))

    def _settle(self, identity: str, decide: Callable[[], Change]) -> Change | None:
        """Wait until two polls agree on ``identity``; then decide about it once."""
        if identity == self._rejected:
            self._pending = ""
            return None
        if identity != self._pending:
            self._pending = identity
            return None
        self._pending = ""
        change = decide()
        self._rejected = identity if change.outcome is Outcome.REJECTED else ""
        return change

    def _try(self, digest: str, files: dict[str, bytes]) -> Change:
        try:
            value = self._build(files)
        except BartizanError as error:
            return self._reject(digest, str(error))
        self.value, self.snapshot = value, Snapshot(self.snapshot.version + 1, digest, files)
        return Change(Outcome.ACCEPTED, self.snapshot, digest)

    def _reject(self, digest: str, problem: str) -> Change:
        return Change(Outcome.REJECTED, self.snapshot, digest, problem)

    def _poll_restart(self) -> Change | None:
        digest = self._digest_of_restart_files()
        if digest == self._restart_digest:
            return None
        self._restart_digest = digest
        problem = f"{', '.join(self._restart)} changed: restart to put it in force"
        return Change(Outcome.RESTART_NEEDED, self.snapshot, digest, problem)

    def _digest_of_restart_files(self) -> str:
        try:
            return digest_of(read_files(self._root, self._restart))
        except (BartizanError, OSError):
            return ""

    def _marks(self, patterns: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
        found = find_files(self._root, patterns)
        stats = {name: path.stat() for name, path in found.items()}
        return [(n, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for n, s in stats.items()]
