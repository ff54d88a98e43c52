"""A rule from a row of a hunt, tried on the case that it comes from before anybody sees it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

import yaml

from bartizan.core.errors import ConfigurationError
from bartizan.detections.cases import run_cases
from bartizan.detections.hunts.model import Hunt, RuleSketch
from bartizan.detections.records import shapes
from bartizan.detections.sigma import read_collection

_NAMES: Final = uuid.UUID("6f1f4a52-8d3c-5d0e-9a57-6f2d6a3f0c11")


class _Plain(yaml.SafeDumper):
    """Writes repeated parts out, for rules are read without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always."""
        return True


def rule_of(hunt: Hunt, row: Mapping[str, Any]) -> str:
    """Sigma, as YAML, with cases.

    Args:
        hunt: one that says which rule its rows become.
        row: of its answer, by column.

    Raises:
        ConfigurationError: the hunt makes no rules, the row lacks a value, or the rule fails its own cases.
    """
    sketch = hunt.rule
    if sketch is None:
        raise ConfigurationError(f"the hunt {hunt.id} makes no rule", "its rows compare times that a rule cannot")
    match = dict(sketch.match)
    for field, column in sketch.columns.items():
        value = row.get(column)
        if not isinstance(value, str | int | float | bool):
            raise ConfigurationError(f"the row has no value for {column}", "choose another --row")
        match[field] = _escaped(value)
    documents = _documents(hunt, sketch, match)
    text = yaml.dump_all(documents, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=118)
    failed = [one for one in run_cases(read_collection(text, f"{hunt.id}.yml")) if not one.passed]
    if failed:
        raise ConfigurationError(f"the rule fails its own {failed[0].kind} case", "the hunt's rule section is wrong")
    return text


def _documents(hunt: Hunt, sketch: RuleSketch, match: dict[str, Any]) -> list[dict[str, Any]]:
    identity = str(uuid.uuid5(_NAMES, repr((hunt.id, sorted(match.items(), key=str)))))
    name = f"{hunt.id.replace('-', '_')}_{identity[:8]}"
    about: dict[str, Any] = {
        "title": f"{sketch.title} ({identity[:8]})",
        "name": name,
        "id": identity,
        "status": "experimental",
        "description": f"Made from the hunt {hunt.id}: {hunt.hypothesis}",
        "level": sketch.level,
        "tags": list(hunt.techniques),
    }
    detection = {"selection": match, "condition": "selection"}
    source = {"product": "bartizan"}
    notes = {"threat": hunt.threat.value, "falsepositives": [hunt.read], "response": f"bartizan hunt run {hunt.id}"}
    one = _example(match)
    if sketch.count is None:
        cases = {"positive": [[one]], "negative": [[_other(one)]]}
        return [{**about, "logsource": source, "detection": detection, **notes, "cases": cases}]
    count = sketch.count
    part = {"title": f"{sketch.title} (part, {identity[:8]})", "name": f"{name}_part", "level": "informational"}
    condition: dict[str, Any] = {"gte": count.at_least}
    kind = "event_count"
    if count.distinct:
        kind, condition = "value_count", {"field": count.distinct, **condition}
    correlation = {"type": kind, "rules": [f"{name}_part"], "group-by": list(count.by), "timespan": count.within,
                   "condition": condition}  # fmt: skip
    example = {**{field: "x" for field in count.by if field not in one}, **one, "every": 0.1}
    if count.distinct:
        example[count.distinct] = "{n}"
    cases = {
        "positive": [[{**example, "repeat": count.at_least}]],
        "negative": [[{**example, "repeat": count.at_least - 1}]] if count.at_least > 1 else [[_other(one)]],
    }
    return [
        {**part, "logsource": source, "detection": detection},
        {**about, "correlation": correlation, **notes, "cases": cases},
    ]


def _escaped(value: str | int | float | bool) -> str | int | float | bool:
    """A value that is meant as it stands: no wildcard of it is one."""
    if not isinstance(value, str):
        return value
    return "".join("\\" + character if character in "*?\\" else character for character in value)


def _example(match: dict[str, Any]) -> dict[str, Any]:
    """A record that fits."""
    record: dict[str, Any] = {}
    for key, value in match.items():
        name, *modifiers = key.split("|")
        wanted = value[0] if isinstance(value, list) else value
        if "exists" in modifiers:
            wanted = _something(name)
        elif isinstance(wanted, str):
            wanted = _unescaped(wanted)
        elif "gt" in modifiers:
            wanted += 1
        _put(record, name, wanted)
    return record


def _something(name: str) -> Any:
    """Any value of a field of a record."""
    shape = shapes()[name]
    if shape.type != "object":
        return {"text": "x", "number": 1, "truth": True}[shape.type]
    return [{}] if shape.listed else {}


def _put(record: dict[str, Any], name: str, value: Any) -> None:
    """Set a field of a record by its name with dots; of a list, its first item."""
    steps, known = name.split("."), shapes()
    node = record
    for number, step in enumerate(steps):
        path = ".".join(steps[: number + 1])
        last = number == len(steps) - 1
        above = ".".join(steps[:number])
        inherits = bool(above) and known[above].listed
        listed = path in known and known[path].listed and not inherits
        if last:
            node[step] = value if not listed or isinstance(value, list) else [value]
        else:
            node = node.setdefault(step, [{}] if listed else {})
            node = node[0] if isinstance(node, list) else node


def _unescaped(text: str) -> str:
    result, escaped = [], False
    for character in text:
        if character == "\\" and not escaped:
            escaped = True
            continue
        result.append(character)
        escaped = False
    return "".join(result)


def _other(example: dict[str, Any]) -> dict[str, Any]:
    """A record of another kind."""
    return {"kind": "journal.sealed" if example.get("kind") != "journal.sealed" else "journal.damaged"}
