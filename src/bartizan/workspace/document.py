"""Strict loading of a workspace file: a value of the asked type, or errors that start with file:line:column."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect as kinds

from bartizan.core.errors import DocumentError, Place
from bartizan.core.passage import Path as ValuePath
from bartizan.core.problem import Problem, SelfChecking, printable
from bartizan.workspace.checker import check, plain
from bartizan.workspace.files import read_bounded
from bartizan.workspace.nodes import ListNode, MapNode, Node, decode, parse

T = TypeVar("T")


class Document(Generic[T]):
    """A loaded file: its value, and where each part of the value is written."""

    def __init__(self, root: Node, value: T) -> None:
        self._root = root
        self.value = value

    def place(self, path: ValuePath) -> Place:
        """Where the value at ``path`` is written; for a value that is not written, the closest one around it."""
        return locate(self._root, path)


def locate(root: Node, path: ValuePath) -> Place:
    """The place of the node at ``path``, or of its closest written ancestor."""
    node = root
    for step in path:
        if isinstance(node, MapNode) and step in node.entries:
            node = node.entries[str(step)][1]
        elif isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
        else:
            break
    return node.place


def examine(text: str | bytes, name: str, kind: type[T]) -> tuple[Document[T] | None, list[DocumentError]]:
    """Read ``text`` as ``kind``.

    Returns:
        The document and no errors, or None and every error found, in document order (at most 100).
    """
    try:
        root = parse(decode(text, name) if isinstance(text, bytes) else text, name)
    except DocumentError as error:
        return None, [error]
    problems = check(root, kinds.type_info(kind))
    if problems:
        return None, problems
    try:
        value = msgspec.convert(plain(root), kind, strict=True)
    except (msgspec.ValidationError, RecursionError) as error:
        return None, [_converted(root, str(error))]
    if isinstance(value, SelfChecking):
        problems = [_placed(root, problem) for problem in value.problems()]
        if problems:
            return None, problems
    return Document(root, value), []


def open_document(text: str | bytes, name: str, kind: type[T]) -> Document[T]:
    """Like :func:`loads`, and keeps the places.

    Raises:
        DocumentError: the first thing that is wrong; the hint says how many more there are.
    """
    document, problems = examine(text, name, kind)
    if document is None:
        first, more = problems[0], len(problems) - 1
        if more:
            also = f"and {more} more in this file"
            raise DocumentError(first.place, first.found, first.expected, "; ".join(filter(None, [first.hint, also])))
        raise first
    return document


def loads(text: str | bytes, name: str, kind: type[T]) -> T:
    """The value of a YAML text.

    Args:
        text: YAML 1.2; bytes must be UTF-8.
        name: how errors call the text.
        kind: a msgspec Struct or any type msgspec converts to.

    Raises:
        DocumentError: the text is not what ``kind`` describes.
    """
    return open_document(text, name, kind).value


def load(path: Path, kind: type[T], name: str = "") -> T:
    """The value of a YAML file.

    Raises:
        ConfigurationError: the file cannot be read.
        DocumentError: the file is not what ``kind`` describes.
    """
    return loads(read_bounded(path, name or str(path)), name or str(path), kind)


def _placed(root: Node, problem: Problem) -> DocumentError:
    return DocumentError(locate(root, problem.path), problem.found, problem.expected, problem.hint)


def _converted(root: Node, message: str) -> DocumentError:
    """msgspec names a path such as ``$.keys[0].limits``; ``[...]`` stands for some mapping key and ends the search."""
    cause, _, where = message.partition(" - at `$")
    path: list[Any] = []
    for step in where.rstrip("`").replace("[", ".[").split("."):
        if step == "[...]":
            break
        if step:
            path.append(int(step[1:-1]) if step.startswith("[") and step[1:-1].isdigit() else step)
    return DocumentError(
        locate(root, tuple(path)), f"a value that does not fit ({printable(cause, 200)})", "one that does"
    )
