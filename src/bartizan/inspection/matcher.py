"""Many literals and regular expressions over one text, in time linear in the text.

Aho-Corasick automata (Aho and Corasick, CACM 1975) find the literals, and the *atoms* that a match of each regular
expression must contain; an expression is run only where its atoms stand close together. Expressions without atoms are
run as RE2 sets in shards, because one large set of overlapping patterns can explode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

import ahocorasick_rs
import re2

from bartizan.core.errors import ConfigurationError
from bartizan.inspection.atoms import required_atoms
from bartizan.inspection.prefilter import Prefilter

MAX_HITS: Final = 64
"""Hits reported per literal or pattern and text; further ones say nothing new."""
SHARD: Final = 24
"""Patterns per RE2 set."""
PATTERN_MEMORY: Final = 8 << 20
"""Bytes that RE2 may use for one pattern and its automaton."""
SHARD_MEMORY: Final = 64 << 20
"""Bytes that RE2 may use for one set and its automaton."""
_CHUNK: Final = 32_768


class Hit(NamedTuple):
    """One match: ``text[start:end]``, in code points, by the literal or pattern ``index`` (literals count first)."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs on a hit
    start: int
    end: int


class Matcher(Protocol):
    """Finds every one of a fixed list of literals and patterns."""

    def find(self, text: str) -> list[Hit]:
        """Hits sorted by start, end and index; at most ``MAX_HITS`` per index. Lone surrogates match nothing."""
        ...


class Literal(NamedTuple):
    """A literal that counts only as a whole word (no letter, digit or underscore next to its ends)."""

    text: str
    whole_word: bool = True


def build_matcher(literals: Sequence[str | Literal], patterns: Sequence[str]) -> Matcher:
    """A matcher; literals are found as written (case and all), overlapping; patterns use RE2 syntax.

    Raises ConfigurationError, naming the index, for an empty or unencodable literal, a pattern that RE2 cannot compile
    within its memory budget, or a pattern that matches the empty text.
    """
    return SetMatcher(literals, patterns)


class SetMatcher:
    """The matcher over ahocorasick-rs and google-re2."""

    def __init__(self, literals: Sequence[str | Literal], patterns: Sequence[str]) -> None:
        self._literals = _Literals(literals)
        self._offset = len(literals)
        atoms = {index: required_atoms(pattern) for index, pattern in enumerate(patterns)}
        self._patterns = tuple(
            _compile(index, pattern, tried=not atoms[index].ways) for index, pattern in enumerate(patterns)
        )
        self._plain = Prefilter((index, row) for index, row in atoms.items() if row.ways and not row.fold)
        self._folded = [index for index, row in atoms.items() if row.ways and row.fold]
        self._folding = Prefilter((index, atoms[index]._replace(reach=None)) for index in self._folded)
        always = [index for index, row in atoms.items() if not row.ways]
        self._shards = [
            (tuple(part), _compile_set([patterns[index] for index in part]))
            for part in (always[at : at + SHARD] for at in range(0, len(always), SHARD))
        ]
        re2.purge()  # the wrapper's cache would keep the twins

    def find(self, text: str) -> list[Hit]:
        """See Matcher."""
        try:
            data = text.encode()
        except UnicodeEncodeError:
            text = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
            data = text.encode()
        hits = self._literals.find(text)
        found = self._spans(text, data)
        if found:
            hits += _decoded(found, data, len(data) == len(text), self._offset)
        if len(hits) > 1:
            hits.sort(key=_by_place)
        return hits

    def _spans(self, text: str, data: bytes) -> dict[int, list[tuple[int, int]]]:
        """Byte spans of each pattern that matches."""
        found: dict[int, list[tuple[int, int]]] = {}
        for pattern, start, end in self._candidates(text, data):
            for match in self._patterns[pattern].finditer(data, start, end):
                spans = found.setdefault(pattern, [])
                first, last = match.span()
                if not spans or first >= spans[-1][1]:
                    spans.append((first, last))
                if len(spans) >= MAX_HITS:
                    break
        return found

    def _candidates(self, text: str, data: bytes) -> Iterator[tuple[int, int, int]]:
        if not self._plain.empty:
            yield from self._plain.candidates(data)
        if self._folded:
            for pattern in {row.pattern for row in self._folding.candidates(text.casefold().encode())}:
                yield pattern, 0, len(data)
        for indices, shard in self._shards:
            for position in shard.Match(data) or ():
                yield indices[position], 0, len(data)


