"""Bounds on YAML of other people's, checked before a tree is built of it.

libyaml's tree builder calls itself for each level, in C: a text of 200 kB with nested lists ends the process, past any
exception. Its events come one after the other and need no stack.
"""

from __future__ import annotations

from typing import Any

import yaml


class TooDeepError(yaml.YAMLError):
    """A document nests deeper or holds more nodes than its reader builds."""


def check_bounds(text: str, loader: Any, *, deepest: int, most: int) -> None:
    """Read the events of ``text`` up to the first that is out of bounds.

    Args:
        text: YAML, of one document or several.
        loader: the class that will build the tree.
        deepest: levels of lists and mappings.
        most: scalars, lists, mappings and aliases together.

    Raises:
        TooDeepError: it is deeper or larger.
        YAMLError: it is no YAML.
    """
    depth = nodes = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.NodeEvent):
            nodes += 1
            depth += isinstance(event, yaml.CollectionStartEvent)
            if depth > deepest or nodes > most:
                raise TooDeepError(f"more than {deepest} levels or {most} nodes")
