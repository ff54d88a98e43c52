"""The formats in which records leave: native, the mapped schemas, and the CEF and LEEF lines of older SIEMs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final, get_args

import msgspec

from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.event import Event
from bartizan.telemetry.mappings.engine import load_mapping
from bartizan.telemetry.mappings.plan import Record

FORMATS: Final = ("native", "ocsf", "ecs", "asim", "otel", "cef", "leef")
_SCHEMAS: Final = ("ocsf", "ecs", "asim", "otel")
Formatter = Callable[[bytes], list[bytes]]
"""A line of the journal to what is sent for it: one or more texts without line feeds. Raises Unmappable."""
_ACTION_SEVERITY: Final = {"allow": 1, "flag": 4, "redact": 5, "ask": 6, "block": 8}
_KIND_SEVERITY: Final = {
    "journal.damaged": 10, "approval.refused": 8, "quarantine.changed": 6, "rule.alarmed": 5, "sink.alarmed": 5,
}  # fmt: skip
_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {})
_LONGEST_VALUE: Final = 4_000
"""Characters of one value in CEF and LEEF."""
_LONGEST_TITLE: Final = 512
_FINDING_SEVERITY: Final = {"info": 1, "low": 3, "medium": 5, "high": 8, "critical": 10}


class Unmappable(BartizanError):  # noqa: N818 - says what is the case
    """A line that is no record."""


def formatter(name: str) -> Formatter:
    """The formatter of that name. Raises ConfigurationError."""
    if name == "native":
        return lambda line: [line.rstrip(b"\n")]
    if name in ("cef", "leef"):
        return _lines(name)
    if name not in _SCHEMAS:
        raise ConfigurationError(f"there is no format {name!r}", f"formats: {', '.join(FORMATS)}")
    read = reader()
    mapping = load_mapping(name)
    encode = msgspec.json.encode

    def mapped(line: bytes) -> list[bytes]:
        try:
            return [encode(document) for document in mapping.apply(read(line))]
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            raise Unmappable("a record with fields of the wrong type") from None

    return mapped


def reader() -> Callable[[bytes], Record]:
    """Records as dictionaries, with the defaults that they leave out, and what tables cannot work out."""
    defaults: dict[str, dict[str, Any]] = {}
    for kind in get_args(Event):
        own = defaults[kind.__struct_config__.tag] = {}
        for field in msgspec.structs.fields(kind):
            default = field.default
            if isinstance(default, str | int | float) and default != "":
                own[field.encode_name] = getattr(default, "value", default)
    decode = msgspec.json.Decoder(dict[str, Any]).decode

    def read(line: bytes) -> Record:
        try:
            record = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unmappable(f"not a record: {type(error).__name__}") from None
        kind = record.get("kind")
        if not isinstance(kind, str) or not isinstance(record.get("id"), str):
            raise Unmappable("not a record: it has no kind or no id")
        try:
            datetime.fromisoformat(str(record.get("at")))
            record = {**defaults.get(kind, {}), **record}
            chain = record.get("chain")
            record["_self"] = [record.copy()]
            record["_chains"] = [chain] if isinstance(chain, dict) else []
            signals = record.get("signals")
            for name, key in (("techniques", "_techniques"), ("events", "_events")):
                record[key] = [{"uid": str(item)} for item in record.get(name, ())]
            if isinstance(signals, list) and signals:
                order = ("info", "low", "medium", "high", "critical")
                record["_severity"] = max((s["severity"] for s in signals), key=order.index)
                record["_confidence"] = round(max(s["score"] for s in signals) * 100)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Unmappable(f"a record of kind {kind[:64]!r} with fields of the wrong type") from None
        return record

    return read


def _lines(name: str) -> Formatter:
    """CEF or LEEF. What is the same for every record, the version above all, is worked out once."""
    read = reader()
    write = _cef if name == "cef" else _leef
    product = version("bartizan")
    return lambda line: [write(read(line), product).encode("utf-8", "replace")]


def severity(record: Record) -> int:
    """From 0 to 10, as in CEF."""
    kind = str(record["kind"])
    if kind == "finding.raised":
        return _FINDING_SEVERITY.get(str(record.get("severity")), 1)
    return _KIND_SEVERITY.get(kind, _ACTION_SEVERITY.get(str(record.get("action")), 1))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


_CEF_NAMES: Final = {
    "id": "externalId",
    "principal": "suser",
    "client": "src",
    "action": "act",
    "reason": "reason",
    "request": "cs1",
    "model": "cs2",
    "rule": "cs3",
    "route": "cs4",
    "session": "cs5",
    "signals": "cs6",
    "status": "cn1",
    "error": "msg",
}
"""CEF's own keys; custom ones get a label beside them. Source: the ArcSight CEF implementation standard."""
_NOT_CEF: Final = frozenset({"kind", "at", "content", "chain", "title"})
"""In the header, or of no use without the journal."""


