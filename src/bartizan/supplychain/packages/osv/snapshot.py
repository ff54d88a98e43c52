"""One ecosystem's ``all.zip`` as osv-scanner keeps it for ``--offline``, indexed by the names of packages.

Places, for a folder D: ``D/osv-scanner/<ecosystem>/all.zip``, and ``D/osv-scalibr/<ecosystem>/all.zip`` for later
releases. Records are read one at a time; of each one only its name, date and place stay in memory.
"""

from __future__ import annotations

import datetime
import mmap
import os
import zlib
from array import array
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from bartizan.core.errors import BartizanError
from bartizan.core.problem import printable
from bartizan.supplychain import zipfmt
from bartizan.supplychain.budget import Budget, Limits
from bartizan.supplychain.packages.interface import PYPI, pypi_name
from bartizan.supplychain.packages.osv.records import Heading, Record
from bartizan.supplychain.source import ByteSource

LAYOUTS = ("osv-scanner", "osv-scalibr")
_LARGEST = 16 << 20
"""Bytes of one record."""
_MOST = 3_000_000
_SECONDS = 600.0
_RESIDENT = 4_096
"""Members that are read before the pages of the file are given back."""
_HEADINGS = msgspec.json.Decoder(Heading)
_RECORDS = msgspec.json.Decoder(Record)


class SnapshotError(BartizanError):
    """There is no snapshot for the ecosystem, or it cannot be read."""


class About(NamedTuple):
    """What a snapshot is."""

    path: str
    records: int
    newest: datetime.datetime
    """Of the dates at which records were changed: the snapshot is at least as young as that."""
    broken: int
    """Members that are no record."""


class Snapshot:
    """Advisories of one ecosystem. Raises `SnapshotError` when it is no snapshot."""

    def __init__(self, path: Path, ecosystem: str) -> None:
        self.ecosystem = ecosystem
        self._map = _mapped(path)
        self._source = ByteSource(self._map, path.name)
        self._starts, self._packed, self._methods = array("Q"), array("L"), bytearray()
        self._names: dict[str, int | tuple[int, ...]] = {}
        self._broken = 0
        newest = self._index(path)
        self.about = About(str(path), len(self._starts), newest, self._broken)

    def of(self, name: str) -> list[Record]:
        """Every record that names the package and was not withdrawn. Raises `SnapshotError` for one out of shape."""
        found = self._names.get(name, ())
        return [self._record(number) for number in ((found,) if isinstance(found, int) else found)]

    def _record(self, number: int) -> Record:
        try:
            return _RECORDS.decode(self._unpacked(number) or b"")
        except (ValueError, RecursionError) as problem:
            raise SnapshotError(f"an advisory in {self.about.path} is out of shape: {problem}") from None

    def names(self) -> int:
        """How many packages it speaks of."""
        return len(self._names)

    def _index(self, path: Path) -> datetime.datetime:
        notes: list[str] = []
        budget = Budget(Limits(seconds=_SECONDS, members=_MOST, steps=_MOST))
        try:
            members, _ = zipfmt.read(self._source, budget, lambda _, text, at: notes.append(f"{text} (byte {at})"))
        except BartizanError as problem:
            raise SnapshotError(f"{path} is no snapshot of advisories: {problem.cause}") from None
        newest, bound = "", (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).isoformat()
        members.reverse()
        while members:
            budget.check()
            if not len(members) % _RESIDENT:
                self._map.madvise(mmap.MADV_DONTNEED)  # read once: its pages need not stay
            member = members.pop()
            if not member.name.endswith(".json"):
                continue
            place = zipfmt.locate(self._source, member, lambda _, text, at: notes.append(f"{text} (byte {at})"))
            if place is None or place.flags & 1 or place.method not in (0, 8) or place.size > _LARGEST:
                self._broken += 1
                continue
            self._starts.append(place.start)
            self._packed.append(min(place.packed, 0xFFFFFFFF))
            self._methods.append(place.method)
            newest = self._heading(len(self._starts) - 1, newest, bound)
        if notes:
            raise SnapshotError(f"{path} is no sound archive: {printable(notes[0], 300)}", "fetch it again")
        if not newest:
            raise SnapshotError(f"there is no dated advisory in {path}", "fetch it again")
        return datetime.datetime.fromisoformat(newest[:19]).replace(tzinfo=datetime.UTC)

    def _heading(self, number: int, newest: str, bound: str) -> str:
        raw = self._unpacked(number)
        try:
            if raw is None:
                raise ValueError
            heading = _HEADINGS.decode(raw)
            if heading.modified:
                datetime.datetime.fromisoformat(heading.modified[:19])
        except (ValueError, RecursionError):
            self._broken += 1
            return newest
        if heading.withdrawn is None:
            for name in {one.package.name for one in heading.affected if self._ours(one.package.ecosystem)}:
                self._add(pypi_name(name) if self.ecosystem == PYPI else name, number)
        return heading.modified if newest < heading.modified < bound else newest

    def _ours(self, ecosystem: str) -> bool:
        return ecosystem.partition(":")[0] == self.ecosystem

    def _add(self, name: str, number: int) -> None:
        before = self._names.get(name)
        if before is None:
            self._names[name] = number
        else:
            self._names[name] = (*((before,) if isinstance(before, int) else before), number)

    def _unpacked(self, number: int) -> bytes | None:
        raw = self._source.read(self._starts[number], self._packed[number])
        if self._methods[number] == 0:
            return raw
        inflate = zlib.decompressobj(-15)
        try:
            out = inflate.decompress(raw, _LARGEST)
        except zlib.error:
            return None
        return out if inflate.eof else None


def snapshot(folder: Path, ecosystem: str) -> Snapshot:
    """The snapshot of one ecosystem, read once a process as long as the file stays as it is. Raises SnapshotError."""
    for layout in LAYOUTS:
        path = folder / layout / ecosystem / "all.zip"
        try:
            status = path.stat()
        except OSError:
            continue
        return _opened(path, ecosystem, status.st_mtime_ns, status.st_size, status.st_ino)
    raise SnapshotError(
        f"there is no {ecosystem}/all.zip in {folder}/{LAYOUTS[0]}", "it is what osv-scanner downloads for --offline"
    )


@lru_cache(maxsize=4)
def _opened(path: Path, ecosystem: str, _time: int, _size: int, _inode: int) -> Snapshot:
    return Snapshot(path, ecosystem)


def _mapped(path: Path) -> mmap.mmap:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{path} cannot be read: {error}") from None
