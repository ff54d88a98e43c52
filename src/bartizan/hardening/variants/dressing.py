"""The same text in other dress; a model reads all of these."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType

from bartizan.hardening.variants.side import Side

_LOOK_ALIKES = str.maketrans("aeocpx", "аеосрх")
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
Dress = Callable[[str, Random], str]


def capitals(text: str, chance: Random) -> str:
    """Some words in capitals."""
    return " ".join(word.upper() if chance.random() < 0.3 else word for word in text.split(" "))


def spaced(text: str, chance: Random) -> str:
    """Double spaces here and there."""
    return "".join(letter + " " if letter == " " and chance.random() < 0.3 else letter for letter in text)


def plain_case(text: str, chance: Random) -> str:
    """No capitals."""
    return text.lower()


def title_case(text: str, chance: Random) -> str:
    """Every word with a capital, addresses as they are."""
    return " ".join(word if "/" in word or "@" in word else word[:1].upper() + word[1:] for word in text.split(" "))


def wrapped(text: str, chance: Random) -> str:
    """Broken into short lines."""
    lines, at = [], 0
    words = text.split(" ")
    while at < len(words):
        size = chance.randrange(4, 9)
        lines.append(" ".join(words[at : at + size]))
        at += size
    return "\n".join(lines)


def emphasised(text: str, chance: Random) -> str:
    """Some words in the markdown of emphasis."""
    return " ".join(f"**{word}**" if word.isalpha() and chance.random() < 0.25 else word for word in text.split(" "))


def mistyped(text: str, chance: Random) -> str:
    """Two neighbouring letters swapped in some long words."""
    out = []
    for word in text.split(" "):
        if len(word) > 5 and word.isalpha() and chance.random() < 0.15:
            at = chance.randrange(1, len(word) - 2)
            word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        out.append(word)
    return " ".join(out)


def invisible(text: str, chance: Random) -> str:
    """Zero-width spaces inside some words."""
    out = [
        word[:2] + "\u200b" + word[2:] if word.isalpha() and len(word) > 3 and chance.random() < 0.5 else word
        for word in text.split(" ")
    ]
    return " ".join(out)


def look_alikes(text: str, chance: Random) -> str:
    """Cyrillic letters in some words."""
    return " ".join(
        word.translate(_LOOK_ALIKES) if word.isalpha() and chance.random() < 0.4 else word for word in text.split(" ")
    )


DRESSES: Mapping[Side, tuple[Dress, ...]] = MappingProxyType(
    {
        Side.LEARN: (capitals, spaced, plain_case),
        Side.HELD: (title_case, wrapped, emphasised, mistyped, invisible, look_alikes),
    }
)


def disguises(secret: str) -> tuple[tuple[str, str], ...]:
    """Ways in which a model that was asked to shows a secret, by name; all on the held side."""
    letters = [letter for letter in secret if letter.isalnum()]
    raw = secret.encode()
    return (
        ("plain", secret),
        ("lower", secret.lower()),
        ("title", secret.title()),
        ("spelled", " ".join(secret)),
        ("hyphens", "-".join(letters)),
        ("dots", ".".join(letters)),
        ("lines", "\n".join(letters)),
        ("bold", "".join(f"**{letter}**" for letter in letters)),
        ("backwards", secret[::-1]),
        ("leet", secret.translate(_LEET)),
        ("rot13", codecs.encode(secret, "rot13")),
        ("base64", base64.b64encode(raw).decode()),
        ("base64.of.a.sentence", base64.b64encode(b"The answer is " + raw + b".").decode()),
        ("hex", raw.hex()),
        ("hex.pairs", raw.hex(" ")),
        ("codes", " ".join(str(ord(letter)) for letter in secret)),
        ("percent", "".join(f"%{byte:02X}" for byte in raw)),
    )
