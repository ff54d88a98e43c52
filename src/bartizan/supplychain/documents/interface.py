"""A reader of documents: looks at one object of a decoded document, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from bartizan.supplychain.interface import ArtefactFinding, Context, Rule


class Place(NamedTuple):
    """One object of a document and the way to it."""

    way: tuple[str | int, ...]
    content: dict[str, Any]

    @property
    def root(self) -> bool:
        """Whether it is the whole document."""
        return not self.way

    def member(self) -> str:
        """The way as one text, such as ``layers[0].config``."""
        out = ""
        for step in self.way:
            out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
        return out[:300]


class Reader(Protocol):
    """One kind of document."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All the rules it can raise."""
        ...

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """What speaks against loading a document with this object in it."""
        ...


def places(root: Any, context: Context) -> Iterator[Place]:
    """Every object of a document, the outermost first."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), root)]
    while waiting:
        way, node = waiting.pop()
        if isinstance(node, dict):
            context.budget.step(len(node) + 1)
            yield Place(way, node)
            waiting.extend(
                ((*way, key), child) for key, child in reversed(node.items()) if isinstance(child, dict | list)
            )
        elif isinstance(node, list):
            context.budget.step(len(node) + 1)
            if any(isinstance(child, dict | list) for child in node):
                waiting.extend(
                    ((*way, number), child)
                    for number, child in reversed(list(enumerate(node)))
                    if isinstance(child, dict | list)
                )
