"""HDF5 read for its structure: links, attributes, where datasets keep their bytes, which filters they need.

Source: "HDF5 File Format Specification Version 3.0". Read: superblocks 0 to 3, object headers 1 and 2, groups as
symbol tables
and as link messages, attributes in headers, variable-length texts. Not read: links and attributes kept densely in a
fractal heap; a file that has some says so with `Dense`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bartizan.supplychain.formats.cursor import Cursor
from bartizan.supplychain.interface import Budget, ByteSource, MalformedError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MOST_BYTES = 32 << 20
_LINK_INFO, _LINK, _EXTERNAL, _LAYOUT, _FILTERS, _ATTRIBUTE, _CONTINUATION, _TABLE, _ATTRIBUTE_INFO = (
    0x02, 0x06, 0x07, 0x08, 0x0B, 0x0C, 0x10, 0x11, 0x15,
)  # fmt: skip


class External(NamedTuple):
    """A dataset whose bytes, or a link whose target, lie in another file. ``how``: storage, link or virtual."""

    at: int
    how: str
    name: str


class UserLink(NamedTuple):
    """A link of a class that only a plug-in can follow."""

    at: int
    kind: int


class Filter(NamedTuple):
    """A filter that a dataset's bytes go through."""

    at: int
    number: int


class Text(NamedTuple):
    """A text that an attribute holds."""

    at: int
    name: str
    source: ByteSource


class Dense(NamedTuple):
    """Something is kept in a fractal heap, which is not read here."""

    at: int
    what: str


Seen = External | UserLink | Filter | Text | Dense


def start(source: ByteSource) -> int:
    """Where the superblock begins (0, 512, 1024, 2048 …), or -1."""
    at = 0
    while at + 8 <= source.size and at <= 1 << 30:
        if source.starts_with(SIGNATURE, at):
            return at
        at = at * 2 or 512
    return -1


