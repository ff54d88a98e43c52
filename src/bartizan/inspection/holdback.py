"""How much of a growing text must wait, because what comes next could still make it part of a match.

The rule is sound if no match that a detector finds in the whole text reaches back over a point that was released.
Each pattern says how far it reaches (`Extent`), so four rules suffice; the earliest start that one of them names
is held:

* canaries: whatever the canary detector says may still become, or is, one of its forms;
* tokens: the last run of characters that a token pattern can contain;
* groups: the last run of short letter-digit groups (cards, IBANs, telephone numbers), folded or as written;
* stems and constructs: from the start of ``password``, ``![``, ``<img`` … until the pattern's maximum length is
  reached or the construct is complete.

Runs have no maximum of their own: who calls bounds them (`firewall.streaming`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable

import ahocorasick_rs
import re2

from bartizan.inspection.hazards.markdown import JSON_LABEL
from bartizan.inspection.interface import Extent, Pattern
from bartizan.inspection.patterns import restore_case
from bartizan.inspection.views import fold, unsettled
from bartizan.inspection.views.tokens import TOKEN_CHARACTER

_TOKEN_BACKWARDS = re.compile(f"{TOKEN_CHARACTER}*")
"""Matched against the text read from its end, so it is anchored and linear."""

_MAY_BE_GROUP = re.compile(r"[0-9A-Z+(]")
_MARKS_BACKWARDS = re.compile(r"[\s\-./()+\u2010-\u2015\u2212]{1,3}")
_GROUP_BACKWARDS = re.compile(r"[0-9A-Za-z]{1,48}")
_OPENING_BACKWARDS = re.compile(r" ?[(+]{1,2}")

_CLOSED = re2.compile(
    r"(?s)(?:!?\[[^\[\]]{0,200}\](?:\([^()]*\)|\[[^\[\]]*\]|[^(\[:\s]|\s)"
    r"|\]\([^()]*\)|\]:[ \t]{0,8}\n[ \t]{0,8}\n|\]:[ \t]{0,8}(?:\n[ \t]{0,8})?(?:[^\s<]\S*\s|<[^<>]*>)"
    rf"|\[{JSON_LABEL}"
    r"|<[^<>]*>)"
)
"""A construct at its start that is already complete, or can no longer become one."""


Regions = Callable[[str], list[tuple[int, int]]]
"""Ranges of a text that must not be cut; one that may still grow ends past the text."""


def no_regions(text: str) -> list[tuple[int, int]]:
    """No detector beside the patterns."""
    return []


class HoldBack:
    """The hold rule for one set of patterns.

    Args:
        patterns: the streamable patterns in force.
        regions: ranges that a detector beside the patterns needs whole (`CanaryDetector.regions`).
    """

    def __init__(self, patterns: Iterable[Pattern], regions: Regions = no_regions) -> None:
        rows = list(patterns)
        self._detected = regions
        self._tokens = any(row.extent is Extent.TOKEN for row in rows) or regions is not no_regions
        self._groups = any(row.extent is Extent.GROUPS for row in rows)
        reach: dict[str, int] = {}
        constructs: set[str] = set()
        for row in rows:
            if row.extent in (Extent.STEM, Extent.CONSTRUCT):
                for stem in row.stems:
                    folded = fold(stem).text
                    reach[folded] = max(reach.get(folded, 0), row.max_length)
                    if row.extent is Extent.CONSTRUCT:
                        constructs.add(folded)
        self._reach = reach
        self._constructs = frozenset(constructs)
        self._stem_list = sorted(reach)
        self._stems = ahocorasick_rs.AhoCorasick(self._stem_list) if reach else None
        self._prefixes = frozenset(stem[:end] for stem in reach for end in range(1, len(stem)))
        self._first = frozenset(stem[0] for stem in reach)
        self._longest = max((len(prefix) for prefix in self._prefixes), default=0)

    def start(self, text: str, more: Regions = no_regions) -> int:
        """The index in ``text`` (what has not been released yet) from which characters must wait; its length if none.

        Never decreases as ``text`` grows. ``more`` names further ranges that must not be cut.
        """
        if text.isascii():
            return self._start(text, text.lower(), more(text))
        folded = fold(text)
        offsets = folded.offsets if folded.offsets is not None else range(len(text) + 1)
        length = len(folded.text)
        raw = [
            (bisect_left(offsets, start), bisect_left(offsets, end) if end <= len(text) else length + 1)
            for start, end in (*self._detected(text), *more(text))
        ]
        backwards = text[::-1]

        def groups_start(at: int) -> int:
            """Where groups begin as they are written: é parts them from what follows, the e it folds to does not."""
            place = offsets[at]
            return bisect_left(offsets, place - _groups_length(backwards, len(text) - place))

        at = self._start(restore_case(text, folded), folded.text, raw, groups_start)
        return min(unsettled(text), offsets[at])

    def _start(
        self, text: str, folded: str, more: list[tuple[int, int]], groups_start: Callable[[int], int] | None = None
    ) -> int:
        """The fixed point of all rules: a start inside a run, or inside a stem's reach, moves to where that began."""
        backwards = text[::-1]
        if self._tokens and (run := _TOKEN_BACKWARDS.match(backwards)) and run.end() == len(text):
            return 0
        regions = [*more, *self._regions(folded), *self._detected(folded)]
        groups = self._groups and _MAY_BE_GROUP.search(text) is not None
        held = self._open_start(folded, len(text), regions)
        while True:
            before = held
            if self._tokens and (run := _TOKEN_BACKWARDS.match(backwards, len(text) - held)):
                held = len(text) - run.end()
            if groups:
                held -= _groups_length(backwards, len(text) - held)
                held = min(held, groups_start(held)) if groups_start is not None else held
            for start, end in regions:
                if start < held < end:
                    held = start
            if held == before or not held:
                return held

    def _regions(self, folded: str) -> list[tuple[int, int]]:
        """Where matches that begin with a stem may reach, from its start; of a complete construct, its exact end."""
        if self._stems is None:
            return []
        regions = []
        for index, start, _ in self._stems.find_matches_as_indexes(folded, overlapping=True):
            stem = self._stem_list[index]
            closed = _CLOSED.match(folded, start) if stem in self._constructs else None
            regions.append((start, closed.end() if closed else start + self._reach[stem]))
        return regions

    def _open_start(self, folded: str, length: int, regions: list[tuple[int, int]]) -> int:
        for at in range(max(0, length - self._longest), length):
            if folded[at] in self._first and folded[at:] in self._prefixes:
                length = at
                break
        return min(length, *(start for start, end in regions if end > len(folded)), length)


def _groups_length(backwards: str, at: int) -> int:
    """How many characters of a text, read from its end at ``at``, are a run of groups that may grow.

    A group has a digit, or is at most four capitals (IBAN, national ids); only the last one, still unfinished, may be
    anything short.
    """
    first = at
    length = 0
    if (last := _GROUP_BACKWARDS.match(backwards, at)) is not None:
        at = last.end()
        length = at - first
    while (marks := _MARKS_BACKWARDS.match(backwards, at)) is not None:
        group = _GROUP_BACKWARDS.match(backwards, marks.end())
        if group is None:
            break
        text = group.group()
        if not (any(map(str.isdigit, text)) or (len(text) <= 4 and text.isupper())):
            break
        at = group.end()
        length = at - first
    opening = _OPENING_BACKWARDS.match(backwards, at)
    return opening.end() - first if opening else length
