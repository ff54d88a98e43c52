"""Which patterns are worth running where: those whose atoms stand close enough together.

Works on UTF-8 bytes. Word boundaries of atoms are made findable by turning everything that is not part of an ASCII
word into spaces; a long text is parted into cells, and a pattern of bounded reach is tried only on neighbouring cells
that hold its atoms between them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import ahocorasick_rs
import re2

from bartizan.inspection.atoms import LONG_RUN, Atom, Atoms

CELL: Final = 1_024
"""Bytes of a cell, long runs not counted."""
_MOST_NEIGHBOURS: Final = 4
_CHUNK: Final = 32_768
_WORD: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_WORDS_ONLY: Final = bytes(code if code in _WORD else 0x20 for code in range(256))
_LONG_RUNS: Final = (
    re2.compile(rb"\S{%d,}" % (LONG_RUN + 1)),
    re2.compile(rb"[\W_]{%d,}" % (LONG_RUN + 1)),
)


class Candidate(NamedTuple):
    """A pattern to run over ``data[start:end]`` (its surroundings being there for boundaries and anchors)."""

    pattern: int
    start: int
    end: int


class _Way(NamedTuple):
    needs: frozenset[int]
    pattern: int
    reach: int | None


class Prefilter:
    """The atoms of many patterns.

    Args:
        patterns: the index of each pattern with its atoms, all of which have ways.
    """

    def __init__(self, patterns: Iterable[tuple[int, Atoms]]) -> None:
        numbers: dict[frozenset[Atom], int] = {}
        self._ways: dict[int, list[_Way]] = {}
        for pattern, atoms in patterns:
            for way in atoms.ways:
                needs = [numbers.setdefault(found, len(numbers)) for found in way]
                self._ways.setdefault(needs[0], []).append(_Way(frozenset(needs), pattern, atoms.reach))
        members: dict[bytes, set[int]] = {}
        foreign: dict[bytes, set[int]] = {}
        for found, number in numbers.items():
            for atom in found:
                if atom.text.isascii():
                    members.setdefault(_normalised(atom), set()).add(number)
                else:
                    foreign.setdefault(atom.text.encode(), set()).add(number)
        self._ascii = _Automaton(members)
        self._foreign = _Automaton(foreign)
        self.empty = not numbers

    def candidates(self, data: bytes) -> Iterator[Candidate]:
        """Every pattern that can match in ``data`` (UTF-8), and where; windows of one pattern may overlap."""
        length = len(data)
        borders = None if length <= 2 * CELL else _borders(data)
        hits = self._ascii.hits(b" " + data.translate(_WORDS_ONLY) + b" ")
        if borders is None:
            present = {number for index in {hit[0] for hit in hits} for number in self._ascii.numbers[index]}
            if self._foreign.numbers and not data.isascii():
                for index, _, _ in self._foreign.hits(data):
                    present.update(self._foreign.numbers[index])
            for pattern in {way.pattern for way in self._fulfilled(present)}:
                yield Candidate(pattern, 0, length)
            return
        cells: list[set[int]] = [set() for _ in range(len(borders))]
        _collect(self._ascii, hits, 1, borders, cells)
        factor = 1
        if not data.isascii():
            factor = 4
            if self._foreign.numbers:
                _collect(self._foreign, self._foreign.hits(data), 0, borders, cells)
        yield from self._in_cells(cells, [*borders, length], factor)

    def _fulfilled(self, present: set[int]) -> Iterator[_Way]:
        for number in present:
            for way in self._ways.get(number, ()):
                if way.needs <= present:
                    yield way

    def _in_cells(self, cells: list[set[int]], borders: list[int], factor: int) -> Iterator[Candidate]:
        everywhere = {
            way.pattern for way in self._fulfilled(set().union(*cells)) if _neighbours(way.reach, factor) is None
        }
        for pattern in everywhere:
            yield Candidate(pattern, 0, borders[-1])
        for neighbours in range(1, _MOST_NEIGHBOURS + 1):
            windows: dict[int, tuple[int, int]] = {}
            for index, cell in enumerate(cells):
                low = max(0, index - neighbours)
                near = cell.union(*cells[low:index])
                if not near:
                    continue
                start, end = borders[low], borders[index + 1]
                for pattern in {
                    way.pattern for way in self._fulfilled(near) if _neighbours(way.reach, factor) == neighbours
                } - everywhere:
                    held = windows.get(pattern, (start, end))
                    if held[1] < start:
                        yield Candidate(pattern, *held)
                        held = (start, end)
                    windows[pattern] = (held[0], end)
            for pattern, (start, end) in windows.items():
                yield Candidate(pattern, start, end)


def _neighbours(reach: int | None, factor: int) -> int | None:
    """How many cells before its last one a match can begin; None: the pattern must be tried on the whole text."""
    if reach is None or reach * factor > _MOST_NEIGHBOURS * CELL:
        return None
    return max(1, -(-reach * factor // CELL))


class _Automaton:
    def __init__(self, members: dict[bytes, set[int]]) -> None:
        self.numbers = [tuple(numbers) for numbers in members.values()]
        self._search = ahocorasick_rs.BytesAhoCorasick(list(members)) if members else None
        self._overlap = max(map(len, members), default=1) - 1

    def hits(self, data: bytes) -> Iterable[tuple[int, int, int]]:
        """All hits; a long text is read in chunks, so that hits cannot fill the memory."""
        if self._search is None:
            return ()
        if len(data) <= _CHUNK:
            return self._search.find_matches_as_indexes(data, overlapping=True)
        return self._chunks(data)

    def _chunks(self, data: bytes) -> Iterator[tuple[int, int, int]]:
        assert self._search is not None
        for begin in range(0, len(data), _CHUNK):
            low = max(0, begin - self._overlap)
            for index, start, end in self._search.find_matches_as_indexes(data[low : begin + _CHUNK], overlapping=True):
                yield index, low + start, low + end


def _normalised(atom: Atom) -> bytes:
    words = atom.text.encode().translate(_WORDS_ONLY)
    return b" " * atom.from_boundary + words + b" " * atom.to_boundary


def _collect(
    automaton: _Automaton,
    hits: Iterable[tuple[int, int, int]],
    shift: int,
    borders: list[int],
    cells: list[set[int]],
) -> None:
    """Put the numbers of each hit into the cell of its start, which is ``shift`` bytes too far to the right.

    A hit on a boundary begins one byte before its word, perhaps in the cell before; it counts in both.
    """
    numbers = automaton.numbers
    for index, start, _ in hits:
        place = max(0, start - shift)
        cell = bisect_right(borders, place) - 1
        cells[cell].update(numbers[index])
        if shift and cell + 1 < len(borders) and borders[cell + 1] == place + 1:
            cells[cell + 1].update(numbers[index])


def _borders(data: bytes) -> list[int]:
    """Where cells begin. A run of more than ``LONG_RUN`` characters counts as that many, so that nobody can pull atoms
    apart by filling the gap; no cell begins inside one."""
    runs = sorted(match.span() for pattern in _LONG_RUNS for match in pattern.finditer(data))
    borders = [0]
    filled = at = 0
    for start, end in [*_merged(runs), (len(data), len(data))]:
        gap = start - at
        while filled + gap >= CELL and gap > 0:
            step = max(0, CELL - filled)
            at += step
            gap -= step
            borders.append(at)
            filled = 0
        filled += gap + min(end - start, LONG_RUN)
        at = end
    return borders


def _merged(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in runs:
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out
