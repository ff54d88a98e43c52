"""Rules over files of events: what ``bartizan rules run`` does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.detections.engine import Checkpoint, Counters, Engine
from bartizan.detections.hits import RuleFinding
from bartizan.detections.lines import Unread, read_events
from bartizan.detections.mapping import FieldMapping
from bartizan.detections.settings import EngineSettings
from bartizan.detections.sigma.collection import Collection

NOISY_SHARE: Final = 0.5
NOISY_LEAST: Final = 100


class Summary(msgspec.Struct):
    """What a run saw."""

    events: int = 0
    findings: int = 0
    unread: Unread = msgspec.field(default_factory=Unread)
    counters: Counters = msgspec.field(default_factory=Counters)
    repeated_ids: int = 0
    """Events whose id an earlier one had; each counts as an event of its own."""
    noisy: list[str] = []
    """Titles of rules that match more than half of at least a hundred events."""

    @property
    def complete(self) -> bool:
        """Whether every event was judged by every rule."""
        counters = self.counters
        # What came after its moment was worked off early is among the late.
        lost = counters.failed + counters.untimed + counters.late + counters.evicted_groups + counters.evicted_hits
        return not (self.unread.count or lost)


class Saved(msgspec.Struct, frozen=True):
    """A checkpoint of a run over one file."""

    engine: Checkpoint
    offset: int
    line: int
    head: str
    """SHA-256 of the first bytes of what was read, to notice another file."""


class Run:
    """One pass of a collection over events.

    Raises:
        ConfigurationError: a rule cannot be compiled.
    """

    def __init__(
        self, collection: Collection, settings: EngineSettings | None = None, mapping: FieldMapping | None = None
    ) -> None:
        self.mapping = mapping or FieldMapping()
        self.engine = Engine(collection, settings, self.mapping.fields)
        self.summary = Summary()
        self._seen: set[int] = set()
        self._by_rule: dict[str, int] = {}

    def over(self, file: BinaryIO, *, first: int = 1, last: bool = True) -> Iterator[RuleFinding]:
        """Findings, single events' as they are read, correlations' as soon as they are certain.

        Args:
            file: JSON lines.
            first: number of its first line.
            last: no event will follow.
        """
        for line, event in read_events(file, self.summary.unread, first=first):
            ref = self.mapping.ref(event, line)
            self._note(hash(ref.id))
            yield from self.counted(self.engine.feed(event, ref, self.mapping.moment(event)))
        if last:
            yield from self.counted(self.engine.finish())
        self._close()

    def only_read(self, file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
        """Lines and events for somebody else to judge; the summary says what was read."""
        for line, event in read_events(file, self.summary.unread):
            self._note(hash(self.mapping.ref(event, line).id))
            self.summary.events += 1
            yield line, event

    def _note(self, key: int) -> None:
        if key in self._seen:
            self.summary.repeated_ids += 1
        elif len(self._seen) < 1_000_000:
            self._seen.add(key)

    def counted(self, findings: Iterable[RuleFinding]) -> Iterator[RuleFinding]:
        """The same findings, counted in the summary."""
        for finding in findings:
            self.summary.findings += 1
            if finding.window is None:
                self._by_rule[finding.rule.title] = self._by_rule.get(finding.rule.title, 0) + 1
            yield finding

    def _close(self) -> None:
        self.summary.counters = self.engine.totals()
        self.summary.events = self.engine.counters.events
        if self.summary.events >= NOISY_LEAST:
            limit = self.summary.events * NOISY_SHARE
            self.summary.noisy = [title for title, count in self._by_rule.items() if count > limit]


def resume(run: Run, file: BinaryIO, checkpoint: Path) -> Iterator[RuleFinding]:
    """Findings on what was added to a file since ``checkpoint``; what waits for late events stays in it.

    The last line is left for the next time while it has no line end. Write the new checkpoint with
    :func:`save_checkpoint` once the findings are safe: a run that dies in between gives the same findings, with the
    same ids, again.

    Raises:
        ConfigurationError: the checkpoint is broken, or of other rules, other settings or another file.
    """
    offset, line = 0, 0
    if checkpoint.exists():
        saved = _load(checkpoint)
        if not run.engine.load(saved.engine):
            raise ConfigurationError(f"{checkpoint} was made with other rules or settings", "remove it to begin anew")
        if _head(file, saved.offset) != saved.head:
            raise ConfigurationError(f"{checkpoint} was made of another file", "remove it to begin anew")
        offset, line = saved.offset, saved.line
    file.seek(offset)
    yield from run.over(_WholeLines(file), first=line + 1, last=False)  # type: ignore[arg-type]


class _WholeLines:
    """A file without its last line while that has no end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readline(self, limit: int) -> bytes:
        start = self._file.tell()
        line = self._file.readline(limit)
        if line and len(line) < limit and not line.endswith(b"\n"):
            self._file.seek(start)
            return b""
        return line


def save_checkpoint(run: Run, file: BinaryIO, checkpoint: Path) -> None:
    """Write, in one step, where the run stands. Raises OSError."""
    offset = file.tell()
    file.seek(0)
    lines = sum(chunk.count(b"\n") for chunk in _chunks(file, offset))
    saved = Saved(run.engine.save(), offset, lines, _head(file, offset))
    part = checkpoint.with_name(checkpoint.name + ".part")
    with part.open("wb") as out:
        out.write(msgspec.msgpack.encode(saved))
        out.flush()
        os.fsync(out.fileno())
    part.rename(checkpoint)


def _chunks(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (chunk := file.read(min(length, 1_048_576))):
        length -= len(chunk)
        yield chunk


def _head(file: BinaryIO, offset: int) -> str:
    file.seek(0)
    return hashlib.sha256(file.read(min(offset, 4_096))).hexdigest()


def _load(path: Path) -> Saved:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Saved)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", "remove it to begin anew") from None
