"""JSON-RPC messages from bytes: one a line, bounded, and read so that no two parsers can disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCMessage, jsonrpc_message_adapter

from bartizan.core.errors import WireError
from bartizan.core.strict_json import Document, parse

MAX_DEPTH = 64
MAX_NODES = 200_000
_END = 200
_ID_FIRST = re.compile(rb'\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*([0-9]{1,15})\s*,')
_ID_LAST = re.compile(rb'"id"\s*:\s*([0-9]{1,15})\s*\}\s*\Z')
"""Where SDKs write it. A client that forges it fools nobody but itself."""


class TooLong(bytes):
    """What is left of a line that was too long: its begin and its end, in which a request's id usually stands."""


class Lines:
    """Cuts a byte stream into lines of at most ``limit`` bytes; of a longer one only both ends are kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._head = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that ``chunk`` completes."""
        pieces = chunk.split(b"\n")
        for number, piece in enumerate(pieces):
            self._held += piece
            if not self._head and len(self._held) > self._limit:
                self._head = bytes(self._held[:_END])
            if self._head:
                del self._held[:-_END]
            if number < len(pieces) - 1:
                if self._head:
                    yield TooLong(self._head + self._held)
                elif self._held.strip():
                    yield bytes(self._held)
                self._held.clear()
                self._head = b""


def read(line: bytes) -> tuple[SessionMessage, Document]:
    """The message in ``line``, and the document it was read from. Raises WireError."""
    document = parse(line, MAX_DEPTH, MAX_NODES)
    return SessionMessage(message_of(document)), document


def message_of(document: Document) -> JSONRPCMessage:
    """Raises WireError when the document is no JSON-RPC message."""
    try:
        return jsonrpc_message_adapter.validate_python(document, by_name=False)
    except ValueError:
        raise WireError("it is no JSON-RPC message") from None


def refusal(line: bytes, error: WireError) -> bytes:
    """The JSON-RPC error for a line that was not read; ``id`` is the request's where it can be told, else null."""
    given, code = told_id(line)
    return error_bytes(given, code, error.cause)


def told_id(line: bytes) -> tuple[str | int | None, int]:
    """The id of a message that was not read, if it can be told, and the error code that fits."""
    code = INVALID_REQUEST
    try:
        loose = None if isinstance(line, TooLong) else msgspec.json.decode(line)
        given = loose.get("id") if isinstance(loose, dict) else None
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        code, given = PARSE_ERROR, None
    if given is None and (match := _ID_FIRST.match(line) or _ID_LAST.search(line[-_END:])):
        given = int(match[1])
    if isinstance(given, bool) or not isinstance(given, str | int):
        given = None
    return given, code


def error_bytes(given: object, code: int, message: str) -> bytes:
    """One JSON-RPC error response."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": given, "error": {"code": code, "message": message}})
