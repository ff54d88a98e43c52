"""How people write: greetings, politeness, casing, typing errors, layout. Shared by attacks and harmless texts."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from training.generate.slots import corpus

Habit = Callable[[random.Random, str], str]
LAYOUT_MATTERS = 400
"""From this length on, and in texts of several lines, only habits that leave the layout alone are used."""
NEIGHBOURS = {
    "a": "sq", "e": "wr", "i": "uo", "o": "ip", "t": "ry", "n": "bm", "s": "ad", "r": "et", "l": "k", "d": "sf", "h": "gj",
    "c": "xv", "m": "n", "u": "yi", "p": "o", "g": "fh", "y": "tu",
}  # fmt: skip
SHORT_FORMS = (
    (" you ", " u "),
    (" are ", " r "),
    (" please ", " pls "),
    (" your ", " ur "),
    (" because ", " cuz "),
    (" to ", " 2 "),
    (" for ", " 4 "),
    (" with ", " w/ "),
    (" and ", " n "),
    (" about ", " abt "),
    (" I am ", " im "),
    (" going to ", " gonna "),
    (" want to ", " wanna "),
    ("don't", "dont"),
    ("can't", "cant"),
)


@cache
def _lines(key: str) -> tuple[str, ...]:
    return tuple(corpus("user_style")[key].strip("\n").split("\n"))


def dressed(rng: random.Random, text: str) -> str:
    """``text`` with one or two habits of writing."""
    for _ in range(rng.randint(1, 2)):
        habits = KEEPING if "\n" in text or len(text) > LAYOUT_MATTERS else HABITS
        text = rng.choice(habits)(rng, text)
    return text


def joined(rng: random.Random, first: str, second: str) -> str:
    """Two requests in one message."""
    return first + rng.choice((" ", "\n", "\n\n", "\n\n", " ... ", "\n---\n", "\n\n\n", " Also: ", " ")) + second


def varied(rng: random.Random, text: str, companion: Callable[[], str]) -> str:
    """``text`` as somebody may have sent it: as it is, with habits, or beside a harmless request."""
    if rng.random() < 0.5:
        text = dressed(rng, text)
    if rng.random() < 0.2:
        other = companion()
        if rng.random() < 0.3:
            other = dressed(rng, other)
        text = joined(rng, text, other) if rng.random() < 0.5 else joined(rng, other, text)
    return text


def opened(rng: random.Random, text: str) -> str:
    opening = rng.choice(_lines("openings"))
    lower = rng.random() < 0.4 and text[1:2].islower() and not text.startswith("I ")
    return opening + rng.choice((" ", " ", " ", "\n")) + (text[:1].lower() + text[1:] if lower else text)


def closed(rng: random.Random, text: str) -> str:
    return text + rng.choice((" ", " ", " ", "\n")) + rng.choice(_lines("closings"))


def signed(rng: random.Random, text: str) -> str:
    return text + "\n" + rng.choice(("", "\n", "-- \n")) + rng.choice(_lines("signatures"))


def lowered(_: random.Random, text: str) -> str:
    return text.lower()


def shouted(_: random.Random, text: str) -> str:
    return text.upper() if len(text) < 160 else text


def titled(_: random.Random, text: str) -> str:
    return text.title() if len(text) < 80 and "'" not in text else text


def unpunctuated(rng: random.Random, text: str) -> str:
    marks = rng.choice((".,?!", ",", ".", "?'", ".,;:?!"))
    return "".join(char for char in text if char not in marks)


def mistyped(rng: random.Random, text: str) -> str:
    letters = list(text)
    for _ in range(max(1, len(letters) // rng.choice((25, 40, 70)))):
        at = rng.randrange(len(letters))
        if at + 1 >= len(letters) or not (letters[at].isalpha() and letters[at + 1].isalpha()):
            continue
        kind = rng.random()
        if kind < 0.4:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif kind < 0.6:
            letters[at] = ""
        elif kind < 0.8:
            letters[at] = letters[at] * 2
        elif letters[at] in NEIGHBOURS:
            letters[at] = rng.choice(NEIGHBOURS[letters[at]])
        letters = [letter for letter in letters if letter]
    return "".join(letters)


def shortened(_: random.Random, text: str) -> str:
    for long, short in SHORT_FORMS:
        text = text.replace(long, short)
    return text.replace("You ", "u ").rstrip(".")


def quoted(rng: random.Random, text: str) -> str:
    left, right = rng.choice(
        (('"', '"'), ("'", "'"), ("“", "”"), ("«", "»"), ("> ", ""), ("(", ")"), ("```\n", "\n```"))
    )
    return left + text + right


def exclaimed(rng: random.Random, text: str) -> str:
    return text.rstrip(".?") + rng.choice(("!", "!!", "!!!", "...", "??", " :)", "…"))


def broken(rng: random.Random, text: str) -> str:
    """Line breaks after sentences or in the middle of them."""
    if rng.random() < 0.5:
        return text.replace(". ", rng.choice((".\n", ".\n\n"))).replace("? ", "?\n")
    words = text.split(" ")
    for at in sorted(rng.sample(range(len(words)), min(len(words), 1 + len(words) // 12))):
        words[at] = words[at] + "\n"
    return " ".join(words).replace("\n ", "\n").strip("\n")


def listed(rng: random.Random, text: str) -> str:
    """Sentences as a list."""
    sentences = [part for part in text.replace("? ", "?. ").split(". ") if part]
    if len(sentences) < 2:
        return rng.choice(("- ", "* ", "1. ", "• ", "Q: ")) + text
    mark = rng.choice(("- ", "* ", "", "• "))
    return "\n".join(f"{mark or f'{number}. '}{part}" for number, part in enumerate(sentences, 1))


def emphasised(rng: random.Random, text: str) -> str:
    words = text.split(" ")
    at = rng.randrange(len(words))
    left, right = rng.choice((("**", "**"), ("*", "*"), ("_", "_"), ("`", "`")))
    words[at] = words[at].upper() if rng.random() < 0.5 else left + words[at] + right
    return " ".join(words)


def headed(rng: random.Random, text: str) -> str:
    return rng.choice(_lines("headings")) + rng.choice(("\n", "\n\n", " ")) + text


def spaced(rng: random.Random, text: str) -> str:
    return (
        rng.choice(("  ", "\n", "\t", ""))
        + text.replace(" ", rng.choice(("  ", " ")), 3)
        + rng.choice(("\n", " ", "  ", ""))
    )


KEEPING: tuple[Habit, ...] = (opened, opened, closed, closed, signed, headed, mistyped, emphasised)
HABITS: tuple[Habit, ...] = (
    opened, opened, opened, closed, closed, closed, signed, lowered, lowered, shouted, titled, unpunctuated,
    unpunctuated, mistyped, mistyped, shortened, quoted, exclaimed, broken, listed, emphasised, headed, spaced,
)  # fmt: skip
