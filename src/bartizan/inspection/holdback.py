"""How much of a growing text must wait, because what comes next could still make it part of a match.

The rule is sound if no match that a detector finds in the whole text reaches back over a point that was released.
Each pattern says how far it reaches (`Extent`), so four rules suffice; the earliest start that one of them names
is held:

* literals: the longest suffix that is a proper prefix of a literal (canaries and the like);
* tokens: the last run of characters that a token pattern can contain;
* groups: the last run of short letter-digit groups (cards, IBANs, telephone numbers);
* stems and constructs: from the start of ``password``, ``![``, ``<img`` … until the pattern's maximum length is
  reached or the construct is complete.

Runs have no maximum of their own: who calls bounds them (`firewall.streaming`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import ahocorasick_rs
import re2

from bartizan.inspection.interface import Extent, Pattern
from bartizan.inspection.views import fold, unsettled

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
"""Scripts written without spaces, none of whose letters folds to a Latin letter or digit."""

TOKEN = rf"[^\s\pZ\"'`<>{{}}|{_UNSPACED}]"
"""What a token pattern's match can be made of: everything but space, quotes, angle and curly brackets and bar."""

_TOKEN_TAIL = re2.compile(rf"{TOKEN}+$")
_ASCII_TOKEN_BACKWARDS = re.compile(r"[!#-&(-;=?-_a-z~]*")
"""The same for ASCII text read from its end: anchored there, so linear, and tens of times cheaper to call."""

_MAY_BE_GROUP = re.compile(r"[0-9A-Z+(]")

_IGNORED = r"\p{Cf}\p{M}"
_DIGIT = r"\p{Nd}\p{No}"
_GROUP = (
    rf"(?:[\p{{Lu}}{_IGNORED}]{{1,8}}"
    rf"|[\pL{_IGNORED}]{{0,8}}[{_DIGIT}][\pL{_DIGIT}{_IGNORED}]{{0,40}})"
)
_MARK = rf"[\pZ\-./()+{_IGNORED}‐-―−]{{1,3}}"
_GROUPS_TAIL = re2.compile(rf"(?:^|[^\pL{_DIGIT}{_IGNORED}])([+(]?(?:{_GROUP}{_MARK})*(?:{_GROUP}|[+(])?)$")

_CLOSED = re2.compile(
    r"(?s)(?:!?\[[^\[\]]{0,200}\](?:\([^()]*\)|\[[^\[\]]*\]|[^(\[:\s]|\s)"
    r"|<[^<>]*>)"
)
"""A construct at its start that is already complete, or can no longer become one."""


class HoldBack:
    """The hold rule for one set of literals and patterns.

    Args:
        literals: texts that are looked for in the folded text; compared folded.
        patterns: the streamable patterns in force.
    """

    def __init__(self, literals: Iterable[str], patterns: Iterable[Pattern]) -> None:
        rows = list(patterns)
        self._tokens = any(row.extent is Extent.TOKEN for row in rows)
        self._groups = any(row.extent is Extent.GROUPS for row in rows)
        reach: dict[str, int] = {}
        constructs: set[str] = set()
        for row in rows:
            if row.extent in (Extent.STEM, Extent.CONSTRUCT):
                for stem in row.stems:
                    folded = stem.casefold()
                    reach[folded] = max(reach.get(folded, 0), row.max_length)
                    if row.extent is Extent.CONSTRUCT:
                        constructs.add(folded)
        self._reach = reach
        self._constructs = frozenset(constructs)
        self._stem_list = sorted(reach)
        self._stems = ahocorasick_rs.AhoCorasick(self._stem_list) if reach else None
        wanted = [*(fold(literal).text for literal in literals), *reach]
        self._prefixes = frozenset(text[:end] for text in wanted for end in range(1, len(text)))
        self._first = frozenset(text[0] for text in wanted if text)
        self._longest = max((len(prefix) for prefix in self._prefixes), default=0)

    def start(self, text: str) -> int:
        """The index in ``text`` (what has not been released yet) from which characters must wait; its length if none.

        Never decreases as ``text`` grows.
        """
        if text.isascii():
            return min(self._ascii_run_start(text), self._folded_start(text.lower()))
        held = unsettled(text)
        folded = fold(text)
        at = self._folded_start(folded.text)
        origin = at if folded.offsets is None else folded.offsets[at]
        return min(held, self._run_start(text), origin)

    def _ascii_run_start(self, text: str) -> int:
        held = len(text)
        if self._tokens and (run := _ASCII_TOKEN_BACKWARDS.match(text[::-1])):
            held -= run.end()
        if self._groups and _MAY_BE_GROUP.search(text) and (tail := _GROUPS_TAIL.search(text)):
            held = min(held, tail.start(1))
        return held

    def _run_start(self, text: str) -> int:
        held = len(text)
        if self._tokens and (tail := _TOKEN_TAIL.search(text)):
            held = tail.start()
        if self._groups and (tail := _GROUPS_TAIL.search(text)):
            held = min(held, tail.start(1))
        return held

    def _folded_start(self, folded: str) -> int:
        length = len(folded)
        held = length
        for at in range(max(0, length - self._longest), length):
            if folded[at] in self._first and folded[at:] in self._prefixes:
                held = at
                break
        if self._stems is None:
            return held
        for index, at, _ in self._stems.find_matches_as_indexes(folded, overlapping=True):
            stem = self._stem_list[index]
            if at < held and length - at < self._reach[stem] and not self._complete(stem, folded, at):
                held = at
        return held

    def _complete(self, stem: str, folded: str, at: int) -> bool:
        return stem in self._constructs and _CLOSED.match(folded, at) is not None
