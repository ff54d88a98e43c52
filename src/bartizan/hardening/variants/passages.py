"""Parts of hidden instructions, and the same statement as it may be set."""

from __future__ import annotations

import html
import re
from random import Random

from bartizan.hardening.variants.side import Side
from bartizan.redteam.oracles.leaks import PROMPT_RUN


def part_of(text: str, chance: Random) -> str:
    """Consecutive words of ``text``: as few as a campaign counts as a disclosure, or more, up to all of them."""
    places = [match.span() for match in re.finditer(r"\S+", text)]
    if len(places) <= PROMPT_RUN:
        return text
    number = chance.randint(PROMPT_RUN, len(places))
    first = chance.randint(0, len(places) - number)
    return text[places[first][0] : places[first + number - 1][1]]


def typeset(statement: str, side: Side) -> tuple[tuple[str, str], ...]:
    """Settings of a statement, with their names. The learning side has two of its own."""
    bare = statement.rstrip(" .!")
    if side is Side.LEARN:
        return (("plain", statement), ("bold", f"**{statement}**"))
    words = statement.split()
    middle = len(words) // 2
    return (
        ("plain", statement),
        ("exclaimed", f"{bare}!"),
        ("bare", bare),
        ("capitals", statement.upper()),
        ("lower", statement.lower()),
        ("title", statement.title()),
        ("italic", f"*{statement}*"),
        ("html", f"<p><strong>{html.escape(statement)}</strong></p>"),
        ("quoted", f"\u201c{statement}\u201d"),
        ("spaced", "  ".join(words)),
        ("broken", " ".join(words[:middle]) + "\n" + " ".join(words[middle:])),
        ("emphasis", " ".join(f"*{word}*" if at % 3 == 0 else word for at, word in enumerate(words))),
        ("comma", " ".join(words[:middle]) + ", " + " ".join(words[middle:])),
        ("non-breaking", "\u00a0".join(words)),
    )
