"""Ciphers and alphabets that people learn as a game; the key stands in the text."""

from __future__ import annotations

import codecs
import string
from random import Random

from bartizan.redteam.converters.interface import Family, Keeps, converter

_LOWER = string.ascii_lowercase
_MORSE = dict(
    zip(
        _LOWER + string.digits,
        [
            ".-",
            "-...",
            "-.-.",
            "-..",
            ".",
            "..-.",
            "--.",
            "....",
            "..",
            ".---",
            "-.-",
            ".-..",
            "--",
            "-.",
            "---",
            ".--.",
            "--.-",
            ".-.",
            "...",
            "-",
            "..-",
            "...-",
            ".--",
            "-..-",
            "-.--",
            "--..",
            "-----",
            ".----",
            "..---",
            "...--",
            "....-",
            ".....",
            "-....",
            "--...",
            "---..",
            "----.",
        ],
        strict=True,
    )
)
_NATO = dict(
    zip(
        _LOWER + string.digits,
        [
            "Alfa",
            "Bravo",
            "Charlie",
            "Delta",
            "Echo",
            "Foxtrot",
            "Golf",
            "Hotel",
            "India",
            "Juliett",
            "Kilo",
            "Lima",
            "Mike",
            "November",
            "Oscar",
            "Papa",
            "Quebec",
            "Romeo",
            "Sierra",
            "Tango",
            "Uniform",
            "Victor",
            "Whiskey",
            "X-ray",
            "Yankee",
            "Zulu",
            "Zero",
            "One",
            "Two",
            "Three",
            "Four",
            "Five",
            "Six",
            "Seven",
            "Eight",
            "Nine",
        ],
        strict=True,
    )
)
_KEYS = ("garden", "window", "copper", "violet", "harbour", "lantern")
_SQUARE = "abcdefghijlmnopqrstuvwxyz"


def _shifted(text: str, by: int) -> str:
    table = str.maketrans(
        _LOWER + _LOWER.upper(),
        _LOWER[by:] + _LOWER[:by] + (_LOWER[by:] + _LOWER[:by]).upper(),
    )
    return text.translate(table)


def _keyed(text: str, key: str, sign: int) -> str:
    out: list[str] = []
    at = 0
    for char in text:
        if char.lower() in _LOWER and char.isascii():
            out.append(_shifted(char, sign * _LOWER.index(key[at % len(key)]) % 26))
            at += 1
        else:
            out.append(char)
    return "".join(out)


def _rails(length: int) -> list[int]:
    return sorted(range(length), key=lambda at: (min(at % 4, 4 - at % 4), at))


def _lookup(table: dict[str, str], text: str, word: str, letter: str) -> str:
    back = {value: key for key, value in table.items()}
    return " ".join("".join(back[part] for part in each.split(letter)) for each in text.split(word) if each)


def _spell(table: dict[str, str], text: str, word: str, letter: str) -> str:
    spelled = (letter.join(table[char] for char in each if char in table) for each in text.lower().split())
    return word.join(filter(None, spelled))


def _unrail(text: str) -> str:
    out = [""] * len(text)
    for char, at in zip(text, _rails(len(text)), strict=True):
        out[at] = char
    return "".join(out)


def _uncaesar(text: str) -> str:
    head, _, body = text.partition(": ")
    return _shifted(body, -int(head.rsplit(" ", 1)[1]) % 26)


def _unkey(text: str) -> str:
    head, _, body = text.partition(": ")
    return _keyed(body, head.rsplit(" ", 1)[1], -1)


def _unpig(text: str) -> str:
    return " ".join(
        part[:-3] if part.endswith("yay") and "-" not in part else _unpig_word(part) for part in text.split(" ")
    )


def _unpig_word(word: str) -> str:
    if "-" not in word:
        return word
    body, _, head = word.removesuffix("ay").rpartition("-")
    return head + body


def _pig_word(word: str) -> str:
    if not word or not word.isascii() or not word.isalpha():
        return word
    first = next((at for at, char in enumerate(word) if char.lower() in "aeiou"), len(word))
    return f"{word}yay" if first == 0 else f"{word[first:]}-{word[:first]}ay"