def _decoded(found: dict[int, list[tuple[int, int]]], data: bytes, ascii_only: bool, offset: int) -> Iterator[Hit]:
    """Byte spans as hits in code points."""
    if ascii_only:
        for index, spans in found.items():
            for start, end in spans:
                yield Hit(offset + index, start, end)
        return
    places: dict[int, int] = {}
    at = characters = 0
    for place in sorted({place for spans in found.values() for span in spans for place in span}):
        characters += len(data[at:place].decode("utf-8", "ignore"))
        places[place] = characters
        at = place
    for index, spans in found.items():
        for start, end in spans:
            yield Hit(offset + index, places[start], places[end])


class _Literals:
    """Literals behind one automaton."""

    def __init__(self, literals: Sequence[str | Literal]) -> None:
        self._literals = tuple(Literal(row, False) if isinstance(row, str) else row for row in literals)
        for index, literal in enumerate(self._literals):
            if not literal.text or any("\ud800" <= char <= "\udfff" for char in literal.text):
                raise ConfigurationError(f"literal {index} is empty or holds a lone surrogate")
        self._overlap = max((len(literal.text) for literal in self._literals), default=1) - 1
        strings = [literal.text for literal in self._literals]
        self._search = ahocorasick_rs.AhoCorasick(strings) if strings else None

    def find(self, text: str) -> list[Hit]:
        """All hits. A long text is read in chunks, so that one made of literals cannot fill the memory."""
        hits: list[Hit] = []
        if self._search is None:
            return hits
        counts: dict[int, int] = {}
        for begin in range(0, len(text), _CHUNK):
            low = max(0, begin - self._overlap)
            piece = text if len(text) <= _CHUNK else text[low : begin + _CHUNK]
            for index, start, end in self._search.find_matches_as_indexes(piece, overlapping=True):
                if (
                    low + end > begin
                    and counts.get(index, 0) < MAX_HITS
                    and (not self._literals[index].whole_word or _stands_alone(text, low + start, low + end))
                ):
                    counts[index] = counts.get(index, 0) + 1
                    hits.append(Hit(index, low + start, low + end))
        return hits


def _by_place(hit: Hit) -> tuple[int, int, int]:
    return hit.start, hit.end, hit.index


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not (before == "_" or before.isalnum() or after == "_" or after.isalnum())


def _compile(index: int, pattern: str, tried: bool) -> re2._Regexp[bytes]:
    """The empty text is tried on a twin: an expression that has run once keeps its automata, about 20 kB each, and most
    never run. What must contain an atom cannot match it, and needs no trial."""
    try:
        compiled = re2.compile(pattern.encode(), _options(twin=False))
        twin = re2.compile(pattern.encode(), _options(twin=True)) if tried else None
    except (re2.error, UnicodeEncodeError) as problem:
        raise ConfigurationError(f"pattern {index} does not compile: {_cause(problem)}") from problem
    if twin is not None and twin.fullmatch(b"") is not None:
        raise ConfigurationError(f"pattern {index} matches the empty text", "ask for at least one character")
    return compiled


def _options(twin: bool) -> re2.Options:
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False
    options.never_capture = twin
    return options


def _cause(problem: Exception) -> str:
    cause = problem.args[0] if problem.args else problem
    return cause.decode("utf-8", "replace") if isinstance(cause, bytes) else str(cause)


def _compile_set(patterns: Sequence[str]) -> re2.Set:
    """An RE2 set whose automaton is known to fit its budget.

    A set that runs out of memory silently matches nothing. RE2 refuses only when the budget holds fewer than twenty
    states, which does not depend on the text; so a twin with a pattern that always matches is tried once.
    """
    options = re2.Options()
    options.max_mem = SHARD_MEMORY
    options.log_errors = False
    for extra in (("",), ()):
        compiled = re2.Set.SearchSet(options)
        try:
            for pattern in (*patterns, *extra):
                compiled.Add(pattern)
            compiled.Compile()
        except re2.error as problem:
            raise ConfigurationError("a shard of patterns does not fit its memory budget") from problem
        if extra and len(patterns) not in (compiled.Match("probe") or ()):
            raise ConfigurationError("a shard of patterns cannot run within its memory budget")
    return compiled
