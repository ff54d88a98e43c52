"""Other words for the same."""

from __future__ import annotations

import re
from functools import cache
from random import Random

import msgspec

from bartizan.hardening.data import convert_data
from bartizan.hardening.variants.side import Side

SHARE = 0.6
"""Of the occurrences that are replaced."""


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Forms that may stand for each other."""

    say: tuple[str, ...]
    learn: tuple[str, ...]
    held: tuple[str, ...]


@cache
def groups() -> tuple[Group, ...]:
    """The shipped ones."""
    return tuple(convert_data("variants", "wording.yaml", tuple[Group, ...]))


@cache
def _finder() -> tuple[re.Pattern[str], dict[str, Group]]:
    """One alternation of our own words (no pattern of anybody else), the longest first."""
    owners = {form: group for group in groups() for form in group.say}
    forms = "|".join(map(re.escape, sorted(owners, key=lambda form: (-len(form), form))))
    return re.compile(rf"\b(?:{forms})\b", re.IGNORECASE), owners


def reworded(text: str, chance: Random, side: Side) -> str:
    """``text`` with some of its words replaced; capitals at the beginning of a word are kept."""
    finder, owners = _finder()

    def other(match: re.Match[str]) -> str:
        group = owners[match[0].lower()]
        if chance.random() > SHARE:
            return match[0]
        form = chance.choice(group.learn if side is Side.LEARN else group.held)
        return form[0].upper() + form[1:] if match[0][0].isupper() else form

    return finder.sub(other, text)