def _atbash(text: str) -> str:
    return text.translate(str.maketrans(_LOWER + _LOWER.upper(), _LOWER[::-1] + _LOWER.upper()[::-1]))


@converter("rot13", Family.CIPHER, Keeps.EXACT, inverse=lambda text: codecs.decode(text, "rot13"))
def rot13(text: str, rng: Random) -> str:
    """ROT13."""
    return codecs.encode(text, "rot13")


@converter("caesar", Family.CIPHER, Keeps.EXACT, inverse=_uncaesar)
def caesar(text: str, rng: Random) -> str:
    """Caesar cipher with a drawn shift that stands before the text."""
    by = rng.choice([n for n in range(2, 25) if n != 13])
    return f"Letters moved forward by {by}: {_shifted(text, by)}"


@converter("atbash", Family.CIPHER, Keeps.EXACT, inverse=_atbash)
def atbash(text: str, rng: Random) -> str:
    """Atbash: a is z, b is y."""
    return _atbash(text)


@converter("vigenere", Family.CIPHER, Keeps.EXACT, inverse=_unkey)
def vigenere(text: str, rng: Random) -> str:
    """Vigenère cipher with a drawn key word that stands before the text."""
    key = rng.choice(_KEYS)
    return f"Vigenère, key {key}: {_keyed(text, key, 1)}"


@converter("rail-fence", Family.CIPHER, Keeps.EXACT, inverse=_unrail)
def rail_fence(text: str, rng: Random) -> str:
    """Rail fence of three rails."""
    return "".join(text[at] for at in _rails(len(text)))


@converter("reversed", Family.CIPHER, Keeps.EXACT, inverse=lambda text: text[::-1])
def reversed_(text: str, rng: Random) -> str:
    """The whole text backwards."""
    return text[::-1]


@converter(
    "reversed-words", Family.CIPHER, Keeps.EXACT, inverse=lambda text: " ".join(w[::-1] for w in text.split(" "))
)
def reversed_words(text: str, rng: Random) -> str:
    """Each word backwards."""
    return " ".join(word[::-1] for word in text.split(" "))


@converter("word-order", Family.CIPHER, Keeps.EXACT, inverse=lambda text: " ".join(text.split(" ")[::-1]))
def word_order(text: str, rng: Random) -> str:
    """The words from last to first."""
    return " ".join(text.split(" ")[::-1])


@converter("pig-latin", Family.CIPHER, Keeps.LETTERS, inverse=_unpig)
def pig_latin(text: str, rng: Random) -> str:
    """Pig Latin, with a hyphen before what moved."""
    return " ".join(_pig_word(word) for word in text.split(" "))


@converter("letter-numbers", Family.CIPHER, Keeps.LETTERS, inverse=lambda text: _lookup(_numbers(), text, " / ", "-"))
def letter_numbers(text: str, rng: Random) -> str:
    """Letters as their place in the alphabet; digits in brackets."""
    return _spell(_numbers(), text, " / ", "-")


def _numbers() -> dict[str, str]:
    return {char: str(at) for at, char in enumerate(_LOWER, 1)} | {digit: f"({digit})" for digit in string.digits}


@converter("morse", Family.CIPHER, Keeps.LETTERS, inverse=lambda text: _lookup(_MORSE, text, " / ", " "))
def morse(text: str, rng: Random) -> str:
    """Morse code (ITU-R M.1677)."""
    return _spell(_MORSE, text, " / ", " ")


@converter("nato", Family.CIPHER, Keeps.LETTERS, inverse=lambda text: _lookup(_NATO, text, ", ", " "))
def nato(text: str, rng: Random) -> str:
    """The spelling alphabet of radio (ICAO)."""
    return _spell(_NATO, text, ", ", " ")


@converter("tap-code", Family.CIPHER, Keeps.READABLE)
def tap_code(text: str, rng: Random) -> str:
    """Tap code: row and column in a square of five, with k written as c."""
    table = {char: f"{at // 5 + 1}{at % 5 + 1}" for at, char in enumerate(_SQUARE)} | {"k": "13"}
    return _spell(table, text, " / ", " ")
