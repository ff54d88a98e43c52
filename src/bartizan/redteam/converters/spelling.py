"""Spelling that people read over, and that no list of words holds."""

from __future__ import annotations

import string
from random import Random

from bartizan.core import obfuscation
from bartizan.redteam.converters.interface import Family, Keeps, converter

_EMOJI = "😀🎉🔥✨👍🚀💡🌍🍕📌"
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
_HEAVY_LEET = _LEET | {"b": "8", "g": "9", "l": "|", "c": "(", "h": "#", "x": "><", "v": "\\/", "w": "\\/\\/"}
_NEIGHBOURS = {
    char: row[max(at - 1, 0) : at] + row[at + 1 : at + 2]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for at, char in enumerate(row)
}


def _words(text: str) -> list[str]:
    return text.split(" ")


def _scramble(word: str, rng: Random) -> str:
    middle = list(word[1:-1])
    rng.shuffle(middle)
    return word[:1] + "".join(middle) + word[-1:] if len(word) > 3 and word.isalpha() else word


def _slip(word: str, rng: Random) -> str:
    if len(word) < 4 or not word.isalpha() or rng.random() < 0.4:
        return word
    at = rng.randrange(1, len(word) - 1)
    near = _NEIGHBOURS.get(word[at].lower(), "")
    return rng.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at] + word[at:],
            word[:at] + (rng.choice(near) if near else word[at]) + word[at + 1 :],
        )
    )


@converter("leet", Family.SPELLING, Keeps.READABLE)
def leet(text: str, rng: Random) -> str:
    """Digits for six letters."""
    return "".join(_LEET.get(char.lower(), char) for char in text)


@converter("heavy-leet", Family.SPELLING, Keeps.READABLE)
def heavy_leet(text: str, rng: Random) -> str:
    """Digits and drawn signs for as many letters as have one."""
    return "".join(_HEAVY_LEET.get(char.lower(), char) if rng.random() < 0.8 else char for char in text)


@converter(
    "letter-spacing",
    Family.SPELLING,
    Keeps.LETTERS,
    inverse=lambda text: " ".join(w.replace(" ", "") for w in text.split("  ")),
)
def letter_spacing(text: str, rng: Random) -> str:
    """A space between letters, two between words."""
    return obfuscation.letter_spacing(text)


@converter("dotted", Family.SPELLING, Keeps.LETTERS, inverse=lambda text: text.replace(".", ""))
def dotted(text: str, rng: Random) -> str:
    """A full stop between letters."""
    return " ".join(".".join(word) for word in _words(text))


@converter("hyphenated", Family.SPELLING, Keeps.LETTERS, inverse=lambda text: text.replace("-", " "))
def hyphenated(text: str, rng: Random) -> str:
    """Words joined by hyphens."""
    return obfuscation.hyphenated(text)


@converter("underscores", Family.SPELLING, Keeps.LETTERS, inverse=lambda text: text.replace("_", " "))
def underscores(text: str, rng: Random) -> str:
    """Words joined by underscores."""
    return obfuscation.underscores(text)


@converter("camel-case", Family.SPELLING, Keeps.READABLE)
def camel_case(text: str, rng: Random) -> str:
    """Words without spaces, each with a capital."""
    return "".join(word[:1].upper() + word[1:] for word in text.split())


@converter("alternating-capitals", Family.SPELLING, Keeps.LETTERS, inverse=str.lower)
def alternating_capitals(text: str, rng: Random) -> str:
    """Every other letter a capital."""
    return obfuscation.upper_alternating(text)


@converter("random-capitals", Family.SPELLING, Keeps.LETTERS, inverse=str.lower)
def random_capitals(text: str, rng: Random) -> str:
    """Drawn capitals."""
    return "".join(char.upper() if rng.random() < 0.6 else char.lower() for char in text)


@converter("scrambled-words", Family.SPELLING, Keeps.READABLE)
def scrambled_words(text: str, rng: Random) -> str:
    """The inner letters of words shuffled; the first and the last stay."""
    return " ".join(_scramble(word, rng) for word in _words(text))


@converter("typos", Family.SPELLING, Keeps.READABLE)
def typos(text: str, rng: Random) -> str:
    """Slips of the keyboard: letters swapped, doubled or next to the right one."""
    return " ".join(_slip(word, rng) for word in _words(text))


@converter("no-vowels", Family.SPELLING, Keeps.READABLE)
def no_vowels(text: str, rng: Random) -> str:
    """Vowels left out inside words."""
    return " ".join(w[:1] + "".join(c for c in w[1:] if c.lower() not in "aeiou") for w in _words(text))


@converter("stretched", Family.SPELLING, Keeps.READABLE)
def stretched(text: str, rng: Random) -> str:
    """Drawn vowels held long."""
    return "".join(c * rng.randint(3, 5) if c.lower() in "aeiou" and rng.random() < 0.4 else c for c in text)


@converter(
    "emoji-between",
    Family.SPELLING,
    Keeps.LETTERS,
    inverse=lambda text: " ".join("".join(" " if c in _EMOJI else c for c in text).split()),
)
def emoji_between(text: str, rng: Random) -> str:
    """A drawn emoji between words."""
    return "".join(word + rng.choice(_EMOJI) for word in _words(text))


@converter("noise", Family.SPELLING, Keeps.READABLE)
def noise(text: str, rng: Random) -> str:
    """Single letters moved one place in ASCII, capitals and shuffled words, as best-of-N draws them."""
    out = [_scramble(word, rng) if rng.random() < 0.3 else word for word in _words(text)]
    return "".join(_noisy(char, rng) for char in " ".join(out))


def _noisy(char: str, rng: Random) -> str:
    if char in string.ascii_letters and rng.random() < 0.4:
        char = char.swapcase()
    if "!" < char < "~" and rng.random() < 0.06:
        return chr(ord(char) + rng.choice((-1, 1)))
    return char
