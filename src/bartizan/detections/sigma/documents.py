"""One YAML document to a rule, a correlation or a filter."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final, cast

import msgspec

from bartizan.core.errors import DocumentError
from bartizan.core.problem import quote
from bartizan.detections.sigma.correlation import read_correlation
from bartizan.detections.sigma.detection import read_detection
from bartizan.detections.sigma.model import Correlation, Detection, Filter, Header, Level, LogSource
from bartizan.detections.sigma.nodes import choice, mapping, optional, refuse_unknown, required, text, texts
from bartizan.workspace.checker import plain
from bartizan.workspace.nodes import ListNode, MapNode, Node, ScalarNode
from bartizan.workspace.wording import found

STATUSES: Final = ("stable", "test", "experimental", "deprecated", "unsupported")
KNOWN: Final = frozenset(
    {
        "title", "id", "name", "related", "taxonomy", "status", "description", "license", "references", "author",
        "date", "modified", "logsource", "detection", "fields", "falsepositives", "level", "tags", "scope",
        "correlation", "filter", "generate", "action",
    }
)  # fmt: skip
"""Top-level keys that Sigma defines; others are kept as custom fields."""

_TAG = re.compile(r"[a-z0-9_-]+\.[a-z0-9._-]+")


def read_document(node: Node) -> Detection | Correlation | Filter:
    """Read one document. Raises DocumentError."""
    document = mapping(node)
    kinds = [key for key in ("detection", "correlation", "filter") if optional(document, key) is not None]
    if len(kinds) != 1:
        what = " and ".join(quote(kind) for kind in kinds) if kinds else "no 'detection', 'correlation' or 'filter'"
        raise DocumentError(document.place, what, "exactly one of them")
    header = _header(document)
    if kinds[0] == "correlation":
        outer = optional(document, "generate")
        generate = isinstance(outer, ScalarNode) and outer.value is True
        return read_correlation(document.entries["correlation"][1], header, outer_generate=generate)
    source = _source(document)
    if kinds[0] == "filter":
        section = mapping(document.entries["filter"][1])
        return Filter(
            header=header,
            rules=_filtered(section),
            source=source,
            expression=read_detection(section, leave_out=("rules",)),
        )
    return Detection(header=header, source=source, expression=read_detection(document.entries["detection"][1]))


def _filtered(section: MapNode) -> tuple[str, ...] | None:
    node = required(section, "rules")
    if isinstance(node, ScalarNode) and node.text == "any":
        return None
    return texts(node)


def _header(document: MapNode) -> Header:
    def word(key: str) -> str:
        node = optional(document, key)
        return text(node) if node is not None else ""

    def words(key: str) -> tuple[str, ...]:
        node = optional(document, key)
        return texts(node) if node is not None else ()

    title, name, identifier = word("title"), word("name"), word("id")
    if not (title or name or identifier):
        raise DocumentError(document.place, "no title", "title: …")
    level, status = optional(document, "level"), optional(document, "status")
    if status is not None:
        choice(status, STATUSES)
    return Header(
        title=title or name or identifier,
        id=identifier,
        name=name,
        status=word("status"),
        description=word("description"),
        level=Level(choice(level, [one.value for one in Level])) if level is not None else Level.MEDIUM,
        tags=_tags(document),
        falsepositives=words("falsepositives"),
        references=words("references"),
        custom=cast(dict[str, Any], plain(_custom(document))),
        place=document.place,
        digest=_digest(document),
    )


def _tags(document: MapNode) -> tuple[str, ...]:
    node = optional(document, "tags")
    if node is None:
        return ()
    for item in node.items if isinstance(node, ListNode) else [node]:
        if _TAG.fullmatch(text(item)) is None:
            raise DocumentError(item.place, found(item), "a tag such as attack.t1190, in lower case")
    return texts(node)


def _custom(document: MapNode) -> MapNode:
    rest = {key: entry for key, entry in document.entries.items() if key not in KNOWN}
    return MapNode(document.place, rest)


def _digest(document: MapNode) -> str:
    """Of what decides about matches: reworded descriptions keep the ids of findings."""
    kept = ("id", "name", "title", "logsource", "detection", "correlation", "filter")
    meaning = {key: plain(entry[1]) for key, entry in document.entries.items() if key in kept}
    return hashlib.sha256(msgspec.json.encode(meaning, order="sorted")).hexdigest()


def _source(document: MapNode) -> LogSource:
    node = optional(document, "logsource")
    if node is None:
        return LogSource()
    section = mapping(node)
    values = {}
    for key in ("category", "product", "service"):
        value = optional(section, key)
        values[key] = text(value).lower() if value is not None else ""
    return LogSource(**values)


def merge(base: MapNode | None, document: MapNode) -> MapNode:
    """``document`` on top of an ``action: global`` document, as Sigma's rule collections ask for."""
    if base is None:
        return document
    entries = dict(base.entries)
    for key, (place, value) in document.entries.items():
        before = entries.get(key)
        if before is not None and isinstance(before[1], MapNode) and isinstance(value, MapNode):
            entries[key] = (place, merge(before[1], value))
        else:
            entries[key] = (place, value)
    return MapNode(document.place, entries)


def collected(nodes: list[Node]) -> list[MapNode]:
    """The documents of a file with the actions ``global``, ``reset`` and ``repeat`` carried out.

    Raises:
        DocumentError: a document is no mapping, or its action is unknown.
    """
    base: MapNode | None = None
    previous: MapNode | None = None
    result = []
    for node in nodes:
        if isinstance(node, ScalarNode) and node.value is None:
            continue
        document = mapping(node)
        action = optional(document, "action")
        # Early drafts of correlations also carried "action: correlation".
        word = choice(action, ("global", "reset", "repeat", "correlation")) if action is not None else ""
        bare = MapNode(document.place, {key: entry for key, entry in document.entries.items() if key != "action"})
        if word == "global":
            base = merge(base, bare)
        elif word == "reset":
            base = None
        else:
            previous = merge(previous if word == "repeat" else base, bare)
            result.append(previous)
    return result


__all__ = ["collected", "merge", "read_document", "refuse_unknown"]
