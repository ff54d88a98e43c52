"""Which language a text seems to be in: a label for baselines, from its letters and its commonest words.

It is a guess that costs microseconds and keeps nothing of the text. Whoever writes the text can choose it, so nothing
is decided by it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from types import MappingProxyType
from typing import Final

CHARACTERS: Final = 200
"""From the start of the text; letters further on do not count."""
LEAST_LETTERS: Final = 12
LEAST_WORDS: Final = 2
"""Different common words of a language that a text must hold to be taken for it."""

_WORDS: Final = re.compile(r"[^\W\d_]+")
_COMMON: Final = MappingProxyType(
    {
        "da": "og det er en til på med ikke jeg der af som har vi kan hvad hvordan mig fra",
        "de": "der die das und ist nicht ich ein eine den mit wie für auf sie es von zu bitte kann was wir dem",
        "en": "the of and to in is you that it for with this are what how my be on can please me from your i have",
        "es": "el la los las de que y en un una es por para con cómo qué mi del se no lo más está son",
        "fi": "ja on ei se että mutta kun ole mitä miten tämä minun voit ovat niin myös kuin",
        "fr": "le la les des est et un une que pour dans je vous avec ce pas sur comment mon du au qui nous sont",
        "hu": "az és hogy nem egy ez van meg mit hogyan kérem vagy csak de ha mi",
        "it": "il lo gli che di un una per con come mi non è sono del della questo nel più cosa si anche",
        "nl": "de het een en van is ik niet dat op met voor hoe wat je zijn te aan er mijn deze kan",
        "pl": "i w nie na się jest że do to jak co dla z mi czy proszę jestem są po tego",
        "pt": "o os as que de em um uma para com como não é por mais do da no na meu você são está",
        "ro": "și este nu un o care de la în pe cu ce cum pentru mai sunt din să vă",
        "sv": "och det är en att på för med inte jag som av har vi kan hur vad mig till från den",
        "tr": "ve bir bu için ne nasıl mi da de ile çok olan var lütfen bana olarak daha değil",
        "vi": "và là của có không tôi cho một những được trong với như các này người bạn thế nào",
        "id": "dan yang di untuk dengan ini itu tidak saya apa bagaimana adalah dari ke pada bisa anda",
    }
)
_OWNERS: Final = MappingProxyType(
    {
        word: frozenset(code for code, words in _COMMON.items() if word in words.split())
        for word in {word for words in _COMMON.values() for word in words.split()}
    }
)
_SCRIPTS: Final = (
    ("und-Grek", "\u0370", "\u03ff"), ("und-Cyrl", "\u0400", "\u052f"), ("hy", "\u0530", "\u058f"),
    ("he", "\u0590", "\u05ff"), ("und-Arab", "\u0600", "\u077f"), ("und-Deva", "\u0900", "\u097f"),
    ("bn", "\u0980", "\u09ff"), ("pa", "\u0a00", "\u0a7f"), ("gu", "\u0a80", "\u0aff"), ("ta", "\u0b80", "\u0bff"),
    ("te", "\u0c00", "\u0c7f"), ("kn", "\u0c80", "\u0cff"), ("ml", "\u0d00", "\u0d7f"), ("si", "\u0d80", "\u0dff"),
    ("th", "\u0e00", "\u0e7f"), ("lo", "\u0e80", "\u0eff"), ("bo", "\u0f00", "\u0fff"), ("my", "\u1000", "\u109f"),
    ("ka", "\u10a0", "\u10ff"), ("ko", "\u1100", "\u11ff"), ("am", "\u1200", "\u137f"), ("km", "\u1780", "\u17ff"),
    ("ja", "\u3040", "\u30ff"), ("und-Hani", "\u3400", "\u9fff"), ("ko", "\uac00", "\ud7af"),
)  # fmt: skip
"""A language where only one is commonly written in the script, else the script. Source: Unicode 16.0, Blocks.txt."""


_STARTS: Final = tuple(first for _, first, _ in _SCRIPTS)


def language_of(text: str) -> str:
    """A BCP 47 tag: ``de``, or ``und-Cyrl`` where only the script is known; empty for too few letters, or none known.

    Of several languages in one text, the one that most of its first letters are in.
    """
    words = _WORDS.findall(text[:CHARACTERS])
    letters = sum(map(len, words))
    if letters < LEAST_LETTERS:
        # Han, Kana and Hangul say in a few characters what takes others a sentence.
        return _script(words, letters) if letters >= 2 and not "".join(words).isascii() else ""
    latin = [word for word in words if word[0] < "\u0250" or "\u1e00" <= word[0] <= "\u1eff"]
    if sum(map(len, latin)) * 2 < letters:
        return _script(words, letters)
    shown: dict[str, set[str]] = {}
    for word in latin:
        low = word.lower()
        for code in _OWNERS.get(low, ()):
            shown.setdefault(code, set()).add(low)
    if not shown:
        return "und-Latn"
    # A word that fewer languages share says more.
    ranked = sorted(((sum(1 / len(_OWNERS[word]) for word in found), code) for code, found in shown.items()))
    weight, code = ranked[-1]
    clear = len(ranked) == 1 or weight > ranked[-2][0]
    return code if clear and len(shown[code]) >= LEAST_WORDS else "und-Latn"


def _script(words: list[str], letters: int) -> str:
    counts: dict[str, int] = {}
    for character, many in Counter("".join(words)).items():
        tag, _, last = _SCRIPTS[bisect_right(_STARTS, character) - 1]
        if character <= last and character >= _STARTS[0]:
            counts[tag] = counts.get(tag, 0) + many
    if not counts:
        return ""
    if counts.get("ja", 0) * 10 >= letters:  # Japanese mixes Kana with Han
        return "ja"
    tag = max(counts, key=lambda one: (counts[one], one))
    return tag if counts[tag] * 2 >= letters else ""
