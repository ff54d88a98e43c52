"""Harmless answers that are long, split by template as the rest of the corpus is.

A template is a list of paragraphs for one task. An answer takes as many as it takes to reach a length that is drawn:
one in two has 1,500 characters or more, one in ten 3,000, none more than `MOST`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import cycle
from random import Random
from typing import Any, Final

from bartizan.core.passage import Surface
from bartizan.hardening.benign.corpus import Half, side, values
from bartizan.hardening.data import read_data
from bartizan.hardening.exchange import Exchange, Piece

ROWS: Final = 80
"""Of one template: 0 of 765 that pass is what a bound of half a percent takes."""
LEAST: Final = 600
MOST: Final = 3_900
_SEED: Final = "bartizan-benign-lengthy-1"


@cache
def lengthy_answers(half: Half) -> tuple[Exchange, ...]:
    """Those of one half, the same each time; no answer twice."""
    out: dict[object, Exchange] = {}
    for row in _rows(half):
        out.setdefault(row.answer, row)
    return tuple(out.values())


def _rows(half: Half) -> Iterator[Exchange]:
    for task in side(read_data("benign", "lengthy.yaml")["tasks"], half, "lengthy"):
        chance = Random(f"{_SEED}/{task['user']}")  # noqa: S311 - reproducible, nothing secret
        for _ in range(ROWS):
            yield _answer(task, chance)


def _answer(task: dict[str, Any], chance: Random) -> Exchange:
    wanted = int(LEAST * (MOST / LEAST) ** chance.random())
    user = _said(task["user"], values(chance))
    out = ""
    for paragraph in cycle(chance.sample(task["says"], len(task["says"]))):
        piece = _said(paragraph, values(chance)) + task.get("between", "\n\n")
        if len(out) + len(piece) > wanted and out:
            break
        out += piece
    group = f"lengthy.{task['user']}"
    return Exchange(
        pieces=(Piece(Surface.USER, user),), answer=out.rstrip(), group=group, answer_group=group, made="lengthy"
    )


def _said(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace("{" + name + "}", value)
    return text
