"""Who asks, and in which session, as far as the transport shows it."""

from __future__ import annotations

from typing import Any

import msgspec
from mcp.server.context import ServerRequestContext

from bartizan.agents.mcp.tokens import BEHALF

LOCAL = "local"
"""The principal of a client on standard input, or of HTTP on loopback without tokens."""
TASK = "io.readthedocs.bartizan/task"
"""``_meta`` key by which a client passes its user's words on."""
APPROVAL = "io.readthedocs.bartizan/approval"
"""``_meta`` key of an approval's id: ours in a refusal that asks, the client's in the call that comes back."""
CALL = "io.readthedocs.bartizan/call"
"""``_meta`` key of our id of a call, in a refusal."""
_MOST_TASK = 20_000


class Caller(msgspec.Struct, frozen=True):
    """One client's session."""

    principal: str
    session: str
    """The id that the proxy minted for an HTTP session, or for itself on standard input, where one proxy serves one
    client; empty where the protocol has none (HTTP of 2026-07-28)."""
    on_behalf_of: tuple[str, ...] = ()
    """For whom the principal acts, nearest first."""


def caller_of(ctx: ServerRequestContext[Any, Any], own: str) -> Caller:
    """From the access token and the session header, both of which the SDK has checked by now.

    Args:
        ctx: of the request.
        own: the session's id on standard input.
    """
    request = ctx.request
    if request is None:
        return Caller(LOCAL, own)
    user = request.scope.get("user")
    token = getattr(user, "access_token", None)
    principal = (token.subject or token.client_id) if token is not None else LOCAL
    behalf = tuple((token.claims or {}).get(BEHALF, ())) if token is not None else ()
    return Caller(principal, request.headers.get("mcp-session-id", ""), behalf)


def text_of(meta: Any, key: str) -> str:
    """A text in a request's ``_meta``; empty when there is none."""
    value = meta.get(key) if isinstance(meta, dict) else None
    return value[:_MOST_TASK] if isinstance(value, str) else ""
