"""What SQL cannot say itself: the same Python functions as the stream, registered with DuckDB."""

from __future__ import annotations

import ipaddress
from typing import Any, cast

import duckdb
import msgspec

from bartizan.detections.fields import View
from bartizan.detections.matching import COMPARE, in_network, time_part
from bartizan.detections.sigma.model import Order, TimeUnit


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Add ``bz_in_network``, ``bz_time_part`` and ``bz_leaves``."""
    connection.create_function("bz_in_network", _in_network, ["VARCHAR[]", "VARCHAR"], "BOOLEAN")
    connection.create_function("bz_time_part", _time_part, ["VARCHAR[]", "VARCHAR", "VARCHAR", "DOUBLE"], "BOOLEAN")
    connection.create_function("bz_leaves", _leaves, ["VARCHAR"], "VARCHAR[]")


def _in_network(texts: list[str], network: str) -> bool:
    wanted = ipaddress.ip_network(network)
    return any(in_network(text, wanted) for text in texts)


def _time_part(values: list[str], unit: str, order: str, wanted: float) -> bool:
    compare = COMPARE[cast(Order, order)]
    parts = (time_part(msgspec.json.decode(value), cast(TimeUnit, unit)) for value in values)
    return any(part is not None and compare(part, wanted) for part in parts)


def _leaves(event: str) -> list[str]:
    document: Any = msgspec.json.decode(event)
    return list(View(document, {}).leaves()) if isinstance(document, dict) else []
