"""Which patterns are worth running where: those whose atoms stand close enough together.

Works on UTF-8 bytes. Word boundaries of atoms are made findable by turning everything that is not part of an ASCII
word into spaces; a long text is parted into cells, and a pattern of bounded reach is tried only on neighbouring cells
that hold its atoms between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
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
        words = b" " + data.translate(_WORDS_ONLY) + b" "
        foreign = self._foreign if self._foreign.numbers and not data.isascii() else None
        if length <= 2 * CELL:
            present = self._ascii.among(words, 0, len(words))
            if foreign is not None:
                present |= foreign.among(data, 0, length)
            for pattern in {way.pattern for way in self._fulfilled(present)}:
                yield Candidate(pattern, 0, length)
            return
        borders = [*_borders(data), length]
        cells = []
        for start, end in pairwise(borders):
            # A word that begins the next cell has its boundary, and so its hit, at the end of this one: both count it.
            cell = self._ascii.among(words, start, end + 1)
            if foreign is not None:
                cell |= foreign.among(data, start, end)
            cells.append(cell)
        yield from self._in_cells(cells, borders, 1 if data.isascii() else 4)

    def _fulfilled(self, present: set[int]) -> Iterator[_Way]:
        for number in present:
            for way in self._ways.get(number, ()):
                if way.needs <= present:
                    yield way

    def _in_cells(self, cells: list[set[int]], borders: list[int], factor: int) -> Iterator[Candidate]:
        everywhere: set[int] = set()
        nearby: dict[int, list[_Way]] = {}
        for way in self._fulfilled(set().union(*cells)):
            neighbours = _neighbours(way.reach, factor)
            if neighbours is None:
                everywhere.add(way.pattern)
            else:
                nearby.setdefault(neighbours, []).append(way)
        for pattern in everywhere:
            yield Candidate(pattern, 0, borders[-1])
        for neighbours, ways in nearby.items():
            yield from _windows([way for way in ways if way.pattern not in everywhere], neighbours, cells, borders)


def _windows(
    ways: Sequence[_Way], neighbours: int, cells: Sequence[set[int]], borders: list[int]
) -> Iterator[Candidate]:
    """Where so many neighbouring cells, and the one after them, fulfil one of ``ways``."""
    windows: dict[int, tuple[int, int]] = {}
    before: set[int] = set()
    patterns: set[int] = set()
    for index, cell in enumerate(cells):
        low = max(0, index - neighbours)
        near = cell.union(*cells[low:index])
        if near != before:
            before, patterns = near, {way.pattern for way in ways if way.needs <= near}
        start, end = borders[low], borders[index + 1]
        for pattern in patterns:
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

    def among(self, data: bytes, start: int, end: int) -> set[int]:
        """The numbers of all members that begin in ``data[start:end]``."""
        if self._search is None:
            return set()
        found: set[int] = set()
        for low in range(start, end, _CHUNK):  # so that hits cannot fill the memory
            size = min(_CHUNK, end - low)
            hits = self._search.find_matches_as_indexes(data[low : low + size + self._overlap], overlapping=True)
            found.update([index for index, begin, _ in hits if begin < size])
        return {number for index in found for number in self.numbers[index]}


def _normalised(atom: Atom) -> bytes:
    words = atom.text.encode().translate(_WORDS_ONLY)
    return b" " * atom.from_boundary + words + b" " * atom.to_boundary


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
