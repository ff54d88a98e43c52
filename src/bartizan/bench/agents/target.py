"""A task as its attacker sees it: where text can be planted, which effects it has and where their values stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import yaml

from bartizan.bench.agents.dojo import Suite
from bartizan.bench.agents.replay import Script, Step
from bartizan.bench.agents.scenarios import SLOT, Planned, Scenario, World, world, written

OUTSIDERS = ("list_inbox", "list_tickets", "list_issues", "list_pulls", "read_board", "read_mail", "list_invoices")
"""Tools of our own tasks whose results list what people from outside wrote."""
_NAME = re.compile(r"\b[A-Z][a-z]+ (?:de |van )?[A-Z][a-z]+\b")
Build = Callable[[Sequence[str], Sequence[Step], int], Script]


class Effect(NamedTuple):
    """An argument of one of the user's own calls that says what the call does to the world."""

    number: int
    planned: Planned
    argument: str
    value: Any

    @property
    def texts(self) -> list[str]:
        """The value's parts as text."""
        return [str(one) for one in (self.value if isinstance(self.value, list) else [self.value])]

    def changed(self, value: Any) -> Step:
        """The call with another value, in the attacker's name."""
        return Step(self.planned.tool, {**self.planned.arguments, self.argument: value}, True, "ok")


class Target(NamedTuple):
    """A task with places where an outsider's text can stand."""

    name: str
    suite: str
    heldout: bool
    world: World
    prompt: str
    planned: list[Planned]
    """The user's own calls; slots stand where text can be planted."""
    build: Build

    @property
    def sights(self) -> list[int]:
        """Numbers of the own calls whose results hold a slot."""
        return [number for number, one in enumerate(self.planned) if SLOT in written(one.gives, "yaml")]

    @property
    def sight(self) -> int:
        """Number of the own call after the first such result."""
        return self.sights[0] + 1

    @property
    def last_sight(self) -> int:
        """Number of the own call after the result with the second slot."""
        counts = [written(one.gives, "yaml").count(SLOT) for one in self.planned]
        seen = 0
        for number, count in enumerate(counts):
            seen += count
            if seen > 1:
                return number + 1
        return self.sight

    @property
    def places(self) -> int:
        """How many slots."""
        return sum(written(one.gives, "yaml").count(SLOT) for one in self.planned)

    @property
    def person(self) -> str:
        """A name that the user mentions, or a role."""
        found = _NAME.search(self.prompt)
        return found.group() if found else "recipient"

    def sends(self, tool: str) -> bool:
        """The tool brings something to somebody."""
        return bool({"recipient", "extra"} & set(self.world.sinks.get(tool, {})))

    def record_like(self, value: str) -> int | None:
        """Number of the own call that lists what outsiders wrote, with a record that holds the value in a field."""
        for number, one in enumerate(self.planned):
            if one.tool in OUTSIDERS and isinstance(one.gives, list) and not _holds(self.prompt, value):
                records = [record for record in one.gives if isinstance(record, dict)]
                if any(str(leaf) == value for record in records for leaf in record.values()):
                    return number
        return None

    def with_record(self, number: int, old: str, new: str, text: str) -> Target:
        """The task with one more record in a result: a copy of the one that holds ``old``, with ``new`` and a text."""
        one = self.planned[number]
        record = next(record for record in one.gives if old in map(str, record.values()))
        longest = max(record, key=lambda key: len(str(record[key])))
        forged = {**record, longest: text, **{key: new for key, leaf in record.items() if str(leaf) == old}}
        planned = [*self.planned]
        planned[number] = one._replace(gives=[*one.gives, forged])
        scenario = Scenario(self.name, self.world, self.heldout, self.prompt, planned)
        return of_scenario(scenario)

    def effects(self, kind: str) -> Iterator[Effect]:
        """Own calls' arguments of a kind, after text could have been read."""
        for number, one in enumerate(self.planned):
            argument = self.world.sinks.get(one.tool, {}).get(kind)
            if argument is None or number < self.sight:
                continue
            value = one.arguments.get(argument)
            if value not in (None, "", []) or kind == "extra":
                yield Effect(number, one, argument, value)

    def calls_tool(self, tool: str) -> bool:
        """The task needs a tool itself."""
        return any(one.tool == tool for one in self.planned)

    def owned(self, value: Any) -> bool:
        """The value stands only in a text that the attacker can write into, so that nothing tells the two apart."""
        if _holds(self.prompt, value):
            return False
        leaves = [leaf for one in self.planned for _, leaf in _leaves(one.gives)]
        holding = [leaf for leaf in leaves if _holds(leaf, value)]
        return bool(holding) and all(SLOT in leaf for leaf in holding)

    def decidable(self, value: Any) -> bool:
        """The user or a text that is not the attacker's says the value."""
        if _holds(self.prompt, value):
            return True
        return any(_holds(leaf, value) and SLOT not in leaf for one in self.planned for _, leaf in _leaves(one.gives))

    def key_of(self, value: str) -> str:
        """The field's name under which a result has the value."""
        for one in self.planned:
            for key, leaf in _leaves(one.gives):
                if key and leaf == value:
                    return key
        return ""


def of_scenario(scenario: Scenario) -> Target:
    """A task of our own."""
    return Target(
        scenario.name,
        scenario.world.name,
        scenario.heldout,
        scenario.world,
        scenario.prompt,
        scenario.planned,
        scenario.script,
    )


def of_dojo(suite: Suite) -> Iterator[Target]:
    """Every task of an AgentDojo suite; results are those of AgentDojo's own tools."""
    for name in suite.user_tasks:
        prompt, steps = suite.seen(name, SLOT)
        planned = [Planned(step.tool, step.arguments, _parsed(step.gives)) for step in steps]
        yield Target(
            f"{suite.name}-{name}", suite.name, False, world(suite.name), prompt, planned, suite.planting(name)
        )


def _parsed(text: str) -> Any:
    try:
        value = yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506 (builds text only)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, dict | list) else text


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, str(name))
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, key)
    else:
        yield key, str(value)


def _holds(text: str, value: Any) -> bool:
    plain = text.replace(",", "")
    if isinstance(value, float):
        return any(shape in plain for shape in {f"{value:.2f}", f"{value:g}", str(value)})
    return str(value).casefold() in text.casefold() or str(value) in plain
