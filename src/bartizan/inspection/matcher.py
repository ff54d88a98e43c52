"""Many literals and regular expressions over one text, in time linear in the text.

One Aho-Corasick automaton (Aho and Corasick, CACM 1975) finds the literals, and the literal *atoms* that a match of
each regular expression must contain; only expressions whose atoms are all present are run. Expressions without atoms
are run as RE2 sets in shards, because one large set of overlapping patterns can explode.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple, Protocol

import ahocorasick_rs
import re2

from bartizan.core.errors import ConfigurationError
from bartizan.inspection.atoms import required_atoms

MAX_HITS: Final = 64
"""Hits reported per literal or pattern and text; further ones say nothing new."""
SHARD: Final = 16
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

    Raises ConfigurationError, naming the index, for an empty literal, a pattern that RE2 cannot compile within its
    memory budget, or a pattern that matches the empty text.
    """
    return SetMatcher(literals, patterns)


class SetMatcher:
    """The matcher over ahocorasick-rs and google-re2."""

    def __init__(self, literals: Sequence[str | Literal], patterns: Sequence[str]) -> None:
        self._literals = tuple(Literal(row, False) if isinstance(row, str) else row for row in literals)
        for index, literal in enumerate(self._literals):
            if not literal.text:
                raise ConfigurationError(f"literal {index} is empty")
        self._patterns = tuple(_compile(index, pattern) for index, pattern in enumerate(patterns))
        plain = _Atoms(literal.text for literal in self._literals)
        folded = _Atoms(())
        always: list[int] = []
        for index, pattern in enumerate(patterns):
            atoms = required_atoms(pattern)
            if atoms.required:
                (folded if atoms.fold else plain).add(index, atoms.required)
            else:
                always.append(index)
        self._plain = plain.built()
        self._folded = folded.built()
        self._shards = [
            (tuple(part), _compile_set([patterns[index] for index in part]))
            for part in (always[at : at + SHARD] for at in range(0, len(always), SHARD))
        ]

    def find(self, text: str) -> list[Hit]:
        """See Matcher."""
        try:
            return self._find(text)
        except UnicodeEncodeError:
            return self._find("".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text))

    def _find(self, text: str) -> list[Hit]:
        hits: list[Hit] = []
        candidates = self._plain.scan(text, self._literals, hits)
        if self._folded.size:
            candidates += self._folded.scan(text.casefold(), (), hits)
        for indices, shard in self._shards:
            matched = shard.Match(text)
            if matched:
                candidates.extend(indices[position] for position in matched)
        offset = len(self._literals)
        for index in candidates:
            spans = (match.span() for match in self._patterns[index].finditer(text))
            hits.extend(Hit(offset + index, start, end) for start, end in islice(spans, MAX_HITS))
        if len(hits) > 1:
            hits.sort(key=_by_place)
        return hits


def _by_place(hit: Hit) -> tuple[int, int, int]:
    return hit.start, hit.end, hit.index


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not (before == "_" or before.isalnum() or after == "_" or after.isalnum())


def _compile(index: int, pattern: str) -> re2._Regexp[str]:
    try:
        options = re2.Options()
        options.max_mem = PATTERN_MEMORY
        options.log_errors = False
        compiled = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as problem:
        raise ConfigurationError(f"pattern {index} does not compile: {_cause(problem)}") from problem
    if compiled.fullmatch("") is not None:
        raise ConfigurationError(f"pattern {index} matches the empty text", "ask for at least one character")
    return compiled


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


class _Atoms:
    """Literals, and the atoms of patterns, collected for one automaton."""

    def __init__(self, literals: Iterable[str]) -> None:
        self.strings = list(literals)
        self.members: dict[str, list[int]] = {}
        self.sets: dict[frozenset[str], int] = {}
        self.first: dict[int, list[tuple[frozenset[int], int]]] = {}

    def add(self, pattern: int, required: Sequence[frozenset[str]]) -> None:
        numbers = []
        for strings in required:
            if strings not in self.sets:
                self.sets[strings] = number = len(self.sets)
                for string in strings:
                    self.members.setdefault(string, []).append(number)
            numbers.append(self.sets[strings])
        self.first.setdefault(numbers[0], []).append((frozenset(numbers), pattern))

    def built(self) -> _Automaton:
        return _Automaton(self)


class _Automaton:
    def __init__(self, parts: _Atoms) -> None:
        strings = parts.strings + list(parts.members)
        self.size = len(strings)
        self._sets: list[tuple[int, ...]] = [()] * len(parts.strings) + [tuple(row) for row in parts.members.values()]
        self._first = parts.first
        self._overlap = max(map(len, strings), default=1) - 1
        self._search = ahocorasick_rs.AhoCorasick(strings) if strings else None

    def scan(self, text: str, literals: Sequence[Literal], hits: list[Hit]) -> list[int]:
        """Add the hits of ``literals``, which are the first strings; return the patterns whose atoms are all there.

        A long text is read in chunks, so that a text made of literals cannot fill the memory with hits.
        """
        if self._search is None:
            return []
        if len(text) <= _CHUNK:
            raw = self._search.find_matches_as_indexes(text, overlapping=True)
            if not raw:
                return []
            strings = self._sift(text, 0, 0, raw, literals, {}, hits)
        else:
            strings = set()
            counts: dict[int, int] = {}
            for begin in range(0, len(text), _CHUNK):
                low = max(0, begin - self._overlap)
                raw = self._search.find_matches_as_indexes(text[low : begin + _CHUNK], overlapping=True)
                strings |= self._sift(text, low, begin - low, raw, literals, counts, hits)
        if not strings:
            return []
        present = {number for index in strings for number in self._sets[index]}
        return [pattern for number in present for needs, pattern in self._first.get(number, ()) if needs <= present]

    def _sift(
        self,
        text: str,
        low: int,
        seen: int,
        raw: list[tuple[int, int, int]],
        literals: Sequence[Literal],
        counts: dict[int, int],
        hits: list[Hit],
    ) -> set[int]:
        """Part literals from atoms. ``raw`` counts from ``low``; what ends within ``seen`` was counted before."""
        strings: set[int] = set()
        number = len(literals)
        for index, start, end in raw:
            if index >= number:
                strings.add(index)
            elif (
                end > seen
                and counts.get(index, 0) < MAX_HITS
                and (not literals[index].whole_word or _stands_alone(text, low + start, low + end))
            ):
                counts[index] = counts.get(index, 0) + 1
                hits.append(Hit(index, low + start, low + end))
        return strings
