"""YAML text to a tree of nodes that know their place; refuses what a settings file has no use for.

Refused: anchors and aliases (a few lines of them expand to gigabytes), tags, several documents (but by
:func:`parse_documents`), duplicate keys, keys that are not text, tabs in the indentation, invisible direction controls
(a reader would see another text than the machine), and more than the bounds below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from bartizan.core.errors import DocumentError, Place
from bartizan.core.problem import printable, quote
from bartizan.workspace.scalars import Scalar, ScalarError, resolve

MAX_BYTES = 1_000_000
MAX_DEPTH = 48
MAX_NODES = 200_000

LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""What YAML 1.2 does not call printable, and the direction controls U+202A-202E and U+2066-2069."""
_TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)


@dataclass(slots=True)
class ScalarNode:
    """Text, a number, true, false or null."""

    place: Place
    value: Scalar
    text: str
    quotes: int = 0
    """Columns between the place and the text: 1 for text in quotes."""


@dataclass(slots=True)
class ListNode:
    """Items in order."""

    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class MapNode:
    """Keys are text; each keeps the place where it is written."""

    place: Place
    entries: dict[str, tuple[Place, Node]] = field(default_factory=dict)
    key: tuple[Place, str] | None = None
    """While parsing: the key whose value comes next."""


Node = ScalarNode | ListNode | MapNode


def decode(content: bytes, name: str) -> str:
    """UTF-8 without a byte order mark, bounded. Raises DocumentError."""
    if len(content) > MAX_BYTES:
        raise DocumentError(Place(name, 1, 1), f"{len(content)} bytes", f"at most {MAX_BYTES}")
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = _place_at(content[: error.start].decode("utf-8"), name)
        raise DocumentError(place, f"the byte 0x{content[error.start]:02x}", "UTF-8 text") from None


def parse(text: str, name: str) -> Node:
    """The root node of the only document in ``text``. Raises DocumentError."""
    roots = _parse(text, name, documents=1)
    return roots[0] if roots else ScalarNode(Place(name, 1, 1), None, "")


def parse_documents(text: str, name: str) -> list[Node]:
    """The root nodes of the documents in ``text``, in order; empty for an empty text. Raises DocumentError."""
    return _parse(text, name, documents=MAX_NODES)


def _parse(text: str, name: str, *, documents: int) -> list[Node]:
    if len(text) > MAX_BYTES:
        raise DocumentError(Place(name, 1, 1), f"{len(text)} characters", f"at most {MAX_BYTES}")
    _check_characters(text, name)
    try:
        return _build(yaml.parse(text, Loader=LOADER), name, documents)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
        raise DocumentError(place, f"broken YAML ({printable(str(error.problem), 120)})", "valid YAML") from None
    except yaml.YAMLError as error:
        raise DocumentError(Place(name, 1, 1), f"broken YAML ({printable(str(error), 120)})", "valid YAML") from None


def _check_characters(text: str, name: str) -> None:
    found = _FORBIDDEN.search(text)
    if found:
        raise DocumentError(
            _place_at(text[: found.start()], name),
            f"the invisible character U+{ord(found.group()):04X}",
            "printable text",
            f'write it as "\\u{ord(found.group()):04x}" in double quotes if it is meant',
        )
    tab = _TAB_INDENT.search(text)
    if tab:
        place = _place_at(text[: tab.end() - 1], name)
        raise DocumentError(place, "a tab in the indentation", "spaces")


def _place_at(before: str, name: str) -> Place:
    line = before.count("\n") + 1
    return Place(name, line, len(before) - (before.rfind("\n") + 1) + 1)


def _build(events: Iterator[yaml.Event], name: str, documents: int) -> list[Node]:
    roots: list[Node] = []
    stack: list[ListNode | MapNode] = []
    started = nodes = 0
    for event in events:
        mark = event.start_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
        if isinstance(event, yaml.DocumentStartEvent):
            started += 1
            if started > documents:
                raise DocumentError(place, "a second YAML document", "one document per file")
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        nodes += 1
        _refuse_oddities(event, place, depth=len(stack), nodes=nodes)
        node = _node(event, place)
        if not stack:
            roots.append(node)
        else:
            _attach(stack[-1], node)
        if not isinstance(node, ScalarNode):
            stack.append(node)
    return roots


def _refuse_oddities(event: yaml.NodeEvent, place: Place, *, depth: int, nodes: int) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise DocumentError(place, f"the alias *{printable(str(event.anchor))}", "the value itself")
    if event.anchor is not None:
        raise DocumentError(place, f"the anchor &{printable(str(event.anchor))}", "no anchors")
    tag = getattr(event, "tag", None)
    if tag is not None and tag != "!":
        raise DocumentError(place, f"the tag {printable(str(tag))}", "no tags")
    if depth >= MAX_DEPTH:
        raise DocumentError(place, f"more than {MAX_DEPTH} levels of nesting", "a flatter document")
    if nodes > MAX_NODES:
        raise DocumentError(place, f"more than {MAX_NODES} values", "a smaller document")


def _node(event: yaml.NodeEvent, place: Place) -> Node:
    if isinstance(event, yaml.MappingStartEvent):
        return MapNode(place)
    if isinstance(event, yaml.SequenceStartEvent):
        return ListNode(place)
    assert isinstance(event, yaml.ScalarEvent)
    if event.style or event.tag == "!":
        return ScalarNode(place, event.value, event.value, int(event.style in {"'", '"'}))
    try:
        return ScalarNode(place, resolve(event.value), event.value)
    except ScalarError as error:
        raise DocumentError(place, *error.args) from None


def _attach(parent: ListNode | MapNode, node: Node) -> None:
    if isinstance(parent, ListNode):
        parent.items.append(node)
    elif parent.key is None:
        if not isinstance(node, ScalarNode) or not node.text:
            raise DocumentError(node.place, "a key that is not text", "a plain key")
        if node.text in parent.entries:
            first = parent.entries[node.text][0]
            raise DocumentError(
                node.place, f"the key {quote(node.text)} again", f"it once (it is already on line {first.line})"
            )
        parent.key = (node.place, node.text)
    else:
        place, key = parent.key
        parent.entries[key] = (place, node)
        parent.key = None
