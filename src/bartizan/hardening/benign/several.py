"""Harmless tasks for which one message takes several tool calls, split by template as the rest of the corpus is.

How many items a message names is drawn: two, and with a chance of 0.8 each one more, at most `MOST` (a template may say
less). Half of the messages take five calls or more, one in twenty 14 or more, none more than `MOST` and one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any, Final

from bartizan.core.passage import Surface
from bartizan.core.tool import ToolDefinition
from bartizan.hardening.benign.corpus import Half, side, values
from bartizan.hardening.data import read_data
from bartizan.hardening.exchange import Call, Exchange, Piece

ROWS: Final = 75
"""Of one template: 0 of 765 that pass is what a bound of half a percent takes."""
MOST: Final = 16
_MORE: Final = 0.8
_SEED: Final = "bartizan-benign-several-1"


@cache
def several(half: Half) -> tuple[Exchange, ...]:
    """Those of one half, the same each time; no row twice."""
    out: dict[object, Exchange] = {}
    for row in _rows(half):
        out.setdefault(row.key, row)
    return tuple(out.values())


def _rows(half: Half) -> Iterator[Exchange]:
    tools = tuple(ToolDefinition(**tool) for tool in read_data("benign", "tools.yaml")["tools"])
    for task in side(read_data("benign", "several.yaml")["tasks"], half, "several"):
        chance = Random(f"{_SEED}/{task['user']}")  # noqa: S311 - reproducible, nothing secret
        for _ in range(ROWS):
            yield _task(task, tools, chance)


def _task(task: dict[str, Any], tools: tuple[ToolDefinition, ...], chance: Random) -> Exchange:
    items = _items(task["list"], task.get("most", MOST), chance)
    known = values(chance) | {"items": f"{', '.join(items[:-1])} and {items[-1]}"}
    calls = [_call(step, known | {"item": item}) for item in items for step in task["each"]]
    calls += [_call(step, known) for step in task.get("then", ())]
    return Exchange(
        pieces=(Piece(Surface.USER, _said(task["user"], known)),),
        tools=tools,
        calls=tuple(calls),
        group=f"several.{task['user']}",
        made="several",
    )


def _items(name: str, most: int, chance: Random) -> list[str]:
    number = 2
    while number < most and chance.random() < _MORE:
        number += 1
    if name == "order":
        return [str(one) for one in chance.sample(range(1_000, 90_000), number)]
    known = [str(one) for one in read_data("benign", "fillers.yaml")[name]]
    return chance.sample(known, min(number, len(known)))


def _call(step: dict[str, Any], known: dict[str, str]) -> Call:
    return Call(step["call"], {name: _said(value, known) for name, value in step["arguments"].items()})


def _said(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace("{" + name + "}", value)
    return text
