"""Requests whose tokens are of use to their owner alone: DPoP (RFC 9449) in front of the SDK, which knows Bearer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from bartizan.trust.dpop import Proof, ProofError, challenge, read_proof

PROOF: ContextVar[Proof | None] = ContextVar("bartizan_dpop", default=None)
"""The proof of the request that is being served."""


class Senders:
    """ASGI middleware before the SDK's: a token under the scheme DPoP is handed on once its proof is sound.

    Args:
        app: what comes next; it knows ``Bearer`` alone.
        urls: by which clients may call.
        refused: told why, for the journal.
    """

    def __init__(self, app: Any, urls: Sequence[str], refused: Callable[[str], None]) -> None:
        self._app = app
        self._urls = urls
        self._refused = refused

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def challenging(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] == 401:
                message = {**message, "headers": [*message["headers"], (b"www-authenticate", challenge().encode())]}
            await send(message)

        given = _values(scope, b"authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "dpop":
            await self._app(scope, receive, challenging)
            return
        proofs = _values(scope, b"dpop")
        try:
            if len(proofs) != 1:
                raise ProofError("there is not exactly one proof")
            proof = read_proof(proofs[0], scope["method"], self._urls, token.strip())
        except ProofError as error:
            self._refused(f"DPoP: {error}")
            await _refuse(send)
            return
        others = [(name, value) for name, value in scope["headers"] if name.lower() != b"authorization"]
        bearer = (b"authorization", f"Bearer {token.strip()}".encode("latin-1", "replace"))
        held = PROOF.set(proof)
        try:
            await self._app({**scope, "headers": [*others, bearer]}, receive, challenging)
        finally:
            PROOF.reset(held)


def _values(scope: dict[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


async def _refuse(send: Any) -> None:
    body = b'{"error":"invalid_dpop_proof"}'
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"www-authenticate", challenge("invalid_dpop_proof").encode()),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})
