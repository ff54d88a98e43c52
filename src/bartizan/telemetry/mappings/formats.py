"""The formats in which records leave: native, the mapped schemas, and the CEF and LEEF lines of older SIEMs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final, get_args

import msgspec

from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.event import Event
from bartizan.telemetry.mappings.engine import Record, load_mapping

FORMATS: Final = ("native", "ocsf", "ecs", "asim", "otel", "cef", "leef")
_SCHEMAS: Final = ("ocsf", "ecs", "asim", "otel")
Formatter = Callable[[bytes], list[bytes]]
"""A line of the journal to what is sent for it: one or more texts without line feeds. Raises Unmappable."""
_ACTION_SEVERITY: Final = {"allow": 1, "flag": 4, "redact": 5, "ask": 6, "block": 8}
_KIND_SEVERITY: Final = {"journal.damaged": 10, "approval.refused": 8, "quarantine.changed": 6, "rule.alarmed": 5}
_FINDING_SEVERITY: Final = {"info": 1, "low": 3, "medium": 5, "high": 8, "critical": 10}


class Unmappable(BartizanError):  # noqa: N818 - says what is the case
    """A line that is no record."""


def formatter(name: str) -> Formatter:
    """The formatter of that name. Raises ConfigurationError."""
    if name == "native":
        return lambda line: [line.rstrip(b"\n")]
    read = _reader()
    if name in ("cef", "leef"):
        write = _cef if name == "cef" else _leef
        return lambda line: [write(read(line)).encode("utf-8", "replace")]
    if name not in _SCHEMAS:
        raise ConfigurationError(f"there is no format {name!r}", f"formats: {', '.join(FORMATS)}")
    mapping = load_mapping(name)
    encode = msgspec.json.encode

    def mapped(line: bytes) -> list[bytes]:
        try:
            return [encode(document) for document in mapping.apply(read(line))]
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            raise Unmappable("a record with fields of the wrong type") from None

    return mapped


def _reader() -> Callable[[bytes], Record]:
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
            record["_self"] = [dict(record)]
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


def _facts(record: Record) -> tuple[str, int, dict[str, str]]:
    """Name, severity from 0 to 10, and the fields that CEF and LEEF share."""
    kind = str(record["kind"])
    severity = _KIND_SEVERITY.get(kind, _ACTION_SEVERITY.get(str(record.get("action")), 1))
    if kind == "finding.raised":
        severity = _FINDING_SEVERITY.get(str(record.get("severity")), 1)
    fields: dict[str, str] = {}
    for key, value in record.items():
        if key[:1] == "_" or key in ("content", "kind") or value in (None, "", [], {}):
            continue
        fields[key] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return kind, severity, fields


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


def _cef(record: Record) -> str:
    kind, severity, fields = _facts(record)
    moment = datetime.fromisoformat(str(record["at"])).astimezone(UTC)
    pairs = [("rt", str(int(moment.timestamp() * 1_000)))]
    for key, value in fields.items():
        if key in _CEF_NAMES:
            name = _CEF_NAMES[key]
            pairs.append((name, value))
            if name.startswith(("cs", "cn")):
                pairs.append((f"{name}Label", key))
    head = "|".join(
        _cef_header(part) for part in ("Bartizan", "Bartizan", version("bartizan"), kind, kind, str(severity))
    )
    return f"CEF:0|{head}|" + " ".join(f"{name}={_cef_value(value)}" for name, value in pairs)


def _cef_header(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\").replace("|", "\\|")


def _cef_value(text: str) -> str:
    escaped = text[:4_000].replace("\\", "\\\\").replace("=", "\\=")
    return "".join(c if c.isprintable() else "\\n" if c == "\n" else "\\r" if c == "\r" else " " for c in escaped)


_LEEF_NAMES: Final = {"principal": "usrName", "client": "src", "at": "devTime", "action": "action"}


def _leef(record: Record) -> str:
    kind, severity, fields = _facts(record)
    pairs = [("sev", str(max(1, severity))), ("cat", kind)]
    pairs += [(_LEEF_NAMES.get(key, key), value) for key, value in fields.items() if key != "chain"]
    pairs.append(("devTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"))
    head = "|".join(_one_line(part).replace("|", "/") for part in ("Bartizan", "Bartizan", version("bartizan"), kind))
    return f"LEEF:2.0|{head}|x09|" + "\t".join(f"{_word(name)}={_one_line(value[:4_000])}" for name, value in pairs)


def _one_line(text: str) -> str:
    """A tab parts the attributes of LEEF and a line feed ends a record, so neither may come from a value."""
    return "".join(character if character.isprintable() else " " for character in text)


def _word(text: str) -> str:
    return "".join(character if character.isalnum() or character in "_." else "_" for character in text)
