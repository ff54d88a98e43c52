"""The words by which people and tools name the same things."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
import yaml

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PAYING = re.compile(
    r"\bcheck(?:ing)?\sout\b(?=[^.?!\n]{0,40}\b(?:cart|basket|bag|order|items?|products?|rest|them|it)\b)", re.I
)
_BETWEEN = r"(?:\s[^\s.,;:?!]{1,30}){1,4}\s"
"""Words inside a phrase."""
_HYPHEN = re.compile(r"(?<=[^\W_]{2})-")
"""Between words, not in *e-mail*."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+|(?<=[A-Za-z])(?=[0-9])")


class Lexicon(msgspec.Struct, frozen=True):
    """Families of verbs, concepts of nouns, the nouns that a verb implies, and words by which keys are told apart."""

    families: dict[str, tuple[str, ...]]
    nouns: dict[str, tuple[str, ...]]
    implied: dict[str, tuple[str, ...]]
    phrases: dict[str, tuple[str, ...]]
    deeds: dict[str, tuple[str, ...]]
    sets: dict[str, tuple[str, ...]]


class _Index(msgspec.Struct, frozen=True):
    families: dict[str, frozenset[str]]
    nouns: dict[str, frozenset[str]]
    implied: dict[str, frozenset[str]]
    deeds: dict[str, frozenset[str]]
    verbs: frozenset[str]
    """As they are written."""


def words(text: str) -> list[str]:
    """The words of ``text`` in lower case, in order; apostrophes and hyphens stay inside a word, *check out* is one."""
    return [word.casefold() for word in _WORD.findall(_PAYING.sub("checkout", text) if "out" in text else text)]


def name_words(name: str) -> list[str]:
    """The words of an identifier: ``sendMoney``, ``send_money`` and ``send-money`` alike."""
    if "-" in name:
        name = _HYPHEN.sub("_", name)
    return [word for part in _CAMEL.split(name) for word in words(part)]


def content_words(text: str) -> frozenset[str]:
    """Folded words of ``text`` that carry meaning."""
    stop = word_set("stopwords")
    return frozenset(folded(word) for word in words(text) if word not in stop and len(word) > 1)


@lru_cache(maxsize=65_536)
def folded(word: str) -> str:
    """``word`` without plural, tense and possessive, roughly: for comparison only, not for reading."""
    if word.endswith(("'s", "’s")):
        word = word[:-2]
    if len(word) > 6 and word.endswith("ings"):
        word = word[:-1]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        return _undouble(word[:-3])
    if len(word) > 4 and word.endswith("ed"):
        return _undouble(word[:-2])
    if len(word) > 4 and word.endswith(("ses", "xes", "ches", "shes", "zes")):
        return word[:-2].removesuffix("e")
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def _undouble(stem: str) -> str:
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "ls":
        return stem[:-1]
    return stem.removesuffix("e") if len(stem) > 3 else stem


def families_of(found: Iterable[str]) -> frozenset[str]:
    """Families of the verbs among ``found``."""
    index = _index().families
    return frozenset().union(*(index.get(folded(word), frozenset()) for word in found))


def nouns_of(found: Iterable[str]) -> frozenset[str]:
    """Concepts that ``found`` name."""
    index = _index().nouns
    return frozenset().union(*(index.get(folded(word), frozenset()) for word in found))


def addressed(found: Iterable[str]) -> bool:
    """Whether one of ``found`` says by itself that somebody is to be told something: *ask the seller*."""
    return not word_set("addressing").isdisjoint(found)


def implied_by(found: Iterable[str]) -> frozenset[str]:
    """Concepts that the verbs among ``found`` imply, as *pay* implies money."""
    index = _index().implied
    return frozenset().union(*(index.get(folded(word), frozenset()) for word in found))


def deeds_of(found: Iterable[str]) -> frozenset[str]:
    """Families of the deeds that nouns among ``found`` name, as *payment* names that of *pay*."""
    index = _index().deeds
    return frozenset().union(*(index.get(folded(word), frozenset()) for word in found))


def spelled(text: str) -> str:
    """``text`` with the verb of each phrase as the one that the phrase means: *get me* is *buy me*."""
    pattern, meant = _phrases()
    return pattern.sub(lambda match: " ".join([meant[match.lastgroup or ""], *match.group().split()[1:]]), text)


def is_verb(word: str) -> bool:
    """Whether ``word`` is one of the lexicon's verbs."""
    return folded(word) in _index().families


def is_imperative(word: str) -> bool:
    """Whether ``word`` is a verb as one commands with it: *send*, neither *sends* nor *sending*."""
    return word in _index().verbs


@cache
def word_set(name: str) -> frozenset[str]:
    """The words of one set of the lexicon. Raises KeyError if there is none."""
    return frozenset(_lexicon().sets[name])


@cache
def folded_set(name: str) -> frozenset[str]:
    """The same, folded."""
    return frozenset(map(folded, _lexicon().sets[name]))


@cache
def _lexicon() -> Lexicon:
    source = files("bartizan.agents").joinpath("lexicon.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(source), Lexicon)


@cache
def _phrases() -> tuple[re.Pattern[str], dict[str, str]]:
    rows = list(_lexicon().phrases.items())
    kinds = {f"k{number}": word for number, (word, _) in enumerate(rows)}
    groups = (
        f"(?P<k{number}>{'|'.join(_BETWEEN.join(map(_spaced, phrase.split(' … '))) for phrase in phrases)})"
        for number, (_, phrases) in enumerate(rows)
    )
    return re.compile(rf"\b(?:{'|'.join(groups)})\b", re.IGNORECASE), kinds


def _spaced(phrase: str) -> str:
    return r"\s".join(map(re.escape, phrase.split()))


@cache
def _index() -> _Index:
    lexicon = _lexicon()
    return _Index(
        families=_inverted(lexicon.families),
        nouns=_inverted(lexicon.nouns),
        implied={folded(word): frozenset(concepts) for word, concepts in lexicon.implied.items()},
        deeds=_inverted(lexicon.deeds),
        verbs=frozenset(word for members in lexicon.families.values() for word in members),
    )


def _inverted(rows: dict[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row, members in rows.items():
        for word in members:
            found.setdefault(folded(word), set()).add(row)
    return {word: frozenset(names) for word, names in found.items()}
