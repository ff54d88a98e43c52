"""Builds the shipped harmless corpus from its templates, and splits it by template, never by row.

Rows of one template hang together, so a template lies on one side only; a row's greeting, slots and answer are drawn
for it alone. The development side is what candidates may be contrasted with; the held side is opened by trials only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from bartizan.core.passage import Surface
from bartizan.core.tool import ToolDefinition
from bartizan.hardening.data import read_data
from bartizan.hardening.exchange import Call, Exchange, Piece

ROWS: Final = 16
"""Most rows of one template of texts."""
TOOL_ROWS: Final = 150
"""Most rows of one template of tool use: 0 of 765 that pass is what a bound of half a percent takes."""
_SEED: Final = "bartizan-benign-1"


class Half(StrEnum):
    """Which half of the templates."""

    DEVELOP = "develop"
    HELD = "held"


@cache
def corpus(half: Half) -> tuple[Exchange, ...]:
    """The texts and the tool use of one half, the same each time; no row twice."""
    seen: set[object] = set()
    rows: list[Exchange] = []
    for row in (*_texts(half), *_tool_use(half)):
        if row.key not in seen:
            seen.add(row.key)
            rows.append(row)
    return tuple(rows)


def digest(rows: Iterable[Exchange]) -> str:
    """SHA-256 over the rows, hexadecimal."""
    total = hashlib.sha256()
    for row in rows:
        total.update(repr(row.key).encode("utf-8", "replace"))
    return total.hexdigest()


def twins(text: str, half: Half, seed: str, most: int = 60) -> tuple[Exchange, ...]:
    """Harmless texts about the words of ``text``: what a signature made from it could hit by accident."""
    words = sorted({word for word in _words(text) if len(word) > 3})
    if not words:
        return ()
    chance = Random(f"{seed}/twins/{half}")  # noqa: S311 - reproducible, nothing secret
    rows = [
        (Surface(surface), template)
        for surface, templates in read_data("benign", "twins.yaml").items()
        for template in side(templates, half, f"twins.{surface}")
    ]
    out: dict[object, Exchange] = {}
    for _ in range(most * 2):
        surface, template = chance.choice(rows)
        said = template.replace("{a}", chance.choice(words)).replace("{b}", chance.choice(words))
        row = Exchange(pieces=(Piece(surface, said),), group=f"twin.{template[:30]}", made="twin")
        out.setdefault(row.key, row)
    return tuple(out.values())[:most]


def linking_to(rows: tuple[Exchange, ...], hosts: tuple[str, ...]) -> tuple[Exchange, ...]:
    """The rows with the corpus's hosts in answers replaced by ``hosts`` in turn; without any, as they are."""
    if not hosts:
        return rows
    ours = [str(host) for host in read_data("benign", "fillers.yaml")["host"]]
    other = {host: hosts[number % len(hosts)] for number, host in enumerate(ours)}
    return tuple(replace(row, answer=_swapped(row.answer, other)) for row in rows)


def _swapped(text: str, other: dict[str, str]) -> str:
    for host, instead in other.items():
        for before in ("//", "@"):
            text = text.replace(before + host, before + instead)
    return text


def _words(text: str) -> list[str]:
    return ["".join(letter for letter in word if letter.isalpha()) for word in text.casefold().split()[:2_000]]


def side(rows: list[Any], half: Half, name: str) -> list[Any]:
    """Every other row in an order that has nothing to do with what it says."""
    order = sorted(rows, key=lambda row: hashlib.sha256(f"{_SEED}/{name}/{row}".encode()).digest())
    return order[half is Half.HELD :: 2]


def _texts(half: Half) -> Iterator[Exchange]:
    requests = read_data("benign", "requests.yaml")
    hard = read_data("benign", "hard.yaml")
    answers = side(read_data("benign", "answers.yaml"), half, "answers")
    english = side(requests["en"], half, "requests.en")
    for language, templates in requests.items():
        for template in english if language == "en" else side(templates, half, f"requests.{language}"):
            yield from _asked(template, language, answers, half)
    for template in side(hard["user"], half, "hard.user"):
        yield from _asked(template, "hard", answers, half)
    materials = side(read_data("benign", "materials.yaml"), half, "materials")
    for name, templates in (("material", materials), ("hard", side(hard["content"], half, "hard.content"))):
        for template in templates:
            yield from _read(template, name, materials, english, answers)


