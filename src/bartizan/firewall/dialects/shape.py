"""Validates a document against its wire format and takes the parts out of it.

The wire formats are msgspec structs. ``msgspec.convert`` checks the types; the walker compiled here goes through the
same document beside them, hands every text, blob and reference to a ``Sink``, and finds the fields no struct knows.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from bartizan.core.errors import UpstreamError, WireError
from bartizan.core.passage import Origin, Path
from bartizan.firewall.dialects.marks import MARK, Mark
from bartizan.firewall.dialects.sink import Sink
from bartizan.firewall.dialects.wording import explain, place
from bartizan.firewall.documents import KEY, is_token


class Shape(msgspec.Struct):
    """Base of the wire-format structs."""

    origin: ClassVar[Origin | None] = None
    """Whose words the texts inside are; None: as around it."""
    origins: ClassVar[tuple[str, Mapping[str, Origin]] | None] = None
    """A field and the origin that each of its values means, where one field decides."""
    uncovered: ClassVar[str] = ""
    """Why something about such an object cannot be inspected, whatever it says."""


S = TypeVar("S", bound=msgspec.Struct)


def check(shape: type[S], value: Any, path: Path = ()) -> S:
    """``value`` as a struct. Raises WireError that names the place, what was expected and what was found."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise WireError(explain(error, path)) from None


def check_upstream(shape: type[S], value: Any, what: str) -> S:
    """``value`` as a struct. Raises UpstreamError that says the upstream's ``what`` is not of its family."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise UpstreamError(f"the upstream's {what} is not of its protocol: {explain(error)}") from None


def walk(shape: type[msgspec.Struct], value: Any, path: Path, origin: Origin, sink: Sink) -> None:
    """Hand everything in ``value``, which must have been checked against ``shape``, to ``sink``."""
    _struct(shape).walk(value, path, origin, sink)


class Node(Protocol):
    """Walks one value of a known shape."""

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        """Hand what is in ``value`` to ``sink``."""
        ...


class _Token:
    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        if isinstance(value, str) and not is_token(value):
            sink.words(value, path, origin)


class _Tree:
    def __init__(self, origin: Origin | None = None) -> None:
        self.origin = origin

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        sink.tree(value, path, self.origin or origin)


class _Marked:
    def __init__(self, mark: Mark) -> None:
        self.mark = mark

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        if not isinstance(value, str):
            return
        if self.mark.kind == "words":
            sink.words(value, path, self.mark.origin or origin)
        elif self.mark.kind == "blob":
            sink.blob(self.mark.media, value, path)
        elif value:
            sink.reference(self.mark.reason, path)
            if not is_token(value):
                sink.words(value, path, origin)


class _Inputs:
    """Text or token ids; msgspec knows one kind of list per union, so the types are checked here."""

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        if isinstance(value, str):
            sink.words(value, path, origin)
        elif isinstance(value, list) and set(map(type, value)) == {int}:
            sink.token_ids(len(value), path)
        elif isinstance(value, list) and set(map(type, value)) <= {str}:
            for index, text in enumerate(value):
                sink.words(text, (*path, index), origin)
        elif isinstance(value, list) and all(
            isinstance(item, list) and set(map(type, item)) <= {int} for item in value
        ):
            for index, item in enumerate(value):
                sink.token_ids(len(item), (*path, index))
        else:
            raise WireError(f"{place(path)}: expected a string, strings, token ids or lists of token ids")


class _List:
    def __init__(self, inner: Node) -> None:
        self.inner = inner

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        for index, item in enumerate(value):
            self.inner.walk(item, (*path, index), origin, sink)


class _Map:
    def __init__(self, inner: Node | None) -> None:
        self.inner = inner

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        for key, item in value.items():
            if self.inner is not None:
                self.inner.walk(item, (*path, key), origin, sink)
            if not is_token(key):
                sink.words(key, (*path, KEY + key), origin)


class _Struct:
    def __init__(self, shape: type[msgspec.Struct]) -> None:
        hints = typing.get_type_hints(shape, include_extras=True)
        self.fields = {field.encode_name: _compile(hints[field.name]) for field in msgspec.structs.fields(shape)}
        tag = shape.__struct_config__.tag_field
        if tag is not None:
            self.fields[tag] = None
        self.origin: Origin | None = getattr(shape, "origin", None)
        self.origins: tuple[str, Mapping[str, Origin]] | None = getattr(shape, "origins", None)
        self.uncovered: str = getattr(shape, "uncovered", "")

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        origin = self.origin or origin
        if self.origins is not None:
            origin = self.origins[1].get(value[self.origins[0]], origin)
        if self.uncovered:
            sink.reference(self.uncovered, path)
        for key, item in value.items():
            if key not in self.fields:
                sink.stray(item, (*path, key))
                if not is_token(key):
                    sink.fallback(key, (*path, KEY + key))
            elif item is not None and (node := self.fields[key]) is not None:
                node.walk(item, (*path, key), origin, sink)


class _Tagged:
    def __init__(self, shapes: list[type[msgspec.Struct]]) -> None:
        self.tag = shapes[0].__struct_config__.tag_field
        self.shapes = {shape.__struct_config__.tag: shape for shape in shapes}

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        _struct(self.shapes[value[self.tag]]).walk(value, path, origin, sink)


class _Switch:
    def __init__(self, by_type: dict[type, Node | None]) -> None:
        self.by_type = by_type

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        node = self.by_type.get(type(value))
        if node is not None:
            node.walk(value, path, origin, sink)


@cache
def _struct(shape: type[msgspec.Struct]) -> _Struct:
    return _Struct(shape)


class _Later:
    """A struct inside a struct, compiled when it is first met, so that shapes may be recursive."""

    def __init__(self, shape: type[msgspec.Struct]) -> None:
        self.shape = shape

    def walk(self, value: Any, path: Path, origin: Origin, sink: Sink) -> None:
        _struct(self.shape).walk(value, path, origin, sink)


def _compile(hint: Any) -> Node | None:
    """The node for an annotation; None if values of it hold no text."""
    base = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if base is typing.Annotated:
        marks = [
            item.extra[MARK]
            for item in arguments[1:]
            if isinstance(item, msgspec.Meta) and item.extra and MARK in item.extra
        ]
        if not marks:
            return _compile(arguments[0])
        if marks[0].kind == "inputs":
            return _Inputs()
        return _Tree(marks[0].origin) if marks[0].kind == "under" else _Marked(marks[0])
    if hint is Any or hint is object:
        return _Tree()
    if hint is str:
        return _Token()
    if base is list:
        inner = _compile(arguments[0])
        return None if inner is None else _List(inner)
    if base is dict:
        return _Map(_compile(arguments[1]))
    if base in (typing.Union, types.UnionType):
        return _union(list(arguments))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _Later(hint)
    return None


def _union(hints: list[Any]) -> Node | None:
    shapes = [hint for hint in hints if isinstance(hint, type) and issubclass(hint, msgspec.Struct)]
    by_type: dict[type, Node | None] = {}
    if shapes:
        by_type[dict] = _Tagged(shapes) if len(shapes) > 1 else _Later(shapes[0])
    for hint in hints:
        if hint in shapes:
            continue
        base = hint
        while typing.get_origin(base) is typing.Annotated:
            base = typing.get_args(base)[0]
        kind = typing.get_origin(base) or base
        if kind in (str, list, dict):
            by_type[kind] = _compile(hint)
    if not any(by_type.values()):
        return None
    return _Switch(by_type)
