"""Microsoft Sentinel over the Logs Ingestion API of Azure Monitor.

Source: https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview and, for tokens,
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec

from bartizan.core.errors import BartizanError
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import Item, Outcome, RefusedError, SinkError

MOST_CALL_BYTES: Final = 1_000_000
"""Of one call's JSON, before it is compressed; the API's limit is 1 MB."""
_EARLY_SECONDS: Final = 300.0
"""So long before its end a token is replaced."""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float


class Tokens:
    """Access tokens by OAuth 2.0 client credentials.

    Args:
        poster: to the token endpoint.
        client: application id.
        secret: its client secret.
        scope: what the tokens are for.
    """

    def __init__(self, poster: Poster, client: str, secret: str, scope: str) -> None:
        self._poster = poster
        self._form = urlencode(
            {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": scope}
        ).encode()
        self._token = ""
        self._until = 0.0

    async def header(self) -> dict[str, str]:
        """The header with a token that holds. Raises SinkError when there is none to be had."""
        if time.monotonic() >= self._until:
            answer = await self._poster.post(self._form)
            if answer.status != 200:
                raise SinkError(f"{self._poster.place}: no token, answered {answer.status}", "check client and secret")
            try:
                token = msgspec.json.decode(answer.body, type=_Token)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise SinkError(f"{self._poster.place}: the answer holds no token") from None
            if not token.access_token or not token.access_token.isascii() or not token.access_token.isprintable():
                raise SinkError(f"{self._poster.place}: the answer holds no token")
            self._token = token.access_token
            self._until = time.monotonic() + max(0.0, token.expires_in - _EARLY_SECONDS)
        return {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Fetch a new one the next time."""
        self._until = 0.0

    async def close(self) -> None:
        """End the session."""
        await self._poster.close()


class Sentinel:
    """Sends to one stream of one data collection rule; delivered is what is answered with 204.

    Args:
        tokens: for the ingestion endpoint.
        poster: to the stream.
    """

    def __init__(self, tokens: Tokens, poster: Poster) -> None:
        self._tokens = tokens
        self._poster = poster

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``. A batch too long for one call is several; those that went well are not sent again."""
        sent = 0
        for count, body in _calls(items):
            try:
                await self._call(body)
            except BartizanError:
                if not sent:
                    raise
                return Outcome(again=range(sent, len(items)))
            sent += count
        return Outcome()

    async def _call(self, body: bytes) -> None:
        answer = await self._poster.post(body, headers=await self._tokens.header())
        if answer.status == 204:
            return
        if answer.status in (401, 403):
            self._tokens.forget()
        if answer.status in (400, 413):
            raise RefusedError(f"{self._poster.place}: answered {answer.status}")
        hint = {403: "the application needs the role Monitoring Metrics Publisher on the rule"}
        hint |= {404: "check the endpoint, the rule and the stream", 200: "this is not the Logs Ingestion API"}
        raise SinkError(f"{self._poster.place}: answered {answer.status}", hint.get(answer.status, ""))

    async def idle(self) -> None:
        """See ``Sink.idle``."""

    async def close(self) -> None:
        """See ``Sink.close``."""
        await self._tokens.close()
        await self._poster.close()


def _calls(items: Sequence[Item]) -> Iterator[tuple[int, bytes]]:
    """JSON arrays that are short enough, each of the next so many items; an item's texts stay together."""
    texts: list[bytes] = []
    count = size = 0
    for item in items:
        more = sum(len(text) + 1 for text in item.texts)
        if texts and size + more > MOST_CALL_BYTES:
            yield count, b"[" + b",".join(texts) + b"]"
            texts, count, size = [], 0, 0
        texts += item.texts
        count += 1
        size += more
    if texts:
        yield count, b"[" + b",".join(texts) + b"]"
