"""How people write: greetings, politeness, casing, typing errors. Shared by attacks and harmless texts."""

from __future__ import annotations

import random

OPENINGS = (
    "Hi, ",
    "Hello! ",
    "Hey ",
    "Good evening. ",
    "Dear assistant, ",
    "ok so ",
    "Quick question. ",
    "Please help. ",
    "I need this for work. ",
    "Sorry to bother you. ",
    "Hi there, hope you are well. ",
    "Listen, ",
    "Alright, ",
    "Just curious, ",
    "So ",
    "Well, ",
    "For a school project: ",
    "My manager wants this today. ",
    "I'm new here. ",
    "Thanks for the last answer. ",
)
CLOSINGS = (
    " Thanks!",
    " Thank you in advance.",
    " please",
    " ASAP",
    " Cheers, Sam",
    " This is important.",
    " Take your time.",
    " I appreciate it.",
    " Keep it short.",
    " Be precise.",
    " lol",
    " Let me know.",
    " Don't worry about the length.",
    " Answer in plain English.",
    " :)",
    " thx",
)


def dressed(rng: random.Random, text: str) -> str:
    """``text`` with one or two habits of writing."""
    for _ in range(rng.randint(1, 2)):
        text = rng.choice(HABITS)(rng, text)
    return text


def opened(rng: random.Random, text: str) -> str:
    return rng.choice(OPENINGS) + (text[:1].lower() + text[1:] if rng.random() < 0.4 else text)


def closed(rng: random.Random, text: str) -> str:
    return text + rng.choice(CLOSINGS)


def lowered(_: random.Random, text: str) -> str:
    return text.lower()


def shouted(_: random.Random, text: str) -> str:
    return text.upper() if len(text) < 160 else text


def unpunctuated(_: random.Random, text: str) -> str:
    return text.replace(".", "").replace(",", "").replace("?", "")


def mistyped(rng: random.Random, text: str) -> str:
    letters = list(text)
    for _ in range(max(1, len(letters) // 40)):
        at = rng.randrange(len(letters))
        if at + 1 < len(letters) and letters[at].isalpha() and letters[at + 1].isalpha():
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def quoted(_: random.Random, text: str) -> str:
    return f'"{text}"'


def exclaimed(_: random.Random, text: str) -> str:
    return text.rstrip(".?") + "!!"


HABITS = (opened, opened, closed, closed, lowered, shouted, unpunctuated, mistyped, mistyped, quoted, exclaimed)
