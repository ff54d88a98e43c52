"""The engine behind the mapping tables.

A table has, for each kind of record, a list of templates; ``*`` serves the kinds that have none of their own. A
template maps target paths to rules, and each rule gives a value or nothing, in which case the target is left out:

- a text is the path of a field of the record: ``usage.input_tokens``;
- ``value`` is a constant;
- ``field`` with ``as`` (a conversion), ``table`` (values by value, ``*`` for all others) or ``default``;
- ``first`` is the first rule of a list that gives a value;
- ``each`` repeats a template over a list, whose items are then the record;
- ``_severity``, ``_confidence``, ``_chains``, ``_techniques``, ``_events`` and ``_self`` are worked out from the record
  (``formats.py``);
- ``rest`` collects the top-level fields that no rule of the template reads, so that nothing is lost.

``when`` names a field that must be there for a template to be used; ``flat`` makes target paths keys with dots in them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

import msgspec
import yaml

from bartizan.core.errors import ConfigurationError
from bartizan.telemetry.mappings.plan import Plan, Record, Rule


class Mapping:
    """One mapping table.

    Args:
        table: as it stands in the file.
    """

    def __init__(self, table: dict[str, Any]) -> None:
        self.format: str = table["format"]
        self.version: str = table["version"]
        self._flat = bool(table.get("flat"))
        self._tables: dict[str, dict[Any, Any]] = table.get("tables", {})
        common: dict[str, Any] = table.get("all", {})
        shared: dict[str, dict[str, Any]] = table.get("templates", {})
        self._kinds = {
            kind: [self._template(common, shared, template) for template in templates]
            for kind, templates in table["kinds"].items()
        }

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that have templates of their own."""
        return frozenset(self._kinds) - {"*"}

    def table(self, name: str) -> dict[Any, Any]:
        """One of the tables of values. Raises KeyError."""
        return self._tables[name]

    def apply(self, record: Record) -> list[dict[str, Any]]:
        """What the record becomes: usually one document, sometimes a finding beside it."""
        templates = self._kinds.get(str(record.get("kind")), self._kinds["*"])
        return [document for template in templates if (document := template(record)) is not None]

    def _template(
        self, common: dict[str, Any], shared: dict[str, dict[str, Any]], template: dict[str, Any]
    ) -> Callable[[Record], dict[str, Any] | None]:
        body: dict[str, Any] = dict(common)
        for name in template.get("use", []):
            body |= shared[name]
        body |= {key: rule for key, rule in template.items() if key not in ("use", "when")}
        when = _path(template["when"]) if "when" in template else None
        read: set[str] = {"kind", "id", "at", "version"}
        plan = Plan()
        for target, rule in body.items():
            if rule is not None and rule != {"rest": True}:
                self._add(plan, target, rule, read)
        for target, rule in body.items():
            if rule == {"rest": True}:
                plan.add([target] if self._flat else target.split("."), _rest(frozenset(read)))
        build = plan.build

        def apply(record: Record) -> dict[str, Any] | None:
            return None if when is not None and not when(record) else build(record)

        return apply

    def _add(self, plan: Plan, target: str, rule: Any, read: set[str]) -> None:
        steps = [target] if self._flat else target.split(".")
        made = self._rule(rule, read)
        if isinstance(rule, dict) and "value" in rule:
            plan.constant(steps, rule["value"])
        elif isinstance(rule, str) and "." not in rule:
            plan.copied(steps, rule)
        else:
            plan.add(steps, made)

    def _rule(self, rule: Any, read: set[str]) -> Rule:
        if isinstance(rule, str):
            read.add(rule.split(".")[0])
            return _path(rule)
        if "rest" in rule:
            return lambda record: None
        if "value" in rule:
            constant = rule["value"]
            return lambda record: constant
        if "first" in rule:
            choices = [self._rule(choice, read) for choice in rule["first"]]
            return lambda record: next((v for choice in choices if (v := choice(record)) not in (None, "")), None)
        if "each" in rule:
            return self._each(rule, read)
        return self._field(rule, read)

    def _each(self, rule: dict[str, Any], read: set[str]) -> Rule:
        read.add(rule["each"].split(".")[0])
        items = _path(rule["each"])
        if isinstance(rule["give"], str):
            single = _path(rule["give"])
            return lambda record: list(dict.fromkeys(v for item in items(record) or () if (v := single(item))))
        plan = Plan()
        for target, one in rule["give"].items():
            self._add(plan, target, one, set())
        build = plan.build
        return lambda record: [build(item) for item in items(record) or ()]

    def _field(self, rule: dict[str, Any], read: set[str]) -> Rule:
        if "table" not in rule:  # what a table makes of a value does not say all of it
            read.add(rule["field"].split(".")[0])
        get = _path(rule["field"])
        convert = _CONVERSIONS[rule["as"]] if "as" in rule else None
        table = self._tables[rule["table"]] if "table" in rule else None
        default = rule.get("default")

        def field(record: Record) -> Any:
            value = get(record)
            if table is not None:
                value = table.get(value, table.get("*"))
            if value is None or value == "":
                return default
            return convert(value) if convert is not None else value

        return field


def load_mapping(name: str) -> Mapping:
    """The shipped table of that name: ``ocsf``, ``ecs``, ``asim`` or ``otel``. Raises ConfigurationError."""
    source = files(__package__) / f"{name}.yaml"
    if not source.is_file():
        raise ConfigurationError(f"there is no mapping called {name!r}")
    return Mapping(yaml.safe_load(source.read_text(encoding="utf-8")))


def _path(path: str) -> Rule:
    keys = path.split(".")
    if len(keys) == 1:
        key = keys[0]
        return lambda record: record.get(key)

    def walk(record: Record) -> Any:
        value: Any = record
        for key in keys:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    return walk


def _rest(read: frozenset[str]) -> Rule:
    def rest(record: Record) -> Any:
        return {key: value for key, value in record.items() if key not in read and key != "chain" and key[:1] != "_"}

    return rest


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _micros(value: Any) -> int:
    since = _moment(value) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_CONVERSIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "text": str,
    "json": lambda value: msgspec.json.encode(value).decode(),
    "milliseconds": lambda value: _micros(value) // 1_000,
    "nanoseconds": lambda value: str(_micros(value) * 1_000),
    "whole": lambda value: round(value) if value >= 0 else None,
    "milliseconds_to_nanoseconds": lambda value: round(value * 1e6) if value >= 0 else None,
    "count": lambda value: value if value >= 0 else None,
    "failure": lambda value: 2 if int(value) >= 400 else 1,
    "outcome": lambda value: "failure" if int(value) >= 400 else "success",
}
