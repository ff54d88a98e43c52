"""ClickHouse over its HTTP interface: INSERT with JSON rows, one block and one de-duplication token a batch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from bartizan.telemetry.mappings import Formatter, formatter
from bartizan.telemetry.mappings.formats import reader
from bartizan.telemetry.sinks.http import Answer, Poster
from bartizan.telemetry.sinks.interface import Item, Outcome, RefusedError, SinkError
from bartizan.workspace.sinks import ClickHouseSink

COLUMNS: Final = ("kind", "request", "principal", "session", "client", "route", "model", "action", "rule", "status")
"""Beside ``id``, ``at`` and ``record``; a field that a record does not have is empty, or 0."""
_ABOUT_CONTENT: Final = frozenset({6, 26, 27, 38, 41, 53, 69, 72, 117, 131})
"""Codes of exceptions that speak of the rows: they cannot be parsed, or a value does not fit its column."""
_SETTINGS: Final = {
    "wait_end_of_query": "1",
    "async_insert": "0",
    "insert_deduplicate": "1",
    "input_format_allow_errors_num": "0",
    "input_format_allow_errors_ratio": "0",
    "date_time_input_format": "best_effort",
}
"""The answer comes after the insert, nothing is left out silently, and the same batch is kept once."""


def rows(name: str) -> Formatter:
    """Each record as rows of the table, the texts of that format in the column ``record``."""
    read, write, encode = reader(), formatter(name), msgspec.json.encode

    def lines(content: bytes) -> list[bytes]:
        record = read(content)
        row: dict[str, str | int] = {"at": str(record["at"])}
        for column in COLUMNS:
            value = record.get(column)
            row[column] = value if isinstance(value, str) else ""
        status = record.get("status")
        row["status"] = status if isinstance(status, int) and 0 <= status < 65_536 else 0
        found = []
        for number, text in enumerate(write(content)):
            row["id"] = record["id"] if number == 0 else f"{record['id']}-{number}"
            row["record"] = text.decode("utf-8", "replace")
            found.append(encode(row))
        return found

    return lines


def table(database: str, name: str) -> str:
    """The statement that creates the table; both names must be words."""
    text = files(__package__).joinpath("clickhouse.sql").read_text(encoding="utf-8")
    return text.replace("{table}", f"`{database}`.`{name}`")


class ClickHouse:
    """Inserts into one table.

    Args:
        settings: of which table.
        url: the interface's address, ending in a slash.
        poster: to it, with user and password.
    """

    def __init__(self, settings: ClickHouseSink, url: str, poster: Poster) -> None:
        self._settings = settings
        self._url = url
        self._poster = poster
        self._created = not settings.create
        columns = ", ".join(f"`{name}`" for name in ("id", "at", *COLUMNS, "record"))
        self._insert = f"INSERT INTO `{settings.database}`.`{settings.table}` ({columns}) FORMAT JSONEachRow"

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        texts = [text for item in items for text in item.texts]
        if not texts:
            return Outcome()
        if not self._created:
            created = await self._ask({}, table(self._settings.database, self._settings.table).encode())
            _judge(created, self._poster.place)
            self._created = True
        token = hashlib.sha256("\n".join(item.id for item in items).encode()).hexdigest()
        asked = {"query": self._insert, "insert_deduplication_token": token, **_SETTINGS}
        answer = await self._ask(asked, b"\n".join(texts))
        _judge(answer, self._poster.place)
        _count(answer, len(texts), self._poster.place)
        return Outcome()

    async def _ask(self, parameters: dict[str, str], body: bytes) -> Answer:
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        return await self._poster.post(body, self._url + query)

    async def idle(self) -> None:
        """See ``Sink.idle``."""

    async def close(self) -> None:
        """See ``Sink.close``."""
        await self._poster.close()


def _judge(answer: Answer, place: str) -> None:
    """An exception can come with status 200 when it happens late; an insert that went well answers nothing."""
    code = _number(answer.headers.get("X-ClickHouse-Exception-Code", ""))
    if 200 <= answer.status < 300 and not code and not answer.body.strip():
        return
    text = f"{place}: answered {answer.status}" + (f", exception {code}" if code else "")
    if code in _ABOUT_CONTENT:
        raise RefusedError(text)
    hint = {16: "the table is not of our shape", 60: "there is no such table", 81: "there is no such database"}
    hint |= {192: "check user and password", 497: "the user lacks a right", 516: "check user and password"}
    raise SinkError(text, hint.get(code, ""))


def _count(answer: Answer, rows: int, place: str) -> None:
    try:
        summary = msgspec.json.decode(answer.headers.get("X-ClickHouse-Summary", ""), type=dict[str, str])
        written = int(summary["written_rows"])
    except (msgspec.DecodeError, KeyError, ValueError):
        raise SinkError(f"{place}: the answer does not say how many rows were written", "is this ClickHouse?") from None
    if written < rows:
        raise SinkError(f"{place}: {written} of {rows} rows were written")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
