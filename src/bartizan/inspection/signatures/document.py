"""Reads a pack file: plain YAML without aliases or repeated keys, with the line of every entry."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import yaml

from bartizan.core.errors import DocumentError, Place

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_BYTES = 2_000_000
_MAX_DEPTH = 12

T = TypeVar("T")


def parse(source: str, file: str, kind: type[T]) -> tuple[T, yaml.Node]:
    """The document as ``kind``, and its syntax tree (for places in later errors).

    Raises:
        DocumentError: not YAML, too large, too deep, with aliases or repeated keys, or not of the schema.
    """
    if len(source) > _MAX_BYTES:
        raise DocumentError(Place(file, 1, 1), f"{len(source)} characters", f"at most {_MAX_BYTES}")
    loader = _Loader(source)
    try:
        root = loader.get_single_node()
        if root is None:
            raise DocumentError(Place(file, 1, 1), "an empty file", "a signature pack")
        _refuse_surprises(root, file)
        value = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        raise DocumentError(place, error.problem or "broken YAML", "YAML") from None
    except yaml.YAMLError as error:
        raise DocumentError(Place(file, 1, 1), str(error).splitlines()[0], "YAML") from None
    finally:
        loader.dispose()
    try:
        return msgspec.convert(value, kind, strict=True), root
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `")
        steps = _steps(path.rstrip("`"))
        entry = _entry_name(value, steps)
        raise DocumentError(place_of(root, file, steps), what + entry, "what the schema says") from None


def place_of(root: yaml.Node, file: str, steps: list[str | int]) -> Place:
    """Where the value at ``steps`` stands; the nearest enclosing value if it is missing."""
    node = root
    for step in steps:
        found: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
        if found is None:
            break
        node = found
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)


def _refuse_surprises(root: yaml.Node, file: str) -> None:
    seen: set[int] = set()
    stack = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        place = Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
        if id(node) in seen:
            raise DocumentError(place, "an anchor that is used again", "values written out")
        seen.add(id(node))
        if depth > _MAX_DEPTH:
            raise DocumentError(place, "nesting deeper than twelve levels", "a signature pack")
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if len(keys) != len(node.value) or len(set(keys)) != len(keys):
                raise DocumentError(place, "a repeated or compound key", "each key once")
            stack.extend((value, depth + 1) for _, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            stack.extend((value, depth + 1) for value in node.value)


def _steps(path: str) -> list[str | int]:
    """``$.entries[3].score`` as ``["entries", 3, "score"]``; stops at what msgspec cannot name (``[...]``)."""
    steps: list[str | int] = []
    for piece in path.removeprefix("$").replace("[", ".[").split("."):
        if piece.startswith("["):
            number = piece[1:-1]
            if not number.isdigit():
                break
            steps.append(int(number))
        elif piece:
            steps.append(piece)
    return steps


def _entry_name(value: Any, steps: list[str | int]) -> str:
    if len(steps) < 2 or steps[0] != "entries":
        return ""
    try:
        return f" in entry {value['entries'][steps[1]]['id']!r}"
    except (KeyError, TypeError, IndexError):
        return f" in entry number {steps[1]}"
