"""Anthropic's error objects."""

from __future__ import annotations

from typing import Any

from bartizan.core.strict_json import encode
from bartizan.firewall.exchange import Document
from bartizan.firewall.sse import encode_event

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def error_document(status: int, message: str, code: str, request_id: str) -> Document:
    """Anthropic's error object; it has no field for a code."""
    kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}


def error_event(message: str, request_id: str) -> bytes:
    """The SSE event ``error``, after which nothing follows."""
    return encode_event("error", encode(error_document(500, message, "", request_id)))


def error_text(document: Document) -> str:
    """The message of an upstream's error event, never empty."""
    error: Any = document.get("error")
    if isinstance(error, dict):
        error = error.get("message") or error.get("type")
    return str(error or document.get("message") or "the upstream reported an error")[:2_000]
