"""Evasion of text classifiers: words that matter are changed until the score falls, and a person still reads the same.

Deletion scores and character edits: Gao et al., "Black-box generation of adversarial text sequences to evade deep
learning classifiers" (DeepWordBug), SPW 2018, and Li et al., "TextBugger", NDSS 2019; word substitutions: Jin et al.,
"Is BERT really robust?" (TextFooler), AAAI 2020, from a list that the caller may replace.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Score: TypeAlias = Callable[[str], float]
"""A text to the score of the class that the attacker wants to leave, in [0, 1]."""

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ignore": ("skip", "set aside", "pay no heed to", "leave out"),
    "disregard": ("skip", "set aside", "pass over"),
    "forget": ("let go of", "put away", "drop"),
    "instructions": ("guidance", "directions", "what you were told", "notes"),
    "instruction": ("guidance", "direction", "note"),
    "previous": ("earlier", "prior", "former"),
    "above": ("earlier", "preceding"),
    "all": ("every one of", "each of", "the whole of"),
    "rules": ("guidelines", "conventions", "norms"),
    "system": ("underlying", "base", "initial"),
    "prompt": ("text", "briefing", "opening message"),
    "reveal": ("share", "show", "read out"),
    "show": ("display", "present", "give"),
    "print": ("write out", "type", "list"),
    "send": ("forward", "pass on", "mail"),
    "delete": ("remove", "clear", "erase"),
    "password": ("passphrase", "login word", "access word"),
    "secret": ("hidden", "private", "confidential"),
    "pretend": ("act as though", "imagine", "suppose"),
    "act": ("behave", "perform", "speak"),
    "must": ("should", "ought to", "need to"),
    "now": ("at this point", "from here on", "today"),
    "new": ("fresh", "updated", "other"),
    "without": ("with no", "lacking", "free of"),
    "restrictions": ("limits", "bounds", "constraints"),
    "execute": ("carry out", "perform", "do"),
    "tell": ("let know", "inform", "say to"),
    "repeat": ("say again", "restate", "echo"),
    "override": ("supersede", "replace", "outrank"),
    "bypass": ("go around", "get past", "avoid"),
    "developer": ("maintainer", "engineer", "builder"),
    "mode": ("setting", "state", "way of working"),
}
"""English words of orders with others that say the same; small, written for this purpose."""

_LOOKALIKES: Final = {"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "x": "х", "i": "і", "y": "у", "s": "ѕ"}
_NEIGHBOURS: Final = dict(zip("abcdefghijklmnopqrstuvwxyz", "svxsrghjoklknmpowtdyubezuz", strict=True))
"""On an English keyboard."""


@dataclass(frozen=True, slots=True)
class Evaded:
    """The best text found."""

    text: str
    score: float
    before: float
    """Score of the untouched text."""
    changed: int
    """Words that differ."""
    words: int
    queries: int


def characters(word: str, rng: random.Random) -> Iterator[str]:
    """Swap, drop, double, neighbour on the keyboard, lookalike, and a split by a hyphen; inner letters alone."""
    if len(word) < 3 or not word.isalpha():
        return
    at = rng.randrange(1, len(word) - 1)
    yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    yield word[:at] + word[at + 1 :]
    yield word[:at] + word[at] + word[at:]
    near = _NEIGHBOURS.get(word[at].lower())
    if near:
        yield word[:at] + near + word[at + 1 :]
    alike = "".join(_LOOKALIKES.get(char, char) for char in word)
    if alike != word:
        yield alike
    yield f"{word[:at]}-{word[at:]}"


def substitutes(word: str, table: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Other words from a table, with the first letter's case."""
    for other in table.get(word.lower(), ()):
        yield other.capitalize() if word[:1].isupper() else other


def evade_text(
    score: Score,
    text: str,
    below: float,
    share: float = 0.3,
    queries: int = 300,
    seed: int = 0,
    letters: bool = True,
    table: Mapping[str, Sequence[str]] = WORDS,
) -> Evaded:
    """Greedy: words in the order in which leaving them out lowers the score, each changed in the best way found.

    Args:
        score: asked at most ``queries`` times.
        text: its words are what white space separates; punctuation around a word stays.
        below: the attack ends once the score is under it.
        share: of the words that may be changed; at least one.
        letters: also character edits; otherwise whole words alone.
        table: words that mean the same.

    Returns:
        The text with the lowest score found; the untouched one where nothing helped.
    """
    rng, parts, asked = random.Random(seed), text.split(" "), 0  # noqa: S311 - seeded on purpose

    def ask(words: Sequence[str]) -> float:
        nonlocal asked
        asked += 1
        return score(" ".join(words))

    before = best = ask(parts)
    order = []
    for index, part in enumerate(parts):
        if asked >= queries // 2:
            break
        if any(char.isalnum() for char in part):
            order.append((ask([*parts[:index], *parts[index + 1 :]]), index))
    changed = 0
    for _, index in sorted(order):
        if best < below or changed >= max(1, int(share * len(parts))) or asked >= queries:
            break
        head, word, tail = _peeled(parts[index])
        tries = [*substitutes(word, table), *(characters(word, rng) if letters else ())]
        found: tuple[float, str] | None = None
        for other in tries:
            if asked >= queries:
                break
            value = ask([*parts[:index], head + other + tail, *parts[index + 1 :]])
            if value < best and (found is None or value < found[0]):
                found = value, head + other + tail
        if found is not None:
            best, parts[index] = found
            changed += 1
    return Evaded(" ".join(parts), best, before, changed, len(parts), asked)


def _peeled(part: str) -> tuple[str, str, str]:
    """Punctuation before, the word, punctuation after."""
    start, end = 0, len(part)
    while start < end and not part[start].isalnum():
        start += 1
    while end > start and not part[end - 1].isalnum():
        end -= 1
    return part[:start], part[start:end], part[end:]
