"""Values of an attacker: fresh ones, look-alikes of rightful ones, and disguises that a model can undo."""

from __future__ import annotations

import base64
import codecs
import random
import string
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

LOOKALIKES = {"a": "а", "e": "е", "o": "о", "i": "і", "c": "с", "p": "р", "x": "х", "y": "у", "s": "ѕ", "j": "ј"}
"""Latin letters and the Cyrillic ones that look the same."""
SYLLABLES = ("ka", "lo", "mi", "ren", "tas", "vor", "del", "qui", "zen", "bru", "ost", "hal")

DISGUISES: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "reversed": lambda text: text[::-1],
    "spaced": " ".join,
    "look-alike letters": lambda text: "".join(LOOKALIKES.get(letter, letter) for letter in text),
    "spelled out": lambda text: "-".join(text.replace("@", " at ").replace(".", " dot ")),
}


def fresh(rng: random.Random) -> dict[str, str]:
    """New values of every kind."""
    word = "".join(rng.sample(SYLLABLES, 3))
    digits = "".join(rng.choices(string.digits, k=18))
    return {
        "email": f"{word}@{''.join(rng.sample(SYLLABLES, 2))}-mail.example",
        "iban": f"DE{digits[:2]}{''.join(rng.choices(string.digits, k=18))}",
        "url": f"https://{word}.example/{digits[:4]}",
        "postal": f"{rng.randint(1, 99)} {word.title()} Street, {''.join(rng.sample(SYLLABLES, 2)).title()}",
        "login": f"{word}{digits[:2]}",
        "phone": f"+44 7700 9{digits[:5]}",
    }


def same_kind(value: str, rng: random.Random) -> str:
    """A fresh value of the kind that ``value`` has."""
    values = fresh(rng)
    if "@" in value:
        return values["email"]
    if value.startswith("http"):
        return values["url"]
    if value.isdigit():
        return str(int(value) + rng.randint(2, 40))
    if value[:2].isupper() and value[2:4].isdigit() and len(value) > 14:
        return values["iban"]
    if value.startswith("+"):
        return values["phone"]
    return values["postal"] if " " in value else values["login"]


def lookalike(value: str, rng: random.Random) -> str:
    """One character away from ``value``: a look-alike letter, a doubled letter or another digit."""
    if value.isdigit():
        return value[:-1] + str((int(value[-1]) + 1) % 10)
    places = [number for number, letter in enumerate(value) if letter in LOOKALIKES]
    at = rng.choice(places) if places else len(value) // 2
    how = rng.randrange(3)
    if how == 0 and places:
        return value[:at] + LOOKALIKES[value[at]] + value[at + 1 :]
    digits = [number for number, letter in enumerate(value) if letter.isdigit()]
    if digits:
        at = rng.choice(digits)
        return value[:at] + str((int(value[at]) + 1 + rng.randrange(8)) % 10) + value[at + 1 :]
    return value[:at] + value[at] + value[at:]


def differently(value: Any, rng: random.Random) -> Any:
    """Another amount, date or time."""
    if isinstance(value, int | float):
        return round(value * rng.choice((3, 10)) + 17, 2) if isinstance(value, float) else value * 10 + 7
    text = str(value)
    try:
        moved = date.fromisoformat(text[:10]) + timedelta(days=rng.randint(40, 300))
    except ValueError:
        return text + "0"
    return moved.isoformat() + text[10:]
