"""Setting one value of a settings file without touching anything else a person wrote there."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import yaml

from bartizan.core.errors import ConfigurationError
from bartizan.workspace.checker import plain
from bartizan.workspace.nodes import MapNode, parse
from bartizan.workspace.writing import flow, last_line


def set_value(text: str, name: str, path: Sequence[str], value: Any) -> str:
    """``text`` with the value at ``path`` set, in flow style; mappings on the way are made if need be.

    Args:
        text: a settings file whose root is a mapping.
        name: how errors call it.
        path: keys from the root, at least one.
        value: JSON values.

    Raises:
        ConfigurationError: the place is written in a way that cannot be edited line by line; set the value by hand.
        DocumentError: the text is broken.
    """
    before = parse(text, name)
    if not isinstance(before, MapNode):
        raise ConfigurationError(f"{name} is not a mapping")
    edited = _edited(text, list(path), value)
    if plain(parse(edited, name)) != _with(plain(before), list(path), value):
        where = ".".join(path)
        raise ConfigurationError(f"{name}: {where} is written in an unusual way", "nothing was changed: set it by hand")
    return edited


def _with(tree: Any, path: list[str], value: Any) -> Any:
    tree = copy.deepcopy(tree)
    node = tree
    for key in path[:-1]:
        if not isinstance(node.get(key), dict):
            node[key] = {}
        node = node[key]
    node[path[-1]] = json.loads(json.dumps(value))
    return tree


def _edited(text: str, path: list[str], value: Any) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    while path and isinstance(node, yaml.MappingNode):
        found = next((pair for pair in node.value if pair[0].value == path[0]), None)
        if found is None or (isinstance(found[1], yaml.MappingNode) and not found[1].value):
            rest: Any = value
            for key in reversed(path[1:]):
                rest = {key: rest}
            if found is None:
                return _insert(lines, node, f"{flow(path[0])}: {flow(rest)}", newline)
            return _replace(lines, found[1], flow(rest))
        node, path = found[1], path[1:]
    return _replace(lines, node, flow(value) if not path else flow(_nested(path, value)))


def _nested(path: list[str], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _insert(lines: list[str], node: yaml.MappingNode, entry: str, newline: str) -> str:
    if node.flow_style:
        end = node.end_mark
        line = lines[end.line]
        lines[end.line] = f"{line[: end.column - 1]}, {entry}{line[end.column - 1 :]}"
        return "".join(lines)
    lines.insert(last_line(node), " " * node.start_mark.column + entry + newline)
    return "".join(lines)


def _replace(lines: list[str], node: yaml.Node, new: str) -> str:
    start, end = node.start_mark, node.end_mark
    last = last_line(node) - 1
    tail = lines[last][end.column :] if end.line == last else _line_end(lines[last])
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        lead = lines[start.line - 1].rstrip() if start.line else ""
        before = "".join(lines[: start.line - 1]) + lead + " " if lead.endswith(":") else "".join(lines[: start.line])
        return before + new + tail + "".join(lines[last + 1 :])
    head = lines[start.line][: start.column]
    gap = "" if not head or head.endswith((" ", "[", "{")) else " "
    return "".join(lines[: start.line]) + head + gap + new + tail + "".join(lines[last + 1 :])


def _line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def remove_value(text: str, name: str, path: Sequence[str]) -> str:
    """``text`` without the entry at ``path``; unchanged where there is none.

    Raises:
        ConfigurationError: the place is written in a way that cannot be edited line by line.
        DocumentError: the text is broken.
    """
    before = plain(parse(text, name))
    *parents, key = path
    holder = before
    for parent in parents:
        holder = holder.get(parent) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or key not in holder:
        return text
    rest = {other: value for other, value in holder.items() if other != key}
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    node = root
    for parent in parents:
        node = next(value for found, value in node.value if found.value == parent)
    if node.flow_style or not rest:
        return set_value(text, name, parents, rest) if parents else _refuse(name, path)
    entry = next(pair for pair in node.value if pair[0].value == key)
    lines = text.splitlines(keepends=True)
    edited = "".join([*lines[: entry[0].start_mark.line], *lines[last_line(entry[1]) :]])
    after = plain(parse(edited, name))
    shown: Any = after
    for parent in parents:
        shown = shown.get(parent) if isinstance(shown, dict) else None
    if shown != rest:
        _refuse(name, path)
    return edited


def _refuse(name: str, path: Sequence[str]) -> str:
    where = ".".join(path)
    raise ConfigurationError(f"{name}: {where} is written in an unusual way", "nothing was changed: remove it by hand")
