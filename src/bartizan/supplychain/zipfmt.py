"""The zip format (PKWARE's APPNOTE 6.3.10), read strictly: what two readers may see differently is said.

CPython's ``zipfile`` goes by the last end record and tolerates data before the archive, miniz (in torch) does not,
streaming readers go by local headers. `read` follows the end record and notes everything that is ambiguous.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.source import ByteSource

END, LOCAL, CENTRAL, LOCATOR, END64 = b"PK\5\6", b"PK\3\4", b"PK\1\2", b"PK\6\7", b"PK\6\6"
_TAIL = 65_536 + 22
_LARGEST_DIRECTORY = 256 << 20

Note = Callable[[str, str, int], None]
"""Takes kind, explanation and offset."""


class Member(NamedTuple):
    """One entry of the central directory."""

    name: str
    raw: bytes
    flags: int
    method: int
    packed: int
    size: int
    header: int
    """Offset of the local header."""
    mode: int
    """Unix mode; 0 where the archive was made elsewhere."""
    start: int = 0
    """Offset of the data."""

    @property
    def end(self) -> int:
        """Offset after the data."""
        return self.start + self.packed


class End(NamedTuple):
    """The end record."""

    at: int
    """Its offset, or that of the ZIP64 record before it: where the central directory ends."""
    members: int
    size: int
    offset: int
    after: int
    """Offset after the record and its comment."""


def find_end(source: ByteSource) -> int:
    """Offset of the last end record within the reach of a comment, or -1."""
    return source.rfind(END, max(0, source.size - _TAIL))


def read(source: ByteSource, budget: Budget, note: Note) -> tuple[list[Member], int]:
    """Members in the order of the central directory, and where that begins. Raises `MalformedError`."""
    at = find_end(source)
    if at < 0 or at + 22 > source.size:
        raise MalformedError("there is no central directory", 0)
    if source.rfind(END, max(0, source.size - _TAIL), at) >= 0:
        other = source.rfind(END, max(0, source.size - _TAIL), at)
        if int.from_bytes(source.read(other + 12, 4), "little") == other - int.from_bytes(
            source.read(other + 16, 4), "little"
        ):
            note("ambiguous_end", "There are two end records; readers choose differently.", other)
    end = _end(source, at, note)
    if end.after < source.size:
        note("trailing_data", f"{source.size - end.after} bytes follow the archive.", end.after)
    elif end.after > source.size:
        note("truncated", "The comment is cut off.", at)
    start = end.at - end.size
    shift = start - end.offset
    if start < 0 or end.size > _LARGEST_DIRECTORY:
        raise MalformedError("the central directory does not fit into the file", at)
    if shift < 0:
        raise MalformedError("the central directory lies before its place", at)
    members = _directory(source, start, end, shift, budget, note)
    first = min((member.header for member in members), default=start)
    if shift or first > 0:
        note("prefix_data", f"{first} bytes stand before the archive; other loaders read those.", 0)
    return members, start


def _end(source: ByteSource, at: int, note: Note) -> End:
    record = source.read(at, 22)
    disk, disk_start, count_here, count, size, offset, comment = (
        int.from_bytes(record[begin:stop], "little")
        for begin, stop in ((4, 6), (6, 8), (8, 10), (10, 12), (12, 16), (16, 20), (20, 22))
    )
    after = at + 22 + comment
    if source.starts_with(LOCATOR, at - 20) and at >= 76:
        place = int.from_bytes(source.read(at - 12, 8), "little")
        if not source.starts_with(END64, at - 76):
            raise MalformedError("the ZIP64 end record is not where it should be", at - 20)
        record = source.read(at - 76, 56)
        wide = [int.from_bytes(record[begin:stop], "little") for begin, stop in ((32, 40), (40, 48), (48, 56))]
        small = ((count, 0xFFFF), (size, 0xFFFFFFFF), (offset, 0xFFFFFFFF))
        if any(value not in {mark, large} for (value, mark), large in zip(small, wide, strict=True)):
            note("ambiguous_end", "The end record and its ZIP64 form contradict each other.", at)
        if place != at - 76:
            note("prefix_data", "The ZIP64 record is at another place than its locator says.", at - 20)
        return End(at - 76, wide[0], wide[1], wide[2], after)
    if disk or disk_start or count_here != count:
        note("ambiguous_end", "The archive says that it is one of several volumes.", at)
    return End(at, count, size, offset, after)


def _directory(source: ByteSource, start: int, end: End, shift: int, budget: Budget, note: Note) -> list[Member]:
    members: list[Member] = []
    at, stop = start, start + end.size
    while at + 46 <= stop:
        record = source.read(at, 46)
        if record[:4] != CENTRAL:
            break
        budget.step()
        name, extra, comment = (int.from_bytes(record[begin : begin + 2], "little") for begin in (28, 30, 32))
        number = [int.from_bytes(record[begin:last], "little") for begin, last in ((20, 24), (24, 28), (42, 46))]
        raw = source.read(at + 46, name)
        if at + 46 + name + extra + comment > stop:
            note("truncated", "The central directory breaks off inside an entry.", at)
            break
        flags = int.from_bytes(record[8:10], "little")
        fields = source.read(at + 46 + name, extra)
        packed, size, header = _wide(fields, number, note, at)
        if _other_name(fields, raw):
            note("header_mismatch", "The entry carries a second, different name.", at)
        members.append(
            Member(
                raw.decode("utf-8" if flags & 0x800 else "cp437", "replace"), raw, flags,
                int.from_bytes(record[10:12], "little"), packed, size, header + shift,
                int.from_bytes(record[38:42], "little") >> 16 if record[5] == 3 else 0,
            )
        )  # fmt: skip
        at += 46 + name + extra + comment
    if at != stop:
        note("truncated", "The central directory does not end where the end record says.", at)
    if len(members) != end.members:
        note("truncated", f"The end record speaks of {end.members} members and there are {len(members)}.", at)
    return members


def _fields(extra: bytes) -> list[tuple[int, bytes]]:
    out, at = [], 0
    while at + 4 <= len(extra):
        kind, size = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        out.append((kind, extra[at + 4 : at + 4 + size]))
        at += 4 + size
    return out


def _wide(extra: bytes, number: list[int], note: Note, at: int) -> tuple[int, int, int]:
    packed, size, header = number
    found = [body for kind, body in _fields(extra) if kind == 1]
    if len(found) > 1:
        note("header_mismatch", "The entry has two ZIP64 fields.", at)
    body = found[0] if found else b""
    values = []
    for value in (size, packed, header):
        if value == 0xFFFFFFFF and body:
            value, body = int.from_bytes(body[:8], "little"), body[8:]
        values.append(value)
    return values[1], values[0], values[2]


def _other_name(extra: bytes, raw: bytes) -> bool:
    return any(kind == 0x7075 and body[5:] != raw for kind, body in _fields(extra))


def locate(source: ByteSource, member: Member, note: Note) -> Member | None:
    """The member with the place of its data, after comparing its local header; None where there is none."""
    record = source.read(member.header, 30)
    if record[:4] != LOCAL or len(record) < 30:
        note("header_mismatch", f"There is no local header for {member.name!r}.", member.header)
        return None
    flags, method = int.from_bytes(record[6:8], "little"), int.from_bytes(record[8:10], "little")
    packed, size = int.from_bytes(record[18:22], "little"), int.from_bytes(record[22:26], "little")
    name, extra = int.from_bytes(record[26:28], "little"), int.from_bytes(record[28:30], "little")
    raw = source.read(member.header + 30, name)
    fields = source.read(member.header + 30 + name, extra)
    wide_packed, wide_size, _ = _wide(fields, [packed, size, 0], note, member.header)
    if raw != member.raw or _other_name(fields, raw):
        note("header_mismatch", f"Its local header names {raw[:80]!r}.", member.header)
    later = bool(flags & 8)
    sizes = {(member.packed, member.size)} | ({(0, 0), (0xFFFFFFFF, 0xFFFFFFFF)} if later else set())
    if (wide_packed, wide_size) not in sizes or method != member.method or (flags ^ member.flags) & 0x2041:
        note("header_mismatch", f"The local header of {member.name!r} says other sizes or methods.", member.header)
    start = member.header + 30 + name + extra
    if start + member.packed > source.size:
        note("truncated", f"{member.name!r} is cut off.", member.header)
    return member._replace(start=start)