def _asked(template: str, kind: str, answers: list[str], half: Half) -> Iterator[Exchange]:
    chance = Random(f"{_SEED}/{kind}/{template}")  # noqa: S311 - reproducible, nothing secret
    around = read_data("benign", "around.yaml")
    for _ in range(ROWS):
        text = template
        if kind in {"en", "hard"}:
            text = chance.choice(around["before"]) + text + chance.choice(around["after"])
        said, answer = _filled(text, chance), chance.choice(answers)
        yield Exchange(
            pieces=(Piece(Surface.USER, said),),
            answer=_filled(answer, chance),
            answer_group=f"answer.{_short(answer)}",
            group=f"{kind}.{_short(template)}",
            made=kind,
        )


def _read(
    template: str, kind: str, materials: list[str], requests: list[str], answers: list[str]
) -> Iterator[Exchange]:
    chance = Random(f"{_SEED}/{kind}/{template}")  # noqa: S311 - reproducible, nothing secret
    for _ in range(ROWS):
        parts = [template, *chance.sample(materials, chance.randrange(3))]
        chance.shuffle(parts)
        pieces = (
            Piece(Surface.USER, _filled(chance.choice(requests), chance)),
            Piece(Surface.CONTENT, _filled("\n\n".join(parts), chance)),
        )
        answer = chance.choice(answers)
        yield Exchange(
            pieces=pieces,
            answer=_filled(answer, chance),
            answer_group=f"answer.{_short(answer)}",
            group=f"{kind}.{_short(template)}",
            made=kind,
        )


def _tool_use(half: Half) -> Iterator[Exchange]:
    data = read_data("benign", "tools.yaml")
    tools = tuple(ToolDefinition(**tool) for tool in data["tools"])
    for task in side(data["tasks"], half, "tools"):
        chance = Random(f"{_SEED}/tools/{task['user']}")  # noqa: S311 - reproducible, nothing secret
        for _ in range(TOOL_ROWS):
            known = values(chance)
            texts = [_insert(task[name], known) for name in ("user", "read")]
            arguments = {name: _insert(value, known) for name, value in task["arguments"].items()}
            yield Exchange(
                pieces=tuple(
                    Piece(surface, text)
                    for surface, text in zip((Surface.USER, Surface.CONTENT), texts, strict=True)
                    if text
                ),
                tools=tools,
                calls=(Call(task["call"], arguments),),
                group=f"tools.{_short(task['user'])}",
                made="tools",
            )


def _filled(text: str, chance: Random) -> str:
    """Each slot drawn anew, so that a name that stands twice may be two people."""
    fillers = read_data("benign", "fillers.yaml")
    pieces = text.split("{")
    out = [pieces[0]]
    for piece in pieces[1:]:
        name, closed, rest = piece.partition("}")
        if closed and name in fillers:
            out.append(str(chance.choice(fillers[name])) + rest)
        elif closed and name in {"n", "d"}:
            out.append(str(chance.randrange(1, 10) if name == "d" else chance.randrange(10, 9_000)) + rest)
        else:
            out.append("{" + piece)
    return "".join(out)


def values(chance: Random) -> dict[str, str]:
    """One value for each slot, the same wherever it stands in a task."""
    drawn = {name: str(chance.choice(items)) for name, items in read_data("benign", "fillers.yaml").items()}
    return {
        **drawn,
        "lower": drawn["name"].casefold(),
        "n": str(chance.randrange(1_000, 90_000)),
        "d": str(chance.randrange(1, 10)),
    }


def _insert(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _short(template: str) -> str:
    return hashlib.sha256(template.encode()).hexdigest()[:10]
