"""What the OpenAI families share: error objects and SSE conventions."""

from __future__ import annotations

from typing import Any

from bartizan.core.strict_json import encode
from bartizan.firewall.exchange import Document
from bartizan.firewall.sse import encode_event

DONE = b"data: [DONE]\n\n"

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def error_document(status: int, message: str, code: str, request_id: str) -> Document:
    """OpenAI's error object: ``message``, ``type``, ``param``, ``code``."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": code}, "request_id": request_id}


def error_event(message: str, request_id: str) -> bytes:
    """An SSE event on which the SDKs raise ``APIError`` with ``message``; no ``[DONE]`` follows it."""
    error = {"message": message, "type": "stream_ended", "param": None, "code": "stream_ended"}
    return encode_event("", encode({"error": error, "request_id": request_id}))


def error_text(error: Any) -> str:
    """The message of an upstream's error object, whatever its form; never empty."""
    if isinstance(error, dict):
        error = error.get("message") or error.get("type") or error.get("code")
    return str(error)[:2_000] if error else "the upstream reported an error"
