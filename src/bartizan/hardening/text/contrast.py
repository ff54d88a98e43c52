"""Patterns that many variants of an attack hold and no harmless text does, shortest first.

Contrast: a pattern is made of a stretch of the finding's units. It is kept for how many of the variants hold it, and
thrown away when one harmless text of the development half does. Short stretches come first, and one that contains a
kept one is not tried: what is kept is minimal. A greedy cover then picks the few patterns that hold most variants.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import re2

from bartizan.core.errors import ConfigurationError
from bartizan.hardening.text.tokens import Unit, suspicious, units
from bartizan.inspection.signatures.compiling import compile_pattern
from bartizan.inspection.views import fold

LONGEST: Final = 7
_MOST_TRIED: Final = 600
_APART: Final = "\n" + "=" * 40 + "\n"
"""Between joined texts: wider than any gap of a pattern."""
_JOINT: Final = r"[\W_]{0,8}"
_BREAK: Final = r"[\W_]{1,8}"


class Fragment(NamedTuple):
    """One pattern and what is known of it."""

    pattern: str
    units: tuple[Unit, ...]
    held: frozenset[int]
    """Numbers of the variants that hold it."""


class Harmless:
    """Harmless texts, to be searched all at once.

    Args:
        texts: of the development half.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._joined = _APART.join(fold(text).text for text in texts)

    def holds(self, pattern: str) -> bool:
        """Whether any of them has a match."""
        return bool(re2.search(pattern, self._joined))


def _readings(stretch: Sequence[Unit]) -> list[str]:
    """A stretch with words left out that have other words for them, then with a few words between, then as it is."""
    firm = [number for number, unit in enumerate(stretch) if not unit.replaceable]
    out = []
    rare = sum(not stretch[number].common for number in firm)
    if 2 <= len(firm) < len(stretch) and rare and (len(firm) > 2 or rare > 1):
        out.append(pattern_of([stretch[number] for number in firm], 2 + 3 * (len(stretch) - len(firm))))
    return [*out, pattern_of(stretch, 2), pattern_of(stretch, 0)]


def pattern_of(found: Sequence[Unit], gap: int) -> str:
    """RE2 for the units in this order, with at most ``gap`` other words between neighbours."""
    out = [_edge(found[0]) + found[0].regex]
    for left, right in itertools.pairwise(found):
        apart = _BREAK if left.kind in _WORDLIKE and right.kind in _WORDLIKE else _JOINT
        out.append((rf"(?:[\W_]{{1,8}}\w{{1,30}}){{0,{gap}}}" if gap else "") + apart + right.regex)
    return "".join(out) + _edge(found[-1])


def fragments(text: str, variants: Sequence[str], harmless: Harmless, share: float) -> list[Fragment]:
    """Patterns that at least ``share`` of the variants hold and no harmless text does, the widest first.

    Args:
        text: the finding's hostile text.
        variants: texts made of it on the learning side.
        harmless: what must not be hit.
        share: in (0, 1].
    """
    whole = units(fold(text).text)
    folded = [fold(variant).text for variant in (text, *variants)]
    out: dict[str, Fragment] = {}
    tried = 0
    for size in range(2, LONGEST + 1):
        for at in range(len(whole) - size + 1):
            stretch = whole[at : at + size]
            if not suspicious(stretch) or sum(not unit.common for unit in stretch) + _marked(stretch) < 2:
                continue
            for pattern in _readings(stretch):
                if tried >= _MOST_TRIED:
                    return _ordered(out)
                if pattern in out or any(set(known.units) <= set(stretch) for known in out.values()):
                    continue
                tried += 1
                held = _holding(pattern, folded)
                if len(held) >= share * len(folded) and not harmless.holds(pattern):
                    out[pattern] = Fragment(pattern, stretch, held)
    return _ordered(out)


def cover(found: Sequence[Fragment], most: int) -> list[Fragment]:
    """A greedy choice of at most ``most`` that together hold as many variants as they can."""
    chosen: list[Fragment] = []
    left = frozenset[int]().union(*(fragment.held for fragment in found)) if found else frozenset()
    while left and len(chosen) < most:
        best = max(found, key=lambda fragment: (len(fragment.held & left), -len(fragment.units)))
        if not best.held & left:
            break
        chosen.append(best)
        left -= best.held
    return chosen


_WORDLIKE: Final = frozenset({"word", "number"})


def _edge(unit: Unit) -> str:
    r"""``\b`` is a boundary of ASCII words in RE2; other scripts go without."""
    return r"\b" if unit.kind in _WORDLIKE and unit.text.isascii() else ""


def _marked(stretch: Sequence[Unit]) -> int:
    return len({unit.text for unit in stretch if unit.mark and unit.common})


def _holding(pattern: str, texts: Sequence[str]) -> frozenset[int]:
    try:
        compiled = compile_pattern(pattern)
    except ConfigurationError:
        return frozenset()
    return frozenset(number for number, text in enumerate(texts) if compiled.search(text) is not None)


def _ordered(found: dict[str, Fragment]) -> list[Fragment]:
    return sorted(found.values(), key=lambda fragment: (-len(fragment.held), len(fragment.units), fragment.pattern))