@lru_cache(maxsize=1_024)
def _cef_name(key: str) -> str:
    """CEF's name for a field of a record; with our prefix, as the standard asks of vendors, where it has none."""
    known = _CEF_NAMES.get(key)
    words = "".join(character if character.isascii() and character.isalnum() else " " for character in key).split()
    return known or "bartizan" + "".join(word[:1].upper() + word[1:] for word in words)


def _cef(record: Record, product: str) -> str:
    kind = str(record["kind"])
    moment = datetime.fromisoformat(str(record["at"])).astimezone(UTC)
    pairs = [f"rt={int(moment.timestamp() * 1_000)}"]
    for key, value in record.items():
        if key[:1] == "_" or key in _NOT_CEF or (not value and value in _NOTHING):
            continue
        name = _cef_name(key)
        label = f" {name}Label={key}" if name[:2] in ("cs", "cn") else ""
        pairs.append(f"{name}={_cef_value(_shown(value))}{label}")
    shown, title = _cef_header(kind), _cef_header(str(record.get("title") or kind)[:_LONGEST_TITLE])
    return f"CEF:0|Bartizan|Bartizan|{_cef_header(product)}|{shown}|{title}|{severity(record)}|{' '.join(pairs)}"


def _cef_header(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\").replace("|", "\\|")


def _cef_value(text: str) -> str:
    escaped = text[:_LONGEST_VALUE].replace("\\", "\\\\").replace("=", "\\=")
    if escaped.isprintable():
        return escaped
    return "".join(c if c.isprintable() else "\\n" if c == "\n" else "\\r" if c == "\r" else " " for c in escaped)


_LEEF_NAMES: Final = {"principal": "usrName", "client": "src", "at": "devTime", "action": "action"}
_NOT_LEEF: Final = frozenset({"content", "kind", "chain"})


def _leef(record: Record, product: str) -> str:
    kind = str(record["kind"])
    pairs = [f"sev={max(1, severity(record))}", f"cat={_leef_value(kind)}"]
    for key, value in record.items():
        if key[:1] == "_" or key in _NOT_LEEF or (not value and value in _NOTHING):
            continue
        pairs.append(f"{_word(_LEEF_NAMES.get(key, key))}={_leef_value(_shown(value))}")
    pairs.append("devTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
    head = "|".join(_one_line(part).replace("|", "/") for part in (product, kind))
    return f"LEEF:2.0|Bartizan|Bartizan|{head}|x09|" + "\t".join(pairs)


def _leef_value(text: str) -> str:
    return _one_line(text[:_LONGEST_VALUE])


def _one_line(text: str) -> str:
    """A tab parts the attributes of LEEF and a line feed ends a record, so neither may come from a value."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)


def _word(text: str) -> str:
    if text.isidentifier():
        return text
    return "".join(character if character.isalnum() or character in "_." else "_" for character in text)
