"""Other hosts, mailboxes, people and numbers: what an attacker changes first."""

from __future__ import annotations

import re
from functools import cache
from random import Random

import msgspec

from bartizan.hardening.data import convert_data
from bartizan.hardening.variants.side import Side

_HOST = re.compile(r"(?<=://)[A-Za-z0-9.-]{4,120}")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_PERSON = re.compile(r"\b[A-Z][a-z]{2,15} [A-Z][a-z]{2,15}\b")
_NUMBER = re.compile(r"\d{3,}")


class _Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    learn: tuple[str, ...]
    held: tuple[str, ...]

    def of(self, side: Side) -> tuple[str, ...]:
        return self.learn if side is Side.LEARN else self.held


class _Slots(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hosts: _Pair
    people: _Pair
    mailboxes: _Pair


@cache
def _slots() -> _Slots:
    slots: _Slots = convert_data("variants", "slots.yaml", _Slots)
    return slots


def replacements(texts: tuple[str, ...], keep: tuple[str, ...], chance: Random, side: Side) -> dict[str, str]:
    """Old to new, to be applied to every text of an exchange alike.

    Args:
        texts: where slots are looked for.
        keep: what must stay as it is, such as the application's own secret.
        chance: chooses.
        side: whose material is used.
    """
    slots = _slots()
    out: dict[str, str] = {}
    whole = "\n".join(texts)
    for host in _HOST.findall(whole):
        out[host] = chance.choice(slots.hosts.of(side))
    for mail in _MAIL.findall(whole):
        out[mail] = f"{chance.choice(slots.mailboxes.of(side))}@{chance.choice(slots.hosts.of(side))}"
    for person in _PERSON.findall(whole):
        out[person] = chance.choice(slots.people.of(side))
    for number in _NUMBER.findall(whole):
        out.setdefault(number, _digits(len(number), chance, side))
    return {old: new for old, new in out.items() if not any(old in one or one in old for one in keep)}


def _digits(length: int, chance: Random, side: Side) -> str:
    """A number of one side: an even last digit where candidates are made, an odd one where they are tried."""
    last = 2 * chance.randrange(5) + (side is Side.HELD)
    return "".join(str(chance.randrange(10)) for _ in range(length - 1)) + str(last)


def replaced(text: str, mapping: dict[str, str]) -> str:
    """``text`` with every key of ``mapping`` replaced, the longest first, each place once."""
    if not mapping:
        return text
    finder = re.compile("|".join(map(re.escape, sorted(mapping, key=lambda key: (-len(key), key)))))
    return finder.sub(lambda match: mapping[match[0]], text)


def other_value(value: str, known: tuple[str, ...], chance: Random) -> str:
    """A known value of the same kind: an address for an address, a number for a number."""
    alike = [one for one in known if ("@" in one) == ("@" in value)]
    return chance.choice(alike) if alike else value


def respelled(value: str, chance: Random) -> str:
    """The same value as people also write it: an address in capitals, a number's groups parted otherwise."""
    if "@" in value:
        return chance.choice((value, value.upper(), value.capitalize()))
    groups = re.findall(r"[0-9A-Za-z]+", value)
    return chance.choice((value, "".join(groups), " ".join(groups), "-".join(groups), ".".join(groups)))
