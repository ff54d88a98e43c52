"""The fields of an event: names that Sigma uses to values that the event holds.

A name is looked up as it stands, then by its dots: ``user.name`` is the key ``user.name``, or the key ``name`` below
``user``, or any mixture of both. A list on the way stands for each of its items; a list at the end stands for each of
its values; an empty list at the end is null. Names are told apart by case.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from bartizan.detections.sigma.model import Scalar

MAX_VALUES: Final = 10_000
"""Values of one field of one event that are looked at."""
MAX_STEPS: Final = 64
"""Names of more steps are looked up as they stand only."""
MAX_DEPTH: Final = 64
"""Levels of nesting that keywords look into."""


def fold(text: str) -> str:
    """Without case, character by character, so that SQL says the same."""
    if text.isascii():
        return text.lower()
    return "".join("i" if character == "\u0130" else character.lower() for character in text)


def encodable(text: str) -> str:
    """For RE2 and others that read UTF-8, which cannot say a lone surrogate."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def spell(value: Scalar) -> str:
    """A value as text: numbers in their shortest form, truth values as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else repr(value)


class View:
    """One event, with what was looked up in it.

    Args:
        event: a JSON object.
        mapping: Sigma field name to the names it has in the event, any of which may hold it.
    """

    __slots__ = ("_folded", "_leaves", "_mapping", "_texts", "_values", "event")

    def __init__(self, event: dict[str, Any], mapping: Mapping[str, tuple[str, ...]]) -> None:
        self.event = event
        self._mapping = mapping
        self._values: dict[str, tuple[Scalar, ...] | None] = {}
        self._folded: dict[str, tuple[str, ...]] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        self._leaves: tuple[str, ...] | None = None

    def values(self, name: str) -> tuple[Scalar, ...] | None:
        """The field's values without structures; None for a field that is not there."""
        known = self._values
        if name in known:
            return known[name]
        found: tuple[Scalar, ...] | None
        names = self._mapping.get(name) if self._mapping else None
        if names is not None:
            found = self._collected(names)
        else:
            value = self.event.get(name, _ABSENT) if "." not in name else _below(self.event, name)
            if value.__class__ in _PLAIN:
                found = (value,)
            elif value is _ABSENT:
                found = None
            else:
                found = self._collected((name,))
        known[name] = found
        return found

    def _collected(self, names: tuple[str, ...]) -> tuple[Scalar, ...] | None:
        found: list[Any] = []
        for one in names:
            _collect(self.event, one, found)
        if not found:
            return None
        if all(value == [] for value in found):
            return (None,)
        return tuple(_flatten(found))

    def texts(self, name: str) -> tuple[str, ...]:
        """The field's values as text, null left out."""
        found = self._texts.get(name)
        if found is None:
            values = self.values(name) or ()
            if len(values) == 1 and values[0].__class__ is str:
                found = values  # type: ignore[assignment]
            else:
                found = tuple([spell(value) for value in values if value is not None])
            self._texts[name] = found  # type: ignore[assignment]
        return found  # type: ignore[return-value]

    def folded(self, name: str) -> tuple[str, ...]:
        """The field's values as text without case, null left out."""
        found = self._folded.get(name)
        if found is None:
            texts = self.texts(name)
            found = self._folded[name] = tuple([fold(text) for text in texts]) if texts else ()
        return found

    def leaves(self) -> tuple[str, ...]:
        """Every text, number and truth value of the event, as text; names of fields are none."""
        if self._leaves is None:
            self._leaves = tuple(_walk(self.event))
        return self._leaves


_ABSENT: Final[Any] = object()
_UNKNOWN: Final[Any] = object()
_PLAIN: Final[frozenset[type[Any]]] = frozenset({str, int, float, bool})


@lru_cache(maxsize=4_096)
def _way(name: str) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """By step: its key, and the keys with dots that an event could have in its place; None where steps are odd."""
    steps = name.split(".")
    if len(steps) > MAX_STEPS or not all(steps):
        return None
    return tuple((options[-1 if len(options) == 1 else 1][0], tuple(key for key, _ in options if "." in key))
                 for options in _readings(name))  # fmt: skip


def _below(event: dict[str, Any], name: str) -> Any:
    """The plain value of a name with dots in an ordinary event; ``_UNKNOWN`` where it takes a closer look."""
    way = _way(name)
    if way is None:
        return _UNKNOWN
    node: Any = event
    for key, others in way:
        if node.__class__ is not dict:
            return _ABSENT if node == [] else _UNKNOWN
        for other in others:
            if other in node:
                return _UNKNOWN
        node = node.get(key, _ABSENT)
        if node is _ABSENT:
            return _ABSENT
    return node if node.__class__ in _PLAIN else _UNKNOWN


def roots(name: str) -> tuple[str, ...]:
    """The keys of which an event has at least one wherever it has the field."""
    return tuple(key for key, _ in _readings(name)[0])


@lru_cache(maxsize=4_096)
def _readings(name: str) -> tuple[tuple[tuple[str, int], ...], ...]:
    """By the steps already taken: each way to take the next ones as one key, and how many are then taken."""
    steps = name.split(".")
    if len(steps) > MAX_STEPS:
        return (((name, 1),),)
    return tuple(
        tuple((".".join(steps[taken:end]), end) for end in (len(steps), *range(taken + 1, len(steps))))
        for taken in range(len(steps))
    )


def _collect(event: dict[str, Any], name: str, found: list[Any]) -> None:
    """Append what stands in ``event`` under the name, however its dots are read. Needs no stack for deep events."""
    readings = _readings(name)
    for key, _ in readings[0]:
        if key in event:
            break
    else:
        return
    last = readings[0][0][1]
    waiting: list[tuple[Any, int]] = [(event, 0)]
    while waiting and len(found) < MAX_VALUES:
        node, taken = waiting.pop()
        if isinstance(node, list):
            waiting += [(item, taken) for item in reversed(node) if isinstance(item, dict | list)]
        elif isinstance(node, dict):
            for key, end in readings[taken]:
                if (value := node.get(key, _ABSENT)) is not _ABSENT:
                    if end == last:
                        found.append(value)
                    else:
                        waiting.append((value, end))


def _flatten(found: list[Any]) -> list[Scalar]:
    result: list[Scalar] = []
    waiting = [iter(found)]
    while waiting and len(result) < MAX_VALUES:
        value = next(waiting[-1], _ABSENT)
        if value is _ABSENT:
            waiting.pop()
        elif isinstance(value, list):
            waiting.append(iter(value))
        elif not isinstance(value, dict):
            result.append(value)
    return result


def _walk(event: dict[str, Any]) -> list[str]:
    result: list[str] = []
    stack: list[tuple[Any, int]] = [(event, 0)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, dict | list):
            if depth < MAX_DEPTH:
                stack.extend((item, depth + 1) for item in (node.values() if isinstance(node, dict) else node))
        elif node is not None:
            result.append(spell(node))
    return result
