"""The paths that the gateway serves."""

from __future__ import annotations

from dataclasses import dataclass

from bartizan.firewall.exchange import ApiFamily
from bartizan.firewall.oip.paths import endpoint_of, speaks


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint."""

    path: str
    """As clients call it; also its name in events and metrics."""
    family: ApiFamily
    upstream_path: str
    """Below the upstream's base URL."""


_CONVERSATIONS = (
    Route("/v1/chat/completions", ApiFamily.CHAT_COMPLETIONS, "/chat/completions"),
    Route("/v1/responses", ApiFamily.RESPONSES, "/responses"),
    Route("/v1/completions", ApiFamily.COMPLETIONS, "/completions"),
    Route("/v1/embeddings", ApiFamily.EMBEDDINGS, "/embeddings"),
    Route("/v1/messages", ApiFamily.MESSAGES, "/v1/messages"),
    Route("/v1/messages/count_tokens", ApiFamily.COUNT_TOKENS, "/v1/messages/count_tokens"),
)
CONVERSATIONS = {route.path: route for route in _CONVERSATIONS}
"""POST only, by path."""
MODELS = "/v1/models"
"""GET only; a model's own path is below it."""


def allowed_methods(path: str) -> str:
    """The ``Allow`` value of a path; empty for a path that does not exist."""
    if path in CONVERSATIONS:
        return "POST"
    if path == MODELS or path.startswith(MODELS + "/"):
        return "GET"
    endpoint = endpoint_of(path)
    return endpoint.method if endpoint is not None else ""


def family_of(path: str, *, anthropic: bool) -> ApiFamily:
    """The family in whose words to speak on ``path``, also where it does not exist.

    Args:
        path: the request's path.
        anthropic: the client sent an ``anthropic-version`` header.
    """
    route = CONVERSATIONS.get(path)
    if route is not None:
        return route.family
    if speaks(path):
        return ApiFamily.INFERENCE
    return ApiFamily.MESSAGES if anthropic or path.startswith("/v1/messages") else ApiFamily.CHAT_COMPLETIONS
