"""One detector for any set of formats (`Pattern` rows): personal data, secrets, output hazards.

Cost is kept low by asking cheap questions first: one Aho-Corasick pass finds which patterns can match at all, and
patterns without a literal are asked in RE2 sets, and only when the text has digits. Only the rest are searched for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import re2
from ahocorasick_rs import AhoCorasick, Implementation

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import Guard
from bartizan.inspection.interface import Pattern, View
from bartizan.inspection.views.casing import recase

if TYPE_CHECKING:
    from bartizan.inspection.joint_patterns import JointPatterns

ALL_SURFACES = frozenset(Surface)

SHARD = 60
"""Patterns per RE2 set: large sets of overlapping patterns explode in states."""

MEMORY = 8 << 20
"""Bytes that RE2 may use per compiled pattern or set."""

MOST_REJECTED = 20_000
"""Matches per pattern and text that ``check`` may turn down. Further ones are believed without a check, so that
neither time nor coverage is lost to a text made of near misses."""

_DIGITS = b"0123456789"
_UNANCHORED = re2._Anchor.UNANCHORED


class Found(NamedTuple):
    """A pattern's match in one text; offsets in code points."""

    pattern: Pattern
    start: int
    end: int
    matched: str
    """What the span holds in the searched text."""


class _Compiled(NamedTuple):
    pattern: Pattern
    regex: re2._Regexp[bytes]
    search: Callable[[re2._Anchor, bytes, int, int], list[tuple[int, int]]]
    """RE2 itself: for short texts, and texts full of matches, its Python wrapper costs three times the search."""
    group: int


class PatternScanner:
    """Runs a set of patterns over one text.

    Raises:
        ConfigurationError: a pattern does not compile, or two share an id.
    """

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        rows = tuple(patterns)
        if len({row.id for row in rows}) != len(rows):
            raise ConfigurationError("two patterns share an id")
        for row in rows:
            _compile(row)
        self._rows = rows
        self._compiled: dict[int, _Compiled] = {}
        owners: dict[str, set[int]] = {}
        bare: list[int] = []
        for index, row in enumerate(rows):
            literals = row.literals or row.stems
            if not literals:
                bare.append(index)
            for literal in literals:
                owners.setdefault(literal.lower(), set()).add(index)
        self._owners = [frozenset(owner) for owner in owners.values()]
        self._literals = AhoCorasick(list(owners), implementation=Implementation.ContiguousNFA) if owners else None
        self._sets = [_set([(i, rows[i]) for i in bare[at : at + SHARD]]) for at in range(0, len(bare), SHARD)]

    def scan(self, text: str) -> Iterator[Found]:
        """Every match that passes its check; matches of one pattern do not overlap. Lone surrogates count as ``?``."""
        data = text.encode("utf-8", "replace")
        wanted = self.candidates(text, data)
        return self.search(text, data, wanted) if wanted else iter(())

    def candidates(self, text: str, data: bytes) -> set[int]:
        """Numbers of the patterns that may match in ``text``, of which ``data`` is the UTF-8."""
        wanted: set[int] = set()
        if self._literals is not None:
            lower = text.lower() if text.isascii() else data.decode().lower()
            hits = {index for index, _, _ in self._literals.find_matches_as_indexes(lower, overlapping=True)}
            wanted.update(*map(self._owners.__getitem__, hits))
        if self._sets and len(data.translate(None, _DIGITS)) != len(data):
            for indices, shard in self._sets:
                wanted.update([indices[position] for position in shard.Match(data) or ()])
        return wanted

    def search(self, text: str, data: bytes, wanted: Iterable[int]) -> Iterator[Found]:
        """``scan`` for the candidates alone."""
        if not text.isascii():
            text = data.decode()
        for index in sorted(wanted):
            yield from _search(self._needed(index), text, data)

    def _needed(self, index: int) -> _Compiled:
        """Compiled when it is first a candidate: most patterns never are, and each takes 50 kB."""
        compiled = self._compiled.get(index)
        if compiled is None:
            compiled = self._compiled[index] = _compile(self._rows[index])
        return compiled


