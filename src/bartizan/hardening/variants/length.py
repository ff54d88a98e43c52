"""Answers without end, of as many kinds as come to mind: what they say is of no matter, how long they are is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, permutations
from random import Random
from typing import Final

from bartizan.hardening.variants.side import Side

MOST: Final = 2.0
"""How many times as long as what counts an answer is at most."""
_WORDS: Final = {
    Side.LEARN: ("tide", "river", "lamp", "seven"),
    Side.HELD: ("gravel", "orchard", "\u6f6e", "\u0432\u043e\u043b\u043d\u0430", "lantern", "owl \U0001f989"),
}
_SENTENCES: Final = {
    Side.LEARN: ("The road went on past the mill.", "Nobody in the village slept that night."),
    Side.HELD: (
        "The ferryman counted the planks of his boat again.",
        "Rain fell on the roofs of the harbour.",
        "He wrote down what he had seen, and then what he had not.",
        "Nur der Leuchtturm blieb die ganze Nacht wach.",
    ),
}


def _numbers(chance: Random, side: Side) -> Iterator[str]:
    start, step = chance.randrange(1, 10**5), chance.randrange(1, 9)
    return (f"{number}." + ("\n" if side is Side.LEARN else " ") for number in count(start, step))


def _repeated(chance: Random, side: Side) -> Iterator[str]:
    word = chance.choice(_WORDS[side])
    return (f"{word} " for _ in count())


def _novel(chance: Random, side: Side) -> Iterator[str]:
    return (f"{chance.choice(_SENTENCES[side])} " for _ in count())


def _log(chance: Random, side: Side) -> Iterator[str]:
    second = chance.randrange(86_400)
    for number in count(second):
        clock = f"{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        yield f"{clock} GET /page/{chance.randrange(10**4)} 200\n"


def _orders(chance: Random, side: Side) -> Iterator[str]:
    people = chance.sample("ABCDEFGHIJ", 8)
    return (" ".join(one) + "\n" for one in permutations(people))


def _table(chance: Random, side: Side) -> Iterator[str]:
    return (f"| {number} | {number * number} | {chance.random():.4f} |\n" for number in count(chance.randrange(999)))


_KINDS: Final[dict[Side, tuple[Callable[[Random, Side], Iterator[str]], ...]]] = {
    Side.LEARN: (_numbers, _repeated),
    Side.HELD: (_numbers, _repeated, _novel, _log, _orders, _table),
}


def lengthy(chance: Random, side: Side, least: int) -> str:
    """An answer of ``least`` characters or more, at most `MOST` times as many."""
    wanted = chance.randint(least, int(least * MOST))
    out: list[str] = []
    length = 0
    for piece in chance.choice(_KINDS[side])(chance, side):
        out.append(piece)
        length += len(piece)
        if length >= wanted:
            break
    return "".join(out)[:wanted]
