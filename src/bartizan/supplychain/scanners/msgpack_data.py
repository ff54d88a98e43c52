"""MessagePack, as spaCy, thinc, Flax and their kin keep weights and tables: plain values, and arrays that say how they
were made.

A reader of our own walks the values (msgpack's specification) without making them. Nothing in the format runs, but
msgpack-numpy, which spaCy's ``srsly`` carries, unpickles arrays of objects, so every run of bytes is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bartizan.supplychain.interface import ArtefactFinding, Budget, ByteSource, Context, MalformedError, scanner
from bartizan.supplychain.pickles.findings import PICKLE_RULES

_SUFFIXES = (".msgpack", ".spacy", ".msgp")
_FIXED = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
    0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
"""Bytes behind the first of values whose length is fixed; those of an extension hold its type too."""
_BYTES, _TEXTS, _EXTENDED = {0xC4: 1, 0xC5: 2, 0xC6: 4}, {0xD9: 1, 0xDA: 2, 0xDB: 4}, {0xC7: 1, 0xC8: 2, 0xC9: 4}
_LISTS, _MAPS = {0xDC: 2, 0xDD: 4}, {0xDE: 2, 0xDF: 4}
_PICKLES = 200
"""Runs of bytes that are looked at; files with more of them hold tables of numbers."""


@scanner
class MessagePack:
    """See the module."""

    id = "msgpack"
    rules = PICKLE_RULES

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The name; or a map or list whose values end exactly where the file does."""
        if context.container == self.id:  # its readers unpickle runs of bytes, and read none as MessagePack again
            return False
        if context.name.endswith(_SUFFIXES):
            return True
        first = source.read(0, 1)
        if first == b"\x80" and source.size > 1:  # a map of nothing, or the begin of a pickle
            return False
        if not first or not (0x80 <= first[0] <= 0x9F or first[0] in _LISTS or first[0] in _MAPS):
            return False
        try:
            return sum(1 for _ in _runs(source, context.budget)) >= 0
        except MalformedError:
            return False

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What lies in its runs of bytes."""
        for number, (at, length) in enumerate(_runs(source, context.budget)):
            if number < _PICKLES and source.read(at, 1) == b"\x80":
                yield from context.nested(source.sub(at, length), f"bytes@{at}", opaque=True, container=self.id)


def _runs(source: ByteSource, budget: Budget) -> Iterator[tuple[int, int]]:
    """Where the runs of bytes lie. Raises `MalformedError` where the values do not fill the file exactly."""
    at, left = 0, 1
    while left:
        budget.step()
        head = source.read(at, 6)
        if not head:
            raise MalformedError("a value is cut off", at)
        first = head[0]
        at, left = at + 1, left - 1
        if first <= 0x7F or first >= 0xE0:
            continue
        if first <= 0x8F:
            left += 2 * (first & 0x0F)
        elif first <= 0x9F:
            left += first & 0x0F
        elif first <= 0xBF:
            at += first & 0x1F
        elif first in _FIXED:
            at += _FIXED[first]
        elif first == 0xC1:
            raise MalformedError("a byte that means nothing", at - 1)
        else:
            width = next(kind[first] for kind in (_BYTES, _TEXTS, _EXTENDED, _LISTS, _MAPS) if first in kind)
            count = int.from_bytes(head[1 : 1 + width], "big")
            at += width
            if first in _LISTS or first in _MAPS:
                left += count * (2 if first in _MAPS else 1)
            else:
                if first in _BYTES and count:
                    yield at, count
                at += count + (first in _EXTENDED)
        if at > source.size or left > source.size - at:
            raise MalformedError("a value is longer than the file", at)
    if at != source.size:
        raise MalformedError("something follows the value", at)