class PatternDetector:
    """A `Detector` over patterns of one guard.

    Args:
        name: detector id.
        guard: the guard all patterns belong to.
        patterns: the formats.
        surfaces: where it runs.
        skip: names of views that it does not read: transformations that make data up (``leet`` turns letters
            into digits) rather than uncover it.
    """

    def __init__(
        self,
        name: str,
        guard: Guard,
        patterns: Iterable[Pattern],
        surfaces: frozenset[Surface] = ALL_SURFACES,
        skip: frozenset[str] = frozenset(),
    ) -> None:
        self.id = name
        self.guard = guard
        self.surfaces = surfaces
        self.patterns = tuple(patterns)
        """For the stream's hold-back: each says how far it reaches."""
        if any(pattern.guard is not guard for pattern in self.patterns):
            raise ConfigurationError(f"detector {name}: every pattern must belong to the guard {guard}")
        self.joint: JointPatterns | None = None
        """Whoever searches for these patterns together with others."""
        self._skip = skip

    def detect(self, views: Sequence[View], surface: Surface) -> list[Signal]:
        """Signals with spans in the original text; what several views show at one place is told once."""
        out: list[Signal] = []
        seen: set[tuple[str, int, int]] = set()
        for view, text in texts_of(views):
            if self.reads(view):
                for found in self._scanner.scan(text):
                    self.tell(found, view, seen, out)
        return out

    def reads(self, view: View) -> bool:
        """Whether it reads a view at all."""
        return not self._skip or view.name == "original" or self._skip.isdisjoint(view.name.split(">"))

    def tell(self, found: Found, view: View, seen: set[tuple[str, int, int]], out: list[Signal]) -> None:
        """Add the signal of ``found`` to ``out``, unless its pattern and place are among ``seen``."""
        span = view.origin(found.start, found.end)
        key = (found.pattern.id, span.start, span.end)
        if key not in seen:
            seen.add(key)
            out.append(self._signal(found, view))

    @cached_property
    def _scanner(self) -> PatternScanner:
        return PatternScanner(self.patterns)

    def detect_on(self, views: Sequence[View], surfaces: Sequence[Surface]) -> list[list[Signal]]:
        """The same for each surface."""
        return [self.detect(views, surfaces[0])] * len(surfaces)

    def _signal(self, found: Found, view: View) -> Signal:
        pattern = found.pattern
        return Signal(
            detector=self.id,
            guard=self.guard,
            threat=pattern.threat,
            technique=pattern.technique,
            score=pattern.score,
            span=view.origin(found.start, found.end),
            view=view.name,
            rule=pattern.id,
            severity=pattern.severity,
            replacement=pattern.replace(found.matched) if pattern.replace else "",
        )


def texts_of(views: Sequence[View]) -> Iterator[tuple[View, str]]:
    """What of each view formats are searched in; the folded text only where it differs by more than case, which keys
    need."""
    original = views[0].text
    for position, view in enumerate(views):
        if position and view.name == "folded":
            if view.changed and not original.isascii():
                yield view, restore_case(original, view)
        else:
            yield view, view.text


def restore_case(original: str, view: View) -> str:
    """The folded ``view`` with the upper case of the original put back: keys are case-sensitive.

    The result has the view's length, so the view's offsets hold for it.
    """
    length = len(view.text)
    shown = original if view.offsets is None else "".join(map(original.__getitem__, view.offsets[:length]))
    return recase(view.text, shown[:length])


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    return options


def _compile(pattern: Pattern) -> _Compiled:
    try:
        regex = re2.compile(pattern.regex.encode(), _options())
    except re2.error as problem:
        raise ConfigurationError(f"pattern {pattern.id}: {problem}") from None
    named = int("(?P<hit>" in pattern.regex)
    if regex.groups != named:
        raise ConfigurationError(f"pattern {pattern.id}: no group but hit may capture", "write (?:...)")
    return _Compiled(pattern, regex, regex._regexp.Match, named)


def _set(rows: Sequence[tuple[int, Pattern]]) -> tuple[tuple[int, ...], re2.Set]:
    shard = re2.Set.SearchSet(_options())
    for _, row in rows:
        shard.Add(row.regex.encode())
    shard.Compile()
    return tuple(index for index, _ in rows), shard


def _search(compiled: _Compiled, text: str, data: bytes) -> Iterator[Found]:
    pattern, _, search, group = compiled
    check, apart = pattern.check, pattern.apart
    length = len(data)
    ascii_only = length == len(text)
    at = byte = character = rejected = 0
    checked: dict[bytes, bool] = {}
    while at <= length:
        spans = search(_UNANCHORED, data, at, length)
        first, last = spans[0]
        if first < 0:
            return
        at = max(last, first + 1)
        start, end = spans[group]
        if apart and _touches(data, start, end):
            at = first + 1
            continue
        if check is not None and rejected < MOST_REJECTED:
            shown = data[start:end]
            sound = checked.get(shown)
            if sound is None:
                sound = checked[shown] = check(shown.decode("utf-8", "replace"))
            if not sound:
                rejected += 1
                at = first + 1
                continue
        if ascii_only:
            yield Found(pattern, start, end, text[start:end])
            continue
        character += len(data[byte:start].decode("utf-8", "ignore"))
        byte = start
        size = len(data[start:end].decode("utf-8", "ignore"))
        yield Found(pattern, character, character + size, text[character : character + size])


_DIGIT = frozenset(bytes([code]) for code in range(0x30, 0x3A))
_WORD = frozenset(bytes([code]) for code in range(128) if chr(code).isalnum() or chr(code) == "_")


def _touches(data: bytes, start: int, end: int) -> bool:
    """True if ``data[start:end]`` is a piece of something longer; looks at two characters either side."""
    before = data[start - 1 : start]
    if before in _WORD:
        return True
    if before and before in b"-./" and data[max(start - 2, 0) : start - 1] in (_WORD if before == b"-" else _DIGIT):
        return True
    after = data[end : end + 1]
    if after in _WORD:
        return True
    return bool(after) and after in b"-./" and data[end + 1 : end + 2] in (_WORD if after == b"-" else _DIGIT)
