"""Talks to an approval listener: an approver's decisions, and the questions of a guard that cannot open the store."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from bartizan.core.approval import Approval, ApprovalError, ApprovalState
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.tool import ToolCall, ToolDecision

TIMEOUT_SECONDS: Final = 10.0
_MOST_BYTES: Final = 64_000_000


class ListenerError(BartizanError):
    """The listener cannot be reached, or did not answer as one."""


class ListenerClient:
    """Blocking calls, a connection each: no redirects, no proxies.

    Args:
        url: ``http://HOST:PORT`` or ``https://HOST:PORT``.
        key: an approver's, or a client's.
        trust: for HTTPS; the system's certificates without it.

    Raises:
        ConfigurationError: the URL is none, or plain HTTP to another machine.
    """

    def __init__(self, url: str, key: str, *, trust: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ConfigurationError(f"{url[:100]!r} names no approval listener", "such as http://127.0.0.1:8402")
        if parts.scheme == "http" and not _loopback(parts.hostname):
            raise ConfigurationError(
                "the key would travel in plain text", "use https, or an SSH tunnel to the listener's loopback address"
            )
        self._host, self._port, self._secure = parts.hostname, parts.port, parts.scheme == "https"
        self._trust = trust
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    def list(self, state: str = "pending") -> list[Approval]:
        """Requests in a state, or ``all``. Raises ListenerError or ApprovalError."""
        found = self._call("GET", f"/v1/approvals?state={quote(state)}")
        return [_approval(one) for one in found.get("approvals", [])]

    def find(self, approval: str) -> Approval:
        """One request. Raises ListenerError or ApprovalError."""
        return _approval(self._call("GET", f"/v1/approvals/{quote(approval, safe='')}"))

    def decide(self, approval: str, *, approve: bool, digest: str, note: str = "") -> Approval:
        """Approve or deny. Raises ListenerError or ApprovalError."""
        path = f"/v1/approvals/{quote(approval, safe='')}/{'approve' if approve else 'deny'}"
        return _approval(self._call("POST", path, {"digest": digest, "note": note}))

    def request(self, decision: ToolDecision, call: ToolCall, session: str, on_behalf_of: Sequence[str]) -> str:
        """Ask for a call; the principal is whom the key belongs to. Raises ListenerError or ApprovalError."""
        body = {"decision": decision, "call": call, "session": session, "on_behalf_of": list(on_behalf_of)}
        return str(self._call("POST", "/v1/requests", msgspec.to_builtins(body)).get("approval", ""))

    def state(self, approval: str, session: str) -> ApprovalState:
        """What became of a request of this key's. Raises ListenerError or ApprovalError."""
        found = self._call("GET", f"/v1/requests/{quote(approval, safe='')}?session={quote(session, safe='')}")
        try:
            return ApprovalState(str(found.get("state")))
        except ValueError:
            raise ListenerError("the listener names no state") from None

    def redeem(self, approval: str, digest: str, session: str) -> bool:
        """Redeem an approval of this key's. Raises ListenerError or ApprovalError."""
        body = {"approval": approval, "digest": digest, "session": session}
        return self._call("POST", "/v1/redemptions", body).get("redeemed") is True

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            sent = None if body is None else json.dumps(body, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            raise ApprovalError("the call cannot be shown to a person") from None
        connection = self._connection()
        try:
            connection.request(method, path, sent, self._headers)
            answer = connection.getresponse()
            text = answer.read(_MOST_BYTES)
            document = json.loads(text)
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            cause = getattr(error, "strerror", None) or type(error).__name__
            raise ListenerError(
                f"the approval listener does not answer: {cause}", "is 'bartizan up' running?"
            ) from None
        finally:
            connection.close()
        if not isinstance(document, dict):
            raise ListenerError("the approval listener answered with no object")
        if answer.status != 200:
            raise ApprovalError(str(document.get("error", f"status {answer.status}")), str(document.get("hint", "")))
        return document

    def _connection(self) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        trust = self._trust or ssl.create_default_context()
        return http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_SECONDS, context=trust)


class RemoteApprovals:
    """Implements :class:`bartizan.core.approval.Approvals` by asking a listener, with a client's key.

    For a guard that runs as the agent's own user, such as a proxy in front of a local tool server: it can ask and
    redeem, but neither read the store nor decide. The principal is the key's; those that callers name are not sent.
    """

    def __init__(self, client: ListenerClient) -> None:
        self._client = client

    async def request(
        self, decision: ToolDecision, call: ToolCall, session: str, principal: str, on_behalf_of: Sequence[str] = ()
    ) -> str:
        """See the Protocol."""
        return await asyncio.to_thread(self._client.request, decision, call, session, on_behalf_of)

    async def redeem(self, approval: str, digest: str, session: str, principal: str) -> bool:
        """See the Protocol."""
        return await asyncio.to_thread(self._client.redeem, approval, digest, session)

    async def state(self, approval: str, session: str, principal: str) -> ApprovalState:
        """See the Protocol."""
        return await asyncio.to_thread(self._client.state, approval, session)

    async def pending(self) -> tuple[Approval, ...]:
        """Nothing: who asks does not see what others ask."""
        return ()


def _approval(document: object) -> Approval:
    try:
        return msgspec.convert(document, Approval)
    except msgspec.ValidationError:
        raise ListenerError("the approval listener answered with no request") from None


def _loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
