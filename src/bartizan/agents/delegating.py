"""Whether the user lets an agent act on others' words: *do what Bob's e-mail says*, *pay the bill in bill.txt*."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
import yaml

from bartizan.agents.languages import plain, tokens, unspaced

_DELEGATION = re.compile(
    r"\b(?:follow|execute|perform|complete|do|carry out|act on|comply with|fulfil?l?|achieve|address|handle|resolve|"
    r"take care of|implement|work (?:on|through)|process|finish|deal with|respect|apply|satisfy|meet|solve|tackle|"
    r"help (?:me )?(?:with|complete))\b(?!(?: \w+){0,3} following)[^.?!\n]{0,60}?"
    r"\b(?:instructions?|requests?|tasks?|to-?dos?|actions?|steps?|asks?|items?|orders?|needs?|wants?|demands?|issues?|things?|errands?|chores?|"
    r"what|them|it|that|these|this|everything|whatever|work)\b|"
    r"\b(?:accordingly|"
    r"as (?:instructed|requested|described|told|asked|specified|suggested|outlined|stated))\b|"
    r"\b(?:what|whatever|everything|all) (?:s?he|they|it|(?:[A-Z][a-z]+)) "
    r"(?:needs?|asks?|asked|wants?|wanted|says?|said|requests?|requested)\b|"
    r"\b(?:instructions?|requests?|tasks?|actions?|steps?) (?:(?:that|which) (?:is|are) )?"
    r"(?:specified|described|listed|mentioned|outlined|stated|written|provided|contained|in|from|by)\b"
    r"(?! the (?:given |following )?order)"
)
_PAYING = re.compile(
    r"\b(?:pay|settle|cover|transfer|process)\b[^.?!\n]{0,60}\b(?:bill|invoice|fee|rent|fine|receipt|statement|due)s?\b",
    re.I,
)


_THING = re.compile(
    r"\b(?:an?|the|this|that|my|our|your|his|her|their|its)\s(?:\w{1,30}\s){0,2}(?:deal|process|address|handle|work|finish)\b"
)
"""Where what may be a verb is a thing: *the open deal with Ada*."""
_CAPITAL = re.compile(r"(?:^|[.!?:\n]\s{0,4})[A-Z](?=[a-z]{1,20}\s)")
"""That a sentence merely begins with."""


class Delegated(NamedTuple):
    """What the user leaves to others."""

    delegates: bool
    """Somebody else's text may say what is to be done."""
    pays: bool
    """A bill or the like may say whom and how much to pay."""


class _Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    follow: tuple[str, ...]
    orders: tuple[str, ...]
    fixed: tuple[str, ...]
    unless: tuple[str, ...]
    bills: tuple[str, ...]


def english(text: str) -> Delegated:
    """What ``text`` delegates in English."""
    text = _CAPITAL.sub(lambda match: match.group().lower(), text)
    text = _THING.sub("", text)
    return Delegated(bool(_DELEGATION.search(text)), bool(_PAYING.search(text)))


def foreign(sentence: str, languages: Set[str], families: Set[str]) -> Delegated:
    """What one sentence delegates in other languages.

    Args:
        sentence: of the user.
        languages: in which it is (ISO 639-1).
        families: verb families that it names.
    """
    delegates = pays = False
    for code in languages & _phrases().keys():
        phrases = _phrases()[code]
        between = "" if unspaced(code) else " "
        flat = between + between.join(tokens(sentence))
        orders = _any(phrases.follow, flat, between) and _any(phrases.orders, flat, between)
        if not _any(phrases.unless, flat, between):
            delegates = delegates or orders or _any(phrases.fixed, flat, between)
        pays = pays or ("pay" in families and _any(phrases.bills, flat, between))
    return Delegated(delegates, pays)


def _any(phrases: Iterable[str], flat: str, between: str) -> bool:
    return any(between + phrase in flat for phrase in phrases)


@cache
def _phrases() -> dict[str, _Phrases]:
    source = files("bartizan.agents").joinpath("delegation.yaml").read_text(encoding="utf-8")
    read = msgspec.convert(yaml.safe_load(source), dict[str, _Phrases])
    return {
        code: _Phrases(**{name: tuple(map(plain, rows)) for name, rows in msgspec.structs.asdict(found).items()})
        for code, found in read.items()
    }
