"""How the documents of one template are put together: what never changes is there from the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

Record = dict[str, Any]
Rule = Callable[[Record], Any]
LONGEST_TEXT: Final = 32_768
"""Characters of one text in a mapped record; SIEMs cut or refuse longer ones. The journal keeps all of it."""
_NUMBERS: Final = (int, float, bool)


class Plan:
    """One object of a document: its constants, the fields of the record that it copies, its rules, its inner objects.

    What a rule gives is left out where it is None or empty, and so are inner objects with nothing in them. A rule may
    give an object into which inner ones are put.
    """

    def __init__(self) -> None:
        self._constants: dict[str, Any] = {}
        self._copied: list[tuple[str, str]] = []
        self._rules: list[tuple[str, Rule]] = []
        self._inner: dict[str, Plan] = {}

    def constant(self, target: Sequence[str], value: Any) -> None:
        """The same value in every document."""
        self._at(target)._constants[target[-1]] = value

    def copied(self, target: Sequence[str], field: str) -> None:
        """The record's field of that name."""
        self._at(target)._copied.append((target[-1], field))

    def add(self, target: Sequence[str], rule: Rule) -> None:
        """What the rule makes of the record."""
        self._at(target)._rules.append((target[-1], rule))

    def _at(self, target: Sequence[str]) -> Plan:
        plan = self
        for key in target[:-1]:
            plan = plan._inner.setdefault(key, Plan())
        return plan

    def build(self, record: Record) -> dict[str, Any]:
        """The document of one record; nobody else holds its objects."""
        document = self._constants.copy()
        for key, field in self._copied:
            value = record.get(field)
            if value:
                document[key] = value if value.__class__ is not str or len(value) <= LONGEST_TEXT else _cut(value)
            elif value.__class__ in _NUMBERS:
                document[key] = value
        for key, rule in self._rules:
            value = rule(record)
            if value:
                document[key] = value if value.__class__ is not str or len(value) <= LONGEST_TEXT else _cut(value)
            elif value.__class__ in _NUMBERS:
                document[key] = value
        for key, plan in self._inner.items():
            inner = plan.build(record)
            if inner:
                beside = document.get(key)
                document[key] = {**beside, **inner} if beside.__class__ is dict else inner
        return document


def _cut(text: str) -> str:
    return text[:LONGEST_TEXT] + "…"
