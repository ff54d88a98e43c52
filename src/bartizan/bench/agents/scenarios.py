"""Tasks of our own: six sets of tools that no public benchmark has, with data in which recipients and ids stand.

Half of the tasks are held out: nobody who tunes the guard reads them. All were written for this purpose; every name,
account and address is invented.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import yaml

from bartizan.bench.agents.replay import Script, Step
from bartizan.core.tool import ToolDefinition

WORLDS = ("crm", "tickets", "payments", "source", "home", "trips")
SLOT = "<<>>"
"""Stands in a result where an outsider's text would stand."""

_TYPES: dict[str, dict[str, Any]] = {"strings": {"type": "array", "items": {"type": "string"}}}


class World(NamedTuple):
    """A set of tools, and what an attacker in it would try."""

    name: str
    format: str
    """``json`` or ``yaml``: how the tools write their results."""
    operator: str
    tools: tuple[ToolDefinition, ...]
    sinks: dict[str, dict[str, str]]
    """By tool: which argument is the recipient, the amount, the date, the text, further recipients (``extra``)."""
    goals: list[dict[str, Any]]
    valueless: list[dict[str, Any]]
    store: dict[str, Any]
    secret: dict[str, Any]
    exfil: list[dict[str, Any]]


class Planned(NamedTuple):
    """A call of a task, with what it gives back; slots are still open."""

    tool: str
    arguments: dict[str, Any]
    gives: Any


class Scenario(NamedTuple):
    """A harmless task with the calls that do it."""

    name: str
    world: World
    heldout: bool
    prompt: str
    planned: list[Planned]

    def script(self, texts: Sequence[str] = (), hostile: Sequence[Step] = (), at: int = 0) -> Script:
        """The task as a script.

        Args:
            texts: what stands in the slots, in order; missing ones stay empty, a last text is not repeated.
            hostile: calls of the attacker.
            at: number of the own call before which they run.
        """
        left = list(texts)
        own = [
            Step(one.tool, one.arguments, gives=written(fill(one.gives, left), self.world.format))
            for one in self.planned
        ]
        steps = [*own[:at], *hostile, *own[at:]]
        return Script(
            self.name, self.world.tools, self.world.operator, self.prompt, steps, lambda step: (step.gives, False)
        )


def written(value: Any, how: str) -> str:
    """A result as the tool writes it; text stays as it is."""
    if isinstance(value, str):
        return value
    if how == "json":
        return json.dumps(value, ensure_ascii=False)
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).strip()


def fill(value: Any, texts: list[str]) -> Any:
    """Puts texts into the slots, in order, and takes them off the list; slots without a text become empty."""
    if isinstance(value, dict):
        return {key: fill(one, texts) for key, one in value.items()}
    if isinstance(value, list):
        return [fill(one, texts) for one in value]
    while isinstance(value, str) and SLOT in value:
        value = value.replace(SLOT, texts.pop(0) if texts else "", 1)
    return value


@cache
def world(name: str) -> World:
    """A world by name; AgentDojo's banking and workspace have no tools of their own here."""
    data = _read(f"worlds/{name}.yaml")
    return World(
        name,
        data.get("format", "yaml"),
        data.get("operator", ""),
        tuple(definition(tool, one) for tool, one in data.get("tools", {}).items()),
        data["sinks"],
        data["goals"],
        data["valueless"],
        data["store"],
        data["secret"],
        data["exfil"],
    )


def scenarios(heldout: bool) -> list[Scenario]:
    """The open or the held-out half."""
    found: list[Scenario] = []
    for name in WORLDS:
        for number, task in enumerate(_read(f"scenarios/{'heldout' if heldout else 'open'}/{name}.yaml")):
            planned = [Planned(*call) for call in task["calls"]]
            title = f"{name}-{'heldout' if heldout else 'open'}-{number}"
            found.append(Scenario(title, world(name), heldout, task["user"], planned))
    return found


def definition(name: str, one: dict[str, Any]) -> ToolDefinition:
    """A tool as the files write it: what it ``does``, its ``args`` with type and description, those ``optional``."""
    properties = {
        argument: {**_TYPES.get(kind, {"type": kind}), "description": text}
        for argument, (kind, text) in one["args"].items()
    }
    required = [argument for argument in properties if argument not in one.get("optional", ())]
    schema = {"type": "object", "properties": properties, "required": required}
    return ToolDefinition(name=name, description=one["does"], input_schema=schema)


def _read(path: str) -> Any:
    return plain(yaml.safe_load((resources.files("bartizan.bench.agents") / path).read_text(encoding="utf-8")))


def plain(value: Any) -> Any:
    """YAML's dates as the text they were written as."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime.date) else value
