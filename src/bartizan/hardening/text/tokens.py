"""A folded text as units: words, numbers, addresses and the marks of markup."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import msgspec

from bartizan.hardening.data import convert_data
from bartizan.hardening.variants.wording import groups
from bartizan.inspection.common_words import COMMON_WORDS

MOST_UNITS = 400
_UNIT = re.compile(
    r"(?P<url>https?://[^\s<>\"')\]]{1,300})|(?P<mail>[\w.+-]{1,64}@[\w.-]{3,100})"
    r"|(?P<token><\|[a-z_]{1,20}\|>|<!--|-->|\[/?inst\]|!\[|\]\()|(?P<number>\d+)|(?P<word>[^\W\d_]+)"
)
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")


class _Marks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    strong: frozenset[str]
    order: frozenset[str]


@cache
def _marks() -> _Marks:
    marks: _Marks = convert_data("text", "marks.yaml", _Marks)
    return marks


class Unit(NamedTuple):
    """One unit of a text."""

    kind: str
    """``word``, ``number``, ``url``, ``mail`` or ``token``."""
    text: str
    regex: str
    """RE2 that stands for it and what may stand in its place."""
    mark: int
    """2: gives an attack away, alone; 1: together with another one; 0: ordinary."""
    common: bool
    """Turns up in most texts."""
    replaceable: bool
    """The thesaurus knows other words for it."""


def units(folded: str) -> tuple[Unit, ...]:
    """The first 400 units of a folded text."""
    out: list[Unit] = []
    for match in _UNIT.finditer(folded):
        if len(out) == MOST_UNITS:
            break
        kind = match.lastgroup or "word"
        text = match[0]
        known = kind == "word" and text in _replaceable()
        out.append(Unit(kind, text, _regex(kind, text), _mark(kind, text), _common(kind, text), known))
    return tuple(out)


def literal(text: str) -> str:
    """RE2 for exactly ``text``: every sign that means something is escaped."""
    return _META.sub(r"\\\g<0>", text)


def suspicious(found: tuple[Unit, ...] | list[Unit]) -> bool:
    """Whether units hold what an ordinary text does not: one strong mark, or two different weak ones."""
    return any(unit.mark == 2 for unit in found) or len({unit.text for unit in found if unit.mark == 1}) >= 2


def _regex(kind: str, text: str) -> str:
    if kind == "word":
        forms = _alternatives().get(text, (text,))
        return literal(forms[0]) if len(forms) == 1 else "(?:" + "|".join(map(literal, forms)) + ")"
    return {"number": r"\d+", "url": r"https?://\S{1,300}", "mail": r"\S{1,64}@\S{1,100}"}.get(kind, literal(text))


@cache
def _alternatives() -> dict[str, tuple[str, ...]]:
    """For single words, what the learning side of the thesaurus puts in their place."""
    out: dict[str, tuple[str, ...]] = {}
    for group in groups():
        forms = (*group.say, *group.learn)
        for form in forms:
            if " " not in form:
                out.setdefault(form, (form, *(other for other in forms if other != form)))
    return out


@cache
def _replaceable() -> frozenset[str]:
    return frozenset(word for group in groups() for form in group.say for word in form.split())


def _mark(kind: str, text: str) -> int:
    marks = _marks()
    if kind == "token":
        return 2 if text.startswith(("<|", "[")) else 1
    if kind != "word":
        return 0
    return 2 if text in marks.strong else 1 if text in marks.order else 0


def _common(kind: str, text: str) -> bool:
    return kind in {"number", "mail", "url"} or (kind == "word" and (len(text) < 3 or text in COMMON_WORDS))