class Hdf5:
    """One file. Raises `MalformedError` where it breaks the format."""

    def __init__(self, source: ByteSource, budget: Budget) -> None:
        self.source = source
        self.budget = budget
        self.offset_size = self.length_size = 8
        self.base = 0
        self._visited: set[int] = set()

    def walk(self) -> Iterator[Seen]:
        """Everything of note, from the root group down."""
        waiting = [self._superblock()]
        while waiting:
            at = waiting.pop()
            if at in self._visited:
                continue
            self._visited.add(at)
            yield from self._header(at, waiting)

    def _superblock(self) -> int:
        begin = start(self.source)
        if begin < 0:
            raise MalformedError("no HDF5 signature", 0)
        cursor = Cursor(self.source, begin + 8)
        version = cursor.u8()
        if version <= 1:
            cursor.skip(4)
            self.offset_size, self.length_size = cursor.u8(), cursor.u8()
            cursor.skip(9 + (4 if version else 0))
            self._sizes(cursor.at)
            self.base = self._number(cursor, self.offset_size)
            cursor.skip(4 * self.offset_size)
            root = self._number(cursor, self.offset_size)
        elif version <= 3:
            self.offset_size, self.length_size = cursor.u8(), cursor.u8()
            cursor.skip(1)
            self._sizes(cursor.at)
            self.base = self._number(cursor, self.offset_size)
            cursor.skip(2 * self.offset_size)
            root = self._number(cursor, self.offset_size)
        else:
            raise MalformedError(f"the superblock has version {version}", begin)
        if self.base != begin:
            self.base = begin
        return root

    def _sizes(self, at: int) -> None:
        if self.offset_size not in (2, 4, 8) or self.length_size not in (2, 4, 8):
            raise MalformedError("the sizes of offsets or lengths are none", at)

    def _number(self, cursor: Cursor, size: int) -> int:
        return int.from_bytes(cursor.take(size), "little")

    def _offset(self, cursor: Cursor) -> int:
        return self._number(cursor, self.offset_size)

    @property
    def _undefined(self) -> int:
        return (1 << 8 * self.offset_size) - 1

    # -- object headers
    def _header(self, address: int, waiting: list[int]) -> Iterator[Seen]:
        at = self.base + address
        for kind, flags, body in self._messages(at):
            self.budget.step()
            if flags & 2 and kind in (_ATTRIBUTE, _LINK, _EXTERNAL, _LAYOUT):
                yield Dense(body.at, "a shared message")
            elif kind == _EXTERNAL:
                yield External(body.at, "storage", self._external_name(body))
            elif kind == _LAYOUT:
                version = body.u8()
                if version in (3, 4) and body.u8() == 3:
                    yield External(body.at, "virtual", "")
            elif kind == _FILTERS:
                yield from self._filters(body)
            elif kind == _LINK:
                yield from self._link(body, waiting)
            elif kind in (_LINK_INFO, _ATTRIBUTE_INFO):
                yield from self._dense(kind, body)
            elif kind == _TABLE:
                waiting.extend(self._table(self._offset(body), self._offset(body)))
            elif kind == _ATTRIBUTE:
                yield from self._attribute(body)

    def _messages(self, at: int) -> Iterator[tuple[int, int, Cursor]]:
        modern = self.source.starts_with(b"OHDR", at)
        cursor = Cursor(self.source, at)
        tracked = False
        if modern:
            cursor.skip(4)
            if cursor.u8() != 2:
                raise MalformedError("an object header of an unknown version", at)
            flags = cursor.u8()
            cursor.skip((16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0))
            tracked = bool(flags & 4)
            blocks = [(0, self._number(cursor, 1 << (flags & 3)))]
        else:
            if cursor.u8() != 1:
                raise MalformedError("an object header of an unknown version", at)
            cursor.skip(7)
            blocks = [(0, cursor.u32())]
            cursor.skip(4)
        blocks = [(cursor.at, blocks[0][1])]
        seen: set[int] = set()
        while blocks:
            begin, length = blocks.pop()
            if begin in seen or length > self.source.size - begin or begin < 0:
                raise MalformedError("a block of an object header lies outside the file or stands twice", begin)
            seen.add(begin)
            inner = Cursor(self.source, begin, end=begin + length)
            fixed = (4 + (2 if tracked else 0)) if modern else 8
            while inner.left >= fixed:
                kind = inner.u8() if modern else inner.u16()
                size = inner.u16()
                flags = inner.u8()
                inner.skip((2 if tracked else 0) if modern else 3)
                inner.need(size, "a message")
                body = Cursor(self.source, inner.at, end=inner.at + size)
                inner.skip(size)
                if kind == _CONTINUATION:
                    place, extent = self.base + self._offset(body), self._number(body, self.length_size)
                    if modern:
                        if not self.source.starts_with(b"OCHK", place):
                            raise MalformedError("a continuation has no signature", place)
                        place, extent = place + 4, extent - 8
                    blocks.append((place, max(0, extent)))
                    self.budget.step()
                else:
                    yield kind, flags, body

    # -- messages
    def _external_name(self, body: Cursor) -> str:
        body.skip(4)
        count = body.u16()
        used = body.u16()
        heap = self.base + self._offset(body)
        if not used or not count:
            return ""
        return self._heap_text(heap, self._number(body, self.length_size))

    def _filters(self, body: Cursor) -> Iterator[Filter]:
        version, count = body.u8(), body.u8()
        if version == 1:
            body.skip(6)
        for _ in range(count):
            at, number = body.at, body.u16()
            length = body.u16() if version == 1 or number >= 256 else 0
            body.skip(2)
            values = body.u16()
            body.skip((length + 7) // 8 * 8 if version == 1 else length)
            body.skip(4 * (values + (values % 2 if version == 1 else 0)))
            yield Filter(at, number)

    def _link(self, body: Cursor, waiting: list[int]) -> Iterator[Seen]:
        body.skip(1)
        flags = body.u8()
        kind = body.u8() if flags & 8 else 0
        body.skip((8 if flags & 4 else 0) + (1 if flags & 0x10 else 0))
        body.skip(self._number(body, 1 << (flags & 3)), "a link's name")
        if kind == 0:
            waiting.append(self._offset(body))
        elif kind == 64:
            at = body.at
            value = body.take(body.u16(), "a link's value")
            yield External(at, "link", value[1:].replace(b"\0", b" ").decode("utf-8", "backslashreplace"))
        elif kind != 1:
            yield UserLink(body.at, kind)

    def _dense(self, kind: int, body: Cursor) -> Iterator[Dense]:
        body.skip(1)
        flags = body.u8()
        if flags & 1:
            body.skip(8 if kind == _LINK_INFO else 2)
        at = body.at
        if self._offset(body) != self._undefined:
            yield Dense(at, "links" if kind == _LINK_INFO else "attributes")

    def _table(self, tree: int, heap: int) -> Iterator[int]:
        """Object headers of a group kept as a symbol table. (Its soft links point into the same file.)"""
        nodes = [self.base + tree]
        seen: set[int] = set()
        while nodes:
            at = nodes.pop()
            self.budget.step()
            if at in seen:
                continue
            seen.add(at)
            cursor = Cursor(self.source, at)
            mark = cursor.take(4)
            if mark == b"TREE":
                cursor.skip(2)
                used = cursor.u16()
                cursor.skip(2 * self.offset_size)
                for _ in range(used):
                    cursor.skip(self.length_size)
                    nodes.append(self.base + self._offset(cursor))
            elif mark == b"SNOD":
                cursor.skip(2)
                for _ in range(cursor.u16()):
                    cursor.skip(self.offset_size)
                    address = self._offset(cursor)
                    cache = cursor.u32()
                    cursor.skip(20)
                    if cache != 2:
                        yield address
            else:
                raise MalformedError("a group's node has no signature", at)

    def _attribute(self, body: Cursor) -> Iterator[Text]:
        version = body.u8()
        if version not in (1, 2, 3):
            raise MalformedError(f"an attribute of version {version}", body.at)
        flags = body.u8()
        sizes = [body.u16() for _ in range(3)]
        body.skip(1 if version == 3 else 0)
        padded = [(size + 7) // 8 * 8 if version == 1 else size for size in sizes]
        name = body.take(padded[0], "an attribute's name").split(b"\0")[0].decode("utf-8", "backslashreplace")
        if flags & 3:
            return
        begin = body.at
        kind = body.u8() & 0x0F
        bits = body.u8()
        body.skip(2)
        size = body.u32()
        body.at = begin
        body.skip(padded[1] + padded[2], "an attribute's type")
        if kind == 3:
            yield Text(body.at, name, self.source.sub(body.at, min(body.left, _MOST_BYTES), name=name))
        elif kind == 9 and bits & 0x0F == 1:
            count = 0
            while body.left >= size >= 8 + self.offset_size and count < 10_000:
                count += 1
                at, length = body.at, body.u32()
                heap, index = self._offset(body), body.u32()
                body.skip(size - 8 - self.offset_size)
                if length:
                    yield Text(at, name, self._collected(self.base + heap, index, length, name))

    # -- heaps
    def _collected(self, at: int, index: int, length: int, name: str) -> ByteSource:
        cursor = Cursor(self.source, at)
        if cursor.take(4) != b"GCOL":
            raise MalformedError("a collection of texts has no signature", at)
        cursor.skip(4)
        cursor.end = min(cursor.end, at + self._number(cursor, self.length_size))
        while cursor.left >= 8 + self.length_size:
            self.budget.step()
            number = cursor.u16()
            cursor.skip(6)
            size = self._number(cursor, self.length_size)
            if number == index:
                cursor.need(min(size, length), "a text")
                return self.source.sub(cursor.at, min(size, length), name=name)
            if number == 0:
                break
            cursor.skip((size + 7) // 8 * 8, "a text")
        raise MalformedError("a collection of texts lacks one", at)

    def _heap_text(self, at: int, offset: int) -> str:
        cursor = Cursor(self.source, at)
        if cursor.take(4) != b"HEAP":
            raise MalformedError("a heap of names has no signature", at)
        cursor.skip(4 + 2 * self.length_size)
        place = self.base + self._offset(cursor) + offset
        return self.source.read(place, 4_096).split(b"\0")[0].decode("utf-8", "backslashreplace")
