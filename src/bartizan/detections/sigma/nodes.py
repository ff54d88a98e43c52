"""Small helpers to take a YAML tree apart, with errors that name file, line and column."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.core.errors import DocumentError, Place
from bartizan.core.problem import quote
from bartizan.workspace.nodes import ListNode, MapNode, Node, ScalarNode
from bartizan.workspace.wording import did_you_mean, found, one_of


def mapping(node: Node) -> MapNode:
    """``node`` as a mapping. Raises DocumentError."""
    if not isinstance(node, MapNode):
        raise DocumentError(node.place, found(node), "a mapping")
    return node


def text(node: Node) -> str:
    """A scalar as its text; numbers as they are written. Raises DocumentError."""
    if not isinstance(node, ScalarNode) or node.value is None:
        raise DocumentError(node.place, found(node), "text")
    return node.text


def texts(node: Node) -> tuple[str, ...]:
    """A text or a list of texts. Raises DocumentError."""
    if isinstance(node, ListNode):
        return tuple(text(item) for item in node.items)
    return (text(node),)


def boolean(node: Node) -> bool:
    """``true`` or ``false``. Raises DocumentError."""
    if not isinstance(node, ScalarNode) or not isinstance(node.value, bool):
        raise DocumentError(node.place, found(node), "true or false")
    return node.value


def number(node: Node) -> int | float:
    """A number. Raises DocumentError."""
    if not isinstance(node, ScalarNode) or isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise DocumentError(node.place, found(node), "a number")
    return node.value


def choice(node: Node, known: Iterable[str]) -> str:
    """One of the known words. Raises DocumentError."""
    names = list(known)
    word = text(node)
    if word not in names:
        raise DocumentError(node.place, found(node), one_of(names), did_you_mean(word, names))
    return word


def optional(node: MapNode, key: str) -> Node | None:
    """The value of ``key``, None where it is absent or empty."""
    entry = node.entries.get(key)
    if entry is None or (isinstance(entry[1], ScalarNode) and entry[1].value is None):
        return None
    return entry[1]


def required(node: MapNode, key: str, place: Place | None = None) -> Node:
    """The value of ``key``. Raises DocumentError."""
    value = optional(node, key)
    if value is None:
        raise DocumentError(place or node.place, f"no {quote(key)}", f"{key}: …")
    return value


def refuse_unknown(node: MapNode, known: Iterable[str]) -> None:
    """Raises DocumentError for the first key that is not known."""
    names = list(known)
    for key, (place, _) in node.entries.items():
        if key not in names:
            raise DocumentError(place, f"the key {quote(key)}", one_of(names), did_you_mean(key, names))
