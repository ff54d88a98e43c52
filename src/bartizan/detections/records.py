"""Events of a rule's cases as the journal would hold them: a case on a field that nobody writes is an error.

A record leaves out what has its default. A rule that asks for such a value never fires, and its cases must show that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, get_args

import msgspec
from msgspec import inspect as kinds

from bartizan.core.errors import ConfigurationError
from bartizan.core.event import Event

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
APART: Final = 60.0
"""Seconds between events that say no time."""
MOST_EVENTS: Final = 20_000
_OURS: Final = ("repeat", "every", "wait")


def spelled_out(events: Iterable[dict[str, Any]], place: object) -> Iterator[dict[str, Any]]:
    """The events of a case in full.

    An event may say ``repeat`` (how often), ``every`` (seconds from one to the next, 60 unless said) and ``wait``
    (seconds before the first); ``{n}`` in its texts counts from 0. Events without ``at`` get one each.

    Raises:
        ConfigurationError: one of these is no number, or there are too many events.
    """
    now, first, count = START, True, 0
    for event in events:
        repeat, every, wait = (event.get(name, usual) for name, usual in zip(_OURS, (1, APART, 0), strict=True))
        if not all(isinstance(value, int | float) and value >= 0 for value in (repeat, every, wait)):
            raise ConfigurationError(f"{place}: cases: repeat, every and wait are numbers")
        plain = {name: value for name, value in event.items() if name not in _OURS}
        for number in range(int(repeat)):
            now += timedelta(seconds=(0 if first else every) + (0 if number else wait))
            first, count = False, count + 1
            if count > MOST_EVENTS:
                raise ConfigurationError(f"{place}: cases: more than {MOST_EVENTS} events")
            stamped = {"at": now.isoformat(), **plain} if "time" not in plain else plain
            yield _numbered(stamped, number) if int(repeat) > 1 else stamped


def _numbered(value: Any, number: int) -> Any:
    if isinstance(value, str):
        return value.replace("{n}", str(number))
    if isinstance(value, list):
        return [_numbered(item, number) for item in value]
    if isinstance(value, dict):
        return {key: _numbered(item, number) for key, item in value.items()}
    return value


@cache
def record_kinds() -> dict[str, type[msgspec.Struct]]:
    """Every kind of record by its name."""
    return {str(kind.__struct_config__.tag): kind for kind in get_args(Event)}


def journaled(event: dict[str, Any], place: object) -> dict[str, Any]:
    """``event`` as a line of the journal has it; what a case leaves out and every record has is filled in.

    Raises:
        ConfigurationError: there is no such kind of record, or it has no such field or value.
    """
    kind = record_kinds().get(str(event.get("kind")))
    if kind is None:
        raise ConfigurationError(f"{place}: cases: there is no record of kind {event.get('kind')!r}")
    plain = {name: value for name, value in event.items() if name != "kind"}
    try:
        filled = _filled(kinds.type_info(kind), plain, str(event["kind"]))
        record = msgspec.convert(filled | {"kind": event["kind"]}, kind)
    except (msgspec.ValidationError, ConfigurationError) as error:
        raise ConfigurationError(f"{place}: cases: {event['kind']}: {error}") from None
    written: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    return written


def _filled(kind: kinds.Type, value: Any, path: str) -> Any:
    if isinstance(kind, kinds.UnionType):
        kind = next((one for one in kind.types if not isinstance(one, kinds.NoneType)), kind)
    if isinstance(kind, kinds.StructType) and isinstance(value, dict):
        known = {field.encode_name: field for field in kind.fields}
        for name in value:
            if name not in known:
                raise ConfigurationError(f"{path} has no field {name!r}")
        given = {name: _filled(known[name].type, inner, f"{path}.{name}") for name, inner in value.items()}
        missing = {name: _any(field.type) for name, field in known.items() if field.required and name not in value}
        return {**missing, **given}
    if isinstance(kind, kinds.CollectionType) and isinstance(value, list):
        return [_filled(kind.item_type, item, path) for item in value]
    return value


def _any(kind: kinds.Type) -> Any:
    """Some value of the type."""
    match kind:
        case kinds.StrType():
            return "-"
        case kinds.BoolType():
            return False
        case kinds.IntType() | kinds.FloatType():
            return 0
        case kinds.DateTimeType():
            return START.isoformat()
        case kinds.EnumType(cls=cls):
            return next(iter(cls)).value
        case kinds.StructType():
            return _filled(kind, {}, "")
        case kinds.DictType():
            return {}
    return []


class Shape(msgspec.Struct, frozen=True):
    """How a field of our records looks to others."""

    listed: bool
    """There may be several values."""
    type: str
    """``text``, ``number`` or ``truth``; ``object`` for what is no scalar."""


@cache
def shapes() -> dict[str, Shape]:
    """Every field of our records by its name with dots."""
    found: dict[str, Shape] = {"kind": Shape(listed=False, type="text")}
    for kind in record_kinds().values():
        for name, shape in _shapes(kinds.type_info(kind), "", listed=False):
            found.setdefault(name, shape)
    return found


def _shapes(kind: kinds.Type, name: str, *, listed: bool) -> Iterator[tuple[str, Shape]]:
    if isinstance(kind, kinds.UnionType):
        for one in kind.types:
            if not isinstance(one, kinds.NoneType):
                yield from _shapes(one, name, listed=listed)
    elif isinstance(kind, kinds.CollectionType):
        yield from _shapes(kind.item_type, name, listed=True)
    elif isinstance(kind, kinds.StructType):
        if name:
            yield name, Shape(listed, "object")
        for field in kind.fields:
            yield from _shapes(field.type, f"{name}.{field.encode_name}".lstrip("."), listed=listed)
    elif isinstance(kind, kinds.BoolType):
        yield name, Shape(listed, "truth")
    elif isinstance(kind, kinds.IntType | kinds.FloatType):
        yield name, Shape(listed, "number")
    else:
        yield name, Shape(listed, "text")
