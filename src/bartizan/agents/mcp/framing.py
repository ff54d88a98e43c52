"""JSON-RPC messages from bytes: one a line, bounded, and read so that no two parsers can disagree."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCMessage, jsonrpc_message_adapter

from bartizan.core.errors import WireError
from bartizan.core.strict_json import Document, parse

MAX_DEPTH = 64
MAX_NODES = 200_000


class Lines:
    """Cuts a byte stream into lines of at most ``limit`` bytes; of a longer one it keeps nothing."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._skipping = False

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """The lines that ``chunk`` completes; None for one that was too long."""
        pieces = chunk.split(b"\n")
        for number, piece in enumerate(pieces):
            if not self._skipping:
                self._held += piece
                if len(self._held) > self._limit:
                    self._held.clear()
                    self._skipping = True
                    yield None
            if number < len(pieces) - 1:
                if not self._skipping and self._held.strip():
                    yield bytes(self._held)
                self._held.clear()
                self._skipping = False


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


def refusal(line: bytes | None, error: WireError) -> bytes:
    """The JSON-RPC error for a line that was not read; ``id`` is the request's where it can be told, else null."""
    given: object = None
    try:
        loose = msgspec.json.decode(line) if line is not None else None
        given = loose.get("id") if isinstance(loose, dict) else None
        code = INVALID_REQUEST
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        code = PARSE_ERROR
    if isinstance(given, bool) or not isinstance(given, str | int):
        given = None
    return error_bytes(given, code, error.cause)


def error_bytes(given: object, code: int, message: str) -> bytes:
    """One JSON-RPC error response."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": given, "error": {"code": code, "message": message}})


def is_request(document: Document) -> bool:
    """Whether the message can be answered."""
    return "method" in document and "id" in document
