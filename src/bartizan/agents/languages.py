"""Deeds and things as users of other languages name them.

A sentence is read in the languages of which it shows signs, and in English beside them, so that mixed sentences are
read whole. What it says in a language that is not recognised licenses nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Set
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
import yaml

from bartizan.agents.lexicon import families_of, implied_by, is_imperative, nouns_of, word_set, words

UNKNOWN = "unknown"
"""Stands for words in no language that is read here."""
_SIGNS = 2
"""Function words by which a sentence is taken for a language that shares its script with others."""
_FEW = 3
"""A sentence of so few words need not show its language."""
_TOKEN = re.compile(
    r"[^\s.,;:!?\"\u201c\u201d\u00ab\u00bb()\[\]{}<>/|*#\u2026\u00a1\u00bf\u0964\u060c\u061b\u061f\u3001\u3002\uff0c\uff01\uff1f\uff1a\uff1b]+"
)
_ARABIC = str.maketrans({"\u0649": "\u064a", "\u0629": "\u0647"})
"""Alif maqsura as ya, ta marbuta as ha."""
_SHORTEST = 2
_LONGEST = 14


class Spoken(NamedTuple):
    """What one sentence says."""

    families: frozenset[str]
    nouns: frozenset[str]
    languages: frozenset[str]
    """Codes of ISO 639-1, or `UNKNOWN`."""


class _Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signs: tuple[str, ...]
    families: dict[str, tuple[str, ...]]
    nouns: dict[str, tuple[str, ...]]
    unspaced: bool = False


class _Stems(NamedTuple):
    families: Mapping[str, frozenset[str]]
    nouns: Mapping[str, frozenset[str]]


def spoken(sentence: str, first: int = 0) -> Spoken:
    """The deeds and things that ``sentence`` names, and in which languages.

    Args:
        sentence: of anybody.
        first: look for deeds in other languages than English among so many first words alone; 0: among all.
    """
    found, bare = words(sentence), tokens(sentence)
    seen = recognised(bare)
    verbs = found if "en" in seen else [word for word in found if not nouns_of([word])]
    if not first:
        verbs = [word for word in verbs if not _of_others(word)]
    families, nouns = families_of(verbs), nouns_of(found) | implied_by(verbs)
    for code in seen - {"en", UNKNOWN}:
        stems = _stems()[code]
        meant = _inside if _languages()[code].unspaced else _beginning
        families |= meant(bare[: first or len(bare)], stems.families)
        nouns |= meant(bare, stems.nouns)
    return Spoken(families, nouns, seen)


def _of_others(word: str) -> bool:
    """Whether ``word`` tells what somebody does, and so asks for nothing: *the letter announces a new rent*."""
    told = len(word) > 4 and word.endswith("s") and not word.endswith("ss")
    return told and not is_imperative(word) and not nouns_of([word])


def tokens(sentence: str) -> list[str]:
    """The words of ``sentence`` as `plain` gives them; those that begin with Arabic's *and* also without it."""
    found = [word for word in map(plain, _TOKEN.findall(sentence)) if word]  # a mark alone is no word
    return found + [word[1:] for word in found if word[0] == "\u0648" and len(word) > _FEW]


def recognised(bare: list[str]) -> frozenset[str]:
    """The languages of which the words, as `tokens` gives them, show signs."""
    text = "".join(bare)
    ascii_only = text.isascii()
    shown: dict[str, Set[str]] = {}
    for code, language in _languages().items():
        if language.unspaced:
            signs = set() if ascii_only else {sign for sign in language.signs if sign in text}
        else:
            signs = set(_signs()[code].intersection(bare))
        if len(signs) >= _SIGNS or (signs and len(bare) <= _FEW):
            shown[code] = signs
    most = max(map(len, shown.values()), default=0)
    seen = {code for code, signs in shown.items() if len(signs) == most}
    spent = frozenset().union(*(shown[code] for code in seen))
    seen |= {code for code, signs in shown.items() if len(signs - spent) >= _SIGNS}  # related languages share words
    english = len(word_set("stopwords").intersection(bare))
    known = any(map(_english, bare))
    if english > _SIGNS or (known and (english >= _SIGNS or (not seen and (english or ascii_only)))):
        seen.add("en")
    if not seen and any(letter.isalpha() for letter in text):
        seen.add(UNKNOWN)
    return frozenset(seen)


def unspaced(code: str) -> bool:
    """Whether the language is written without spaces between words."""
    return _languages()[code].unspaced


def _english(word: str) -> bool:
    return bool(families_of([word]) or nouns_of([word]))


@cache
def _languages() -> dict[str, _Language]:
    source = files("bartizan.agents").joinpath("languages.yaml").read_text(encoding="utf-8")
    read = yaml.load(source, yaml.BaseLoader)  # noqa: S506 - to the other loaders, "no" and "y" are no words
    return msgspec.convert(read, dict[str, _Language], strict=False)


@cache
def _signs() -> dict[str, frozenset[str]]:
    """Without what English uses as well, which would make English sentences Portuguese ones."""
    english = word_set("stopwords")
    return {code: frozenset(map(plain, language.signs)) - english for code, language in _languages().items()}


@cache
def _stems() -> dict[str, _Stems]:
    return {
        code: _Stems(_inverted(language.families), _inverted(language.nouns)) for code, language in _languages().items()
    }


def _inverted(rows: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row, stems in rows.items():
        for stem in stems:
            found.setdefault(plain(stem), set()).add(row)
    return {stem: frozenset(names) for stem, names in found.items()}


def _beginning(bare: list[str], stems: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """What the longest stems mean with which words begin."""
    found: set[str] = set()
    for word in bare:
        for end in range(min(len(word), _LONGEST), _SHORTEST - 1, -1):
            if word[:end] in stems:
                found |= stems[word[:end]]
                break
    return frozenset(found)


def _inside(bare: list[str], stems: Mapping[str, frozenset[str]]) -> frozenset[str]:
    flat = "".join(bare)
    return frozenset().union(*(meant for stem, meant in stems.items() if stem in flat))


def plain(word: str) -> str:
    """``word`` without case, accents and other marks on letters, with the plain forms of Arabic letters."""
    if word.isascii():
        return word.casefold()
    bare = "".join(one for one in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(one))
    return unicodedata.normalize("NFC", bare).translate(_ARABIC)
