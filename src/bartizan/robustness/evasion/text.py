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
    """Greedy: words in the order in which leaving them out lowers the score, each changed, wherever it stands, in the
    best way found.

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
    for places in _occurrences(parts):
        if asked >= queries // 2:
            break
        order.append((ask([part for index, part in enumerate(parts) if index not in places]), places))
    changed, most = 0, max(1, int(share * len(parts)))
    for _, places in sorted(order, key=lambda one: (one[0], one[1][0])):
        if best < below or changed >= most or asked >= queries:
            break
        if changed + len(places) > most:
            continue
        peeled = [_peeled(parts[index]) for index in places]
        word = peeled[0][1]
        tries = [*substitutes(word, table), *(characters(word, rng) if letters else ())]
        found: tuple[float, list[str]] | None = None
        for other in tries:
            if asked >= queries:
                break
            tried = list(parts)
            for index, (head, _, tail) in zip(places, peeled, strict=True):
                tried[index] = head + other + tail
            value = ask(tried)
            if value < best and (found is None or value < found[0]):
                found = value, tried
        if found is not None:
            best, parts = found
            changed += len(places)
    return Evaded(" ".join(parts), best, before, changed, len(parts), asked)


def _occurrences(parts: Sequence[str]) -> list[list[int]]:
    """Where each word stands, in the order of the text: a word that is repeated must go everywhere to be gone."""
    found: dict[str, list[int]] = {}
    for index, part in enumerate(parts):
        if any(char.isalnum() for char in part):
            found.setdefault(_peeled(part)[1].lower(), []).append(index)
    return list(found.values())


def reworded(
    text: str, share: float, rng: random.Random, letters: bool = True, table: Mapping[str, Sequence[str]] = WORDS
) -> str:
    """The text with up to ``share`` of its words changed in the same ways, but blindly: which and how is drawn."""
    parts = text.split(" ")
    left = max(1, int(share * len(parts)))
    for index in rng.sample(range(len(parts)), len(parts)):
        head, word, tail = _peeled(parts[index])
        ways = [*substitutes(word, table), *(characters(word, rng) if letters else ())]
        if left and ways:
            parts[index] = head + rng.choice(ways) + tail
            left -= 1
    return " ".join(parts)


def _peeled(part: str) -> tuple[str, str, str]:
    """Punctuation before, the word, punctuation after."""
    start, end = 0, len(part)
    while start < end and not part[start].isalnum():
        start += 1
    while end > start and not part[end - 1].isalnum():
        end -= 1
    return part[:start], part[start:end], part[end:]
