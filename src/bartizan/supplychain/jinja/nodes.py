"""The syntax tree of a template."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

Value = str | int | float | bool | None


class Node(msgspec.Struct, frozen=True):
    """One expression or statement.

    Kinds and what they hold: ``text`` (value: what is written out) · ``const`` (value) · ``name`` (value) ·
    ``attribute`` (value: its name; children: the object) · ``item`` (object, key) · ``call`` (callee, arguments…) ·
    ``keyword`` (value: its name; child) · ``filter`` and ``test`` (value: its name; object if any, arguments…) ·
    ``operation`` (value: the operator; operands) · ``list``, ``tuple``, ``dict``, ``slice``, ``conditional`` ·
    ``output`` (expression) · ``block`` (children: statements in their order) · ``if`` (condition, block, block for
    else) ·
    ``for`` (target, iterable, condition or empty block, block, block for else) · ``set`` (target, value or block) ·
    ``macro`` (value: its name; parameters…, block last) · ``import`` (value: the keyword; expressions) ·
    ``scope`` (value: the keyword; children).
    """

    kind: str
    offset: int
    """Characters from the template's start."""
    value: Value = None
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and everything below, in the order of the text."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))
