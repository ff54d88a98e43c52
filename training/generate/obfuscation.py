"""Disguises of a text, and the harmless decoration that people use."""

from __future__ import annotations

import base64
import codecs
import random
from collections.abc import Callable

from bartizan.inspection.classifier.detector import worth_reading
from bartizan.inspection.views.canonical import canonical_views

LEET = str.maketrans("aeiostl", "4310571")
LOOKALIKES = str.maketrans("aeopcxyiAEOPCXKMTBH", "аеорсхуіАЕОРСХКМТВН")
EMOJI = "😀🎉🔥✨🙏👍🚀💡😅🤔❤️🌍🍕📌✅"
VOWELS = set("aeiouAEIOU")


UNDONE = frozenset(
    ("base64", "hex", "percent", "rot13", "zero_width", "tags", "fullwidth", "mathematical", "reversed", "entities", "escapes")
)  # fmt: skip
"""Disguises that the canonical views take off exactly: the encoder never sees them."""


def disguise(rng: random.Random, text: str) -> tuple[str, str]:
    """The text in a disguise that views leave on, at least in part, and its name; one that changes something, if any."""
    names = [name for name in DISGUISES if name not in UNDONE]
    for name in rng.sample(names, len(names)):
        changed = DISGUISES[name](rng, text)
        if changed != text:
            return changed, name
    return text, ""


def as_read(rng: random.Random, text: str) -> str:
    """The text as the encoder meets it: as it stands, or half of the time what a canonical view makes of it, which is
    often in small letters and without marks."""
    views = worth_reading(canonical_views(text))[0]
    return rng.choice(views[1:]).text if len(views) > 1 and rng.random() < 0.5 else text


def decorate(rng: random.Random, text: str) -> str:
    """The text as people decorate it: emoji, typographic quotes, a fullwidth word, a hashtag."""
    kind = rng.randrange(5)
    words = text.split(" ")
    at = rng.randrange(len(words))
    if kind == 0:
        words.insert(at, rng.choice(EMOJI))
    elif kind == 1:
        return text + " " + "".join(rng.choices(EMOJI, k=rng.randint(1, 4)))
    elif kind == 2:
        words[at] = f"“{words[at]}”"
    elif kind == 3:
        words[at] = _shifted(words[at], 0xFEE0)
    else:
        words.append("#" + words[at].strip(".,!?").lower())
    return " ".join(words)


def _shifted(text: str, by: int) -> str:
    return "".join(chr(ord(char) + by) if "!" <= char <= "~" else char for char in text)


def _each(text: str, change: Callable[[str], str]) -> str:
    return " ".join(change(word) for word in text.split(" "))


def _typos(rng: random.Random, word: str) -> str:
    if len(word) < 4 or rng.random() < 0.5:
        return word
    at = rng.randrange(len(word) - 1)
    return rng.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
    )


def _pig_latin(word: str) -> str:
    for at, char in enumerate(word):
        if char in VOWELS:
            return word[at:] + word[:at] + "ay" if at else word + "way"
    return word


def _hyphens(rng: random.Random, word: str) -> str:
    if len(word) < 5:
        return word
    at = rng.randint(2, len(word) - 2)
    return word[:at] + rng.choice("-·_ ") + word[at:]


def _inside(rng: random.Random, text: str) -> str:
    """The same mark at the same place inside each longer word."""
    mark, at = rng.choice(".-_*·~|'\u00ad\u0323\u200b"), rng.randint(1, 3)
    return _each(text, lambda word: word[:at] + mark + word[at:] if len(word) > at + 1 else word)


def _random_capitals(rng: random.Random, text: str) -> str:
    return "".join(char.upper() if rng.random() < 0.5 else char.lower() for char in text)


DISGUISES: dict[str, Callable[[random.Random, str], str]] = {
    "base64": lambda rng, text: base64.b64encode(text.encode()).decode(),
    "hex": lambda rng, text: text.encode().hex(),
    "percent": lambda rng, text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "rot13": lambda rng, text: codecs.encode(text, "rot13"),
    "leet": lambda rng, text: text.translate(LEET),
    "spaced": lambda rng, text: rng.choice((" ", ".", "-", "_")).join(text),
    "spaced_words": lambda rng, text: ("  ", "   ", " / ")[rng.randrange(3)].join(map(" ".join, text.split())),
    "joined": lambda rng, text: rng.choice("-_._+/|").join(text.split()),
    "inside": _inside,
    "random_capitals": _random_capitals,
    "zero_width": lambda rng, text: rng.choice("\u200b\u200c\u2060").join(text),
    "tags": lambda rng, text: "".join(chr(0xE0000 + ord(char)) if char.isascii() else char for char in text),
    "fullwidth": lambda rng, text: _shifted(text, 0xFEE0),
    "mathematical": lambda rng, text: "".join(
        chr(0x1D41A + ord(char) - 97) if "a" <= char <= "z" else char for char in text
    ),
    "lookalikes": lambda rng, text: text.translate(LOOKALIKES),
    "some_lookalikes": lambda rng, text: _each(
        text, lambda word: word.translate(LOOKALIKES) if rng.random() < 0.3 else word
    ),
    "marks": lambda rng, text: "".join(
        char + ("\u0336" if char.isalpha() and rng.random() < 0.5 else "") for char in text
    ),
    "reversed": lambda rng, text: text[::-1],
    "reversed_words": lambda rng, text: " ".join(reversed(text.split(" "))),
    "words_backwards": lambda rng, text: _each(text, lambda word: word[::-1]),
    "pig_latin": lambda rng, text: _each(text, _pig_latin),
    "alternating": lambda rng, text: "".join(
        char.upper() if number % 2 else char.lower() for number, char in enumerate(text)
    ),
    "typos": lambda rng, text: _each(text, lambda word: _typos(rng, word)),
    "no_vowels": lambda rng, text: "".join(char for char in text if char not in VOWELS or rng.random() < 0.3),
    "emoji": lambda rng, text: _each(text, lambda word: word + rng.choice(EMOJI)),
    "punctuation": lambda rng, text: "".join(
        char + (rng.choice(".,*~|") if char.isalpha() and rng.random() < 0.25 else "") for char in text
    ),
    "entities": lambda rng, text: "".join(f"&#{ord(char)};" for char in text),
    "escapes": lambda rng, text: "".join(f"\\u{ord(char):04x}" if ord(char) < 65536 else char for char in text),
    "hyphens": lambda rng, text: _each(text, lambda word: _hyphens(rng, word)),
    "lines": lambda rng, text: text.replace(" ", "\n"),
    "markdown": lambda rng, text: _each(
        text, lambda word: rng.choice(("**{}**", "_{}_", "`{}`", "{}", "{}")).format(word)
    ),
    "no_spaces": lambda rng, text: text.replace(" ", ""),
}
