"""Which strings of an answer are structure, not text.

A model's words can be as short and plain as an id: an access key has twenty characters. So a string in an answer goes
uninspected
as text only where the *upstream* writes an identifier or a constant, and only if it also looks like one. Even then it
may not carry a planted marker or a credential (``Guard.structure``).
"""

from __future__ import annotations

import re
from typing import Any

from bartizan.core.passage import Path
from bartizan.firewall.documents import is_token

_IDS = (
    "approval_request_id",
    "call_id",
    "caller_id",
    "container_id",
    "file_id",
    "id",
    "item_id",
    "previous_response_id",
    "request_id",
    "response_id",
    "tool_call_id",
    "tool_id",
    "tool_use_id",
)
_CONSTANTS = (
    "created_at",
    "effort",
    "encoding_format",
    "execution",
    "expires_at",
    "finish_reason",
    "format",
    "inference_geo",
    "lifecycle",
    "media_type",
    "model",
    "native_finish_reason",
    "object",
    "owned_by",
    "phase",
    "prompt_cache_retention",
    "provider",
    "role",
    "search_context_size",
    "service_tier",
    "severity",
    "speed",
    "status",
    "stop_reason",
    "system_fingerprint",
    "tool_choice",
    "truncation",
    "ttl",
    "type",
    "verbosity",
)
STRUCTURAL = frozenset({*_IDS, *_CONSTANTS})
"""Field names under which upstreams write ids and constants."""

_USUAL = STRUCTURAL | {
    "choices", "completion_tokens", "content", "created", "delta", "index", "input_tokens", "logprobs", "message",
    "output", "output_tokens", "prompt_tokens", "refusal", "text", "tool_calls", "total_tokens", "usage",
}  # fmt: skip
"""Keys that are plain, and in nearly every answer."""

_KEY = re.compile(r"[a-z_][a-z_.-]{0,31}[0-9]{0,2}")
_TYPE = re.compile(r"[a-z][a-z0-9_.-]{0,79}")
_KEPT = frozenset({"type", "index", "format"})


def is_structure(key: Any, text: str) -> bool:
    """Whether ``text`` under ``key`` is an identifier or constant that the upstream wrote."""
    return key in STRUCTURAL and (is_token(text) or (key == "type" and _TYPE.fullmatch(text) is not None))


def is_event_name(name: str) -> bool:
    """Whether ``name`` looks like the type of a stream event."""
    return _TYPE.fullmatch(name) is not None


def is_plain_key(key: str) -> bool:
    """Whether a key of an object is an ordinary field name, too plain to carry a secret."""
    return key in _USUAL or _KEY.fullmatch(key) is not None


def skeleton(document: Any, path: Path) -> tuple[Any, Path]:
    """What is left of ``document`` around the string at ``path``: that string, empty, and the numbers and constants of
    the objects on the way to it; lists keep one item. Returns it with the string's new path.

    From it an event is made that extends a text nobody described.
    """
    if not path:
        return "", ()
    step, below = path[0], path[1:]
    inner, place = skeleton(document[step], below)
    if isinstance(document, list):
        return [inner], (0, *place)
    kept = {
        key: value
        for key, value in document.items()
        if is_plain_key(key)
        and (isinstance(value, int | float) or (key in _KEPT and isinstance(value, str) and is_structure(key, value)))
    }
    kept[step] = inner
    return kept, (step, *place)
