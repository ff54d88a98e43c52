"""How the checker says what it found and what it expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from msgspec import inspect as kinds

from bartizan.core.problem import quote
from bartizan.workspace.nodes import ListNode, MapNode, Node

_SIMPLE = {
    kinds.StrType: "text",
    kinds.IntType: "a whole number",
    kinds.FloatType: "a number",
    kinds.BoolType: "true or false",
    kinds.NoneType: "nothing",
    kinds.DateType: "a date such as 2026-11-22",
    kinds.DateTimeType: "a time such as 2026-11-22T10:15:00Z",
    kinds.AnyType: "anything",
}


def found(node: Node) -> str:
    """A node as a reader would name it."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, int | float):
        return f"the number {node.text}"
    return f"the text {quote(node.value)}"


def expected(kind: kinds.Type) -> str:
    """A type as a reader would name it."""
    if isinstance(kind, kinds.UnionType):
        return one_of(dict.fromkeys(expected(member) for member in kind.types))
    if isinstance(kind, kinds.LiteralType):
        return one_of(str(value) for value in kind.values)
    if isinstance(kind, kinds.EnumType):
        return one_of(str(member.value) for member in kind.cls)
    if isinstance(kind, kinds.StructType | kinds.DictType):
        return "a mapping"
    if isinstance(kind, kinds.CollectionType | kinds.TupleType):
        return "a list"
    if isinstance(kind, kinds.IntType | kinds.FloatType):
        return _SIMPLE[type(kind)] + _bounds(kind)
    return _SIMPLE.get(type(kind), "another kind of value")


def _bounds(kind: kinds.IntType | kinds.FloatType) -> str:
    said = []
    if kind.ge is not None:
        said.append(f"from {_number(kind.ge)} on" if kind.le is None else f"from {_number(kind.ge)}")
    if kind.gt is not None:
        said.append(f"above {_number(kind.gt)}")
    if kind.le is not None:
        said.append(f"to {_number(kind.le)}" if kind.ge is not None else f"up to {_number(kind.le)}")
    return "".join(f" {part}" for part in said)


def _number(bound: float) -> str:
    return f"{int(bound) if bound == int(bound) else bound:,}"


def one_of(names: Iterable[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint when ``word`` is close to a known one, else empty."""
    near = difflib.get_close_matches(word[:64], list(known), n=1, cutoff=0.6)
    return f"did you mean {quote(near[0])}?" if near else ""
