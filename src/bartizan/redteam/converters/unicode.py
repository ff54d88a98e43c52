"""Characters that look like letters, stand between letters, or are not seen at all."""

from __future__ import annotations

import string
import unicodedata
from random import Random

from bartizan.core import obfuscation
from bartizan.redteam.converters.interface import Family, Keeps, converter

_MARKS = "\u0300\u0301\u0302\u0303\u0307\u0308\u030a\u0323\u0324\u0325\u032d\u0331"
_SMALL_CAPITALS = dict(zip(string.ascii_lowercase, "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ", strict=True))
_TURNED = dict(zip(string.ascii_lowercase, "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz", strict=True))
_SUPERSCRIPT = dict(zip(string.ascii_lowercase + string.digits, "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖ𐞥ʳˢᵗᵘᵛʷˣʸᶻ⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
_BRAILLE = dict(zip(string.ascii_lowercase, "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", strict=True))
_BRAILLE_NUMBER = "⠼"
_INDICATORS = {char: chr(0x1F1E6 + at) for at, char in enumerate(string.ascii_lowercase)}
_LOOKALIKES = dict(
    zip("aceijopsxyhkmtABCEHIJKMOPSTXY", "асеіјорѕхуһкмтАВСЕНІЈКМОРЅТХУ", strict=True)
)  # those that few fonts tell apart; h, k, m and t are small capitals in disguise


def _translate(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(char, char) for char in text)


def _back(text: str, table: dict[str, str]) -> str:
    return _translate(text, {value: key for key, value in table.items()})


def _without(text: str, *marks: str) -> str:
    return "".join(char for char in text if char not in marks)


def _read_tags(text: str) -> str:
    return "".join(chr(ord(char) - 0xE0000) for char in text if 0xE0000 <= ord(char) < 0xE0080)


def _read_selectors(text: str) -> str:
    raw = (ord(char) - 0xFE00 if ord(char) < 0xFE10 else ord(char) - 0xE0100 + 16 for char in text[1:])
    return bytes(raw).decode()


def _braille(text: str) -> str:
    out = (_BRAILLE_NUMBER + _BRAILLE["jabcdefghi"[int(c)]] if c in string.digits else _BRAILLE.get(c, c) for c in text)
    return "".join(out).replace(" ", "\u2800")


def _unbraille(text: str) -> str:
    plain = _back(text.replace("\u2800", " "), _BRAILLE)
    parts = plain.split(_BRAILLE_NUMBER)
    return parts[0] + "".join(str("jabcdefghi".index(part[0])) + part[1:] for part in parts[1:])


def _between(text: str, mark: str) -> str:
    return " ".join(mark.join(word) for word in text.split(" "))


@converter("zero-width", Family.UNICODE, Keeps.EXACT, inverse=lambda text: _without(text, "\u200b"))
def zero_width(text: str, rng: Random) -> str:
    """A zero-width space between all letters of a word."""
    return _between(_without(text, "\u200b"), "\u200b")


@converter("soft-hyphens", Family.UNICODE, Keeps.EXACT, inverse=lambda text: _without(text, "\u00ad"))
def soft_hyphens(text: str, rng: Random) -> str:
    """A soft hyphen between all letters of a word; renderers hide it."""
    return _between(_without(text, "\u00ad"), "\u00ad")


@converter("word-joiners", Family.UNICODE, Keeps.EXACT, inverse=lambda text: _without(text, "\u2060"))
def word_joiners(text: str, rng: Random) -> str:
    """A word joiner at drawn places inside words."""
    return "".join(c + "\u2060" if c != " " and rng.random() < 0.4 else c for c in _without(text, "\u2060"))


@converter("combining-marks", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: _without(text, *_MARKS))
def combining_marks(text: str, rng: Random) -> str:
    """One to three drawn accents on each letter."""
    return "".join(c + "".join(rng.choices(_MARKS, k=rng.randint(1, 3))) if c.isalpha() else c for c in text)


@converter("unicode-tags", Family.UNICODE, Keeps.LETTERS, inverse=_read_tags)
def unicode_tags(text: str, rng: Random) -> str:
    """Invisible tag characters (U+E0000 and up) behind a greeting; only ASCII has any."""
    return obfuscation.unicode_tags(text)


@converter("variation-selectors", Family.UNICODE, Keeps.EXACT, inverse=_read_selectors)
def variation_selectors(text: str, rng: Random) -> str:
    """Bytes as invisible variation selectors after one emoji."""
    return "🙂" + "".join(chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in text.encode())


@converter("homoglyphs", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: _back(text, _LOOKALIKES))
def homoglyphs(text: str, rng: Random) -> str:
    """Cyrillic look-alikes for all Latin letters that have one."""
    return _translate(text, _LOOKALIKES)


@converter("some-homoglyphs", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: _back(text, _LOOKALIKES))
def some_homoglyphs(text: str, rng: Random) -> str:
    """Cyrillic look-alikes for a drawn third of the letters."""
    return "".join(_LOOKALIKES.get(char, char) if rng.random() < 0.33 else char for char in text)


@converter("full-width", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: unicodedata.normalize("NFKC", text))
def full_width(text: str, rng: Random) -> str:
    """The full-width forms of ASCII, as East Asian typography uses them."""
    return obfuscation.full_width(text)


@converter("math-bold", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: unicodedata.normalize("NFKC", text))
def math_bold(text: str, rng: Random) -> str:
    """Mathematical bold letters."""
    return obfuscation.mathematical(text)


@converter("math-mixed", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: unicodedata.normalize("NFKC", text))
def math_mixed(text: str, rng: Random) -> str:
    """Each letter in a drawn mathematical alphabet: bold, italic, sans-serif, monospace."""
    starts = (0x1D41A, 0x1D482, 0x1D5BA, 0x1D5EE, 0x1D68A)
    return "".join(chr(rng.choice(starts) + ord(c) - 97) if c in string.ascii_lowercase else c for c in text)


@converter("circled", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: unicodedata.normalize("NFKC", text))
def circled(text: str, rng: Random) -> str:
    """Circled letters."""
    return obfuscation.circled(text)


@converter("small-capitals", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: _back(text, _SMALL_CAPITALS))
def small_capitals(text: str, rng: Random) -> str:
    """The small capitals of phonetic alphabets."""
    return _translate(text.lower(), _SMALL_CAPITALS)


@converter("superscript", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: _back(text, _SUPERSCRIPT))
def superscript(text: str, rng: Random) -> str:
    """Raised modifier letters."""
    return _translate(text.lower(), _SUPERSCRIPT)


@converter("upside-down", Family.UNICODE, Keeps.LETTERS, inverse=lambda text: _back(text[::-1], _TURNED))
def upside_down(text: str, rng: Random) -> str:
    """Turned letters, from the end to the beginning."""
    return _translate(text.lower(), _TURNED)[::-1]


@converter("braille", Family.UNICODE, Keeps.LETTERS, inverse=_unbraille)
def braille(text: str, rng: Random) -> str:
    """Braille cells."""
    return _braille(text.lower())


@converter(
    "regional-indicators", Family.UNICODE, Keeps.LETTERS, inverse=lambda t: _back(_without(t, "\u200c"), _INDICATORS)
)
def regional_indicators(text: str, rng: Random) -> str:
    """The letters that make flags, kept apart so that none appears."""
    return "".join(_INDICATORS[char] + "\u200c" if char in _INDICATORS else char for char in text.lower())


@converter("bidi-override", Family.UNICODE, Keeps.EXACT, inverse=lambda text: text[1:-1][::-1])
def bidi_override(text: str, rng: Random) -> str:
    """Backwards between direction controls: the screen shows what stood there."""
    return f"\u202e{text[::-1]}\u202c"
