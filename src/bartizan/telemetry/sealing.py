"""The sealer: walks along all chains of a journal and signs where they stand, again and again.

It runs beside the writers and holds the key, so that who takes over a gateway worker cannot sign another past. What it
has signed it never signs differently: a segment that no longer agrees with an earlier seal is reported instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.errors import JournalError
from bartizan.core.event import Head, JournalDamaged, JournalSealed
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder
from bartizan.telemetry.chain import Link
from bartizan.telemetry.durable import sync_file
from bartizan.telemetry.following import LINKED, SEAL_START, Follower, Line, Problem, final_name, lines, whole_lines
from bartizan.telemetry.reader import last_link, open_segment, segments
from bartizan.telemetry.seal import make_seal
from bartizan.telemetry.segment import DONE_SUFFIX, SEGMENT_NAME
from bartizan.trust.signing import SigningKey


class _Progress:
    """How far a segment has been walked."""

    def __init__(self) -> None:
        self.offset = 0
        self.number = 0
        self.head: Head | None = None


class Sealer:
    """Seals one journal. Blocks on files: call it in a thread.

    Args:
        directory: the journal's.
        key: to sign with.
        recorder: takes the seals; a writer of the same journal.

    Raises:
        JournalError: the journal cannot be read.
    """

    def __init__(self, directory: Path, key: SigningKey, recorder: Recorder) -> None:
        self._directory = directory
        self._key = key
        self._recorder = recorder
        self._last: JournalSealed | None = None
        self._sealed: dict[str, dict[int, str]] = {}
        self._chains: dict[str, Follower] = {}
        self._walks: dict[str, _Progress] = {}
        self._moved: dict[str, Head] = {}
        self._due = False
        self._finished: set[str] = set()
        self.damaged: dict[str, Problem] = {}
        """Segments that are not sealed any further, and why."""
        self._resume()

    def _resume(self) -> None:
        for seal in read_seals(self._directory):
            if self._last is None or seal.number > self._last.number:
                self._last = seal
            self._remember(seal)
        for path in segments(self._directory):
            signed = self._sealed.get(path.name)
            if not signed or not path.name.endswith(DONE_SUFFIX):
                continue
            link = _last_link(path)
            if link is not None and link.seq == max(signed) and link.hash.decode() == signed[link.seq]:
                self._finish(path.name)

    def _remember(self, seal: JournalSealed) -> None:
        for head in seal.heads:
            if head.segment not in self._finished:
                self._sealed.setdefault(head.segment, {})[head.seq] = head.hash

    def _finish(self, name: str) -> None:
        self._finished.add(name)
        self._sealed.pop(name, None)

    def seal(self) -> JournalSealed | None:
        """Sign how far the chains have come; None if nothing but seals was written since the last one.

        Raises:
            JournalError: a segment cannot be read, or the seal cannot be kept.
        """
        moved = self._moved
        for path in segments(self._directory):
            name = final_name(path)
            if name in self._finished or name in self.damaged:
                continue
            walk = self._walks.setdefault(name, _Progress())
            before = walk.head
            try:
                self._due |= self._walk(path, name, walk)
            except OSError as error:
                raise JournalError(f"cannot read {path}: {error.strerror}") from error
            if walk.head is not None and walk.head is not before:
                moved[name] = walk.head
        if not moved or not self._due:
            return None
        seal = make_seal(self._key, list(moved.values()), self._last)
        self._recorder.append(seal)
        self._last, self._moved, self._due = seal, {}, False
        self._remember(seal)
        for name in [name for name in self._walks if name in self._finished]:
            del self._walks[name]
        return seal

    def _walk(self, path: Path, name: str, walk: _Progress) -> bool:
        """Walk to the end of what is there; True if something other than seals came."""
        others = False
        complete = path.name.endswith(DONE_SUFFIX)
        with open_segment(path) as file:
            # A signature must not outlive what it speaks of: the loss of power could take records that it names.
            sync_file(file.fileno())
            file.seek(walk.offset)
            for line in lines(file, walk.number):
                if not line.whole and not complete:
                    break
                if walk.number == 0 and line.whole and line.link is None and LINKED not in line.content:
                    self._finish(name)  # written before there were chains; verification says so
                    return False
                problem = self._judge(name, walk, line)
                if problem is not None:
                    self._report(problem)
                    return True
                walk.offset += len(line.content)
                walk.number = line.number
                others |= not line.content.startswith(SEAL_START)
        if complete:
            self._complete(name, walk)
        return others

    def _judge(self, name: str, walk: _Progress, line: Line) -> Problem | None:
        link = line.link
        chain = walk.head.chain if walk.head is not None else link.chain if link is not None else ""
        follower = self._chains.setdefault(chain, Follower(chain))
        problem = follower.judge(name, line)
        if problem is not None or link is None:
            return problem
        signed = self._sealed.get(name, {}).get(link.seq)
        if signed is not None and signed != link.hash.decode():
            return Problem("altered", name, line.number, f"record {link.seq} is not the one that was sealed")
        match = SEGMENT_NAME.fullmatch(name)
        writer = match[1] if match else ""
        walk.head = Head(link.chain, writer, name, link.seq, link.hash.decode())
        return None

    def _complete(self, name: str, walk: _Progress) -> None:
        last = walk.head.seq if walk.head is not None else -1
        signed = max(self._sealed.get(name, {-1: ""}))
        if signed > last:
            self._report(Problem("truncated", name, walk.number + 1, f"record {signed} was here when it was sealed"))
        else:
            self._finish(name)

    def _report(self, problem: Problem) -> None:
        self.damaged[problem.segment] = problem
        self._recorder.append(
            JournalDamaged(
                id=new_id("evt"),
                at=utc_now(),
                segment=problem.segment,
                line=problem.line,
                problem=f"{problem.what}: {problem.detail}",
            )
        )


def read_seals(directory: Path) -> Iterator[JournalSealed]:
    """The seals in a journal, whoever signed them, in the order of their segments. Raises JournalError."""
    decoder = msgspec.json.Decoder(JournalSealed)
    for _, line in whole_lines(directory, lambda content: content.startswith(SEAL_START)):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):  # verification finds the line altered
            yield decoder.decode(line.content)


def _last_link(path: Path) -> Link | None:
    try:
        return last_link(path)
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror}") from error
