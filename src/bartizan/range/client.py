"""A small client for OpenAI-compatible chat completions, JSON and streaming, that reports instead of raising.

The other side may be a model under attack or a gateway that refuses, so every outcome is a value: text, HTTP status,
error, and the verdict that a Bartizan gateway shows to a debug key.
"""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import msgspec

_MAX_BODY = 1_000_000
_VERDICT_COMMENT = ": bartizan "


class Message(msgspec.Struct, frozen=True):
    """One message of a conversation."""

    role: str
    content: str


class Answer(msgspec.Struct, kw_only=True):
    """What came back."""

    text: str = ""
    status: int = 0
    """HTTP status; 0 when there was no answer at all."""
    error: str = ""
    finish: str = ""
    refusal: bool = False
    """The message came with a ``refusal`` field."""
    verdict: str = ""
    """``X-Bartizan-Verdict``, or the later verdict of a stream's trailing comment."""
    rule: str = ""
    prompt: str = ""
    """What the application asked its model, if the application says so."""
    streamed: bool = False
    milliseconds: float = 0.0
    first_text: float = -1.0
    """Milliseconds until the first text; -1 if none came."""

    @property
    def refused(self) -> bool:
        """True when a gateway blocked the request or the answer, as a debug key or the protocol shows."""
        return self.verdict == "block" or self.finish == "content_filter" or self.refusal


class ModelClient:
    """Chat completions at ``base_url`` (with ``/v1``). Use as an asynchronous context manager."""

    def __init__(self, base_url: str, key: str, model: str = "smollm2", *, seconds: float = 120.0) -> None:
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._key = key
        self._model = model
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> ModelClient:
        # A server that closes idle connections would otherwise cost a request that nobody may repeat.
        connector = aiohttp.TCPConnector(force_close=True)
        self._session = aiohttp.ClientSession(timeout=self._timeout, trust_env=False, connector=connector)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def complete(self, messages: list[Message], *, max_tokens: int = 48, stream: bool = False) -> Answer:
        """One completion at temperature 0. Never raises for what the other side does."""
        if self._session is None:
            raise RuntimeError("use the client inside 'async with'")
        body = msgspec.json.encode(
            {
                "model": self._model,
                "messages": messages,
                "max_tokens": max_tokens,
                "temperature": 0,
                "stream": stream,
            }
        )
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        answer = Answer(streamed=stream)
        started = time.perf_counter()
        try:
            async with self._session.post(self._url, data=body, headers=headers) as response:
                answer.status = response.status
                answer.verdict = response.headers.get("X-Bartizan-Verdict", "")[:20]
                answer.rule = response.headers.get("X-Bartizan-Rule", "")[:200]
                if stream and response.content_type == "text/event-stream":
                    await self._read_stream(response, answer, started)
                else:
                    await self._read_document(response, answer)
        except TimeoutError:
            answer.error = "no answer in time"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            answer.error = f"{type(error).__name__}: {error}"[:300]
        answer.milliseconds = (time.perf_counter() - started) * 1000
        if answer.first_text < 0 and answer.text:
            answer.first_text = answer.milliseconds
        return answer

    async def _read_document(self, response: aiohttp.ClientResponse, answer: Answer) -> None:
        raw = await response.content.read(_MAX_BODY)
        while not response.content.at_eof() and len(raw) < _MAX_BODY:
            raw += await response.content.read(_MAX_BODY - len(raw))
        document = msgspec.json.decode(raw)
        if response.status != 200:
            answer.error = _error_text(document) or f"HTTP {response.status}"
            return
        choice = _first_choice(document)
        message = choice.get("message")
        if isinstance(message, dict):
            answer.refusal = bool(message.get("refusal"))
            answer.text = _as_text(message.get("content")) or _as_text(message.get("refusal"))
        answer.finish = _as_text(choice.get("finish_reason"))

    async def _read_stream(self, response: aiohttp.ClientResponse, answer: Answer, started: float) -> None:
        total = 0
        done = False
        async for raw in response.content:
            total += len(raw)
            if total > _MAX_BODY:
                raise ValueError("the stream is too long")
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if line.startswith(_VERDICT_COMMENT):
                _read_comment(line, answer)
            if not line.startswith("data:"):
                continue
            data = line[5:].strip()
            if data == "[DONE]":
                done = True
                continue
            document = msgspec.json.decode(data)
            if isinstance(document, dict) and "error" in document:
                answer.error = _error_text(document) or "error event"
                continue
            choice = _first_choice(document)
            delta = choice.get("delta")
            piece = ""
            if isinstance(delta, dict):
                answer.refusal = answer.refusal or bool(delta.get("refusal"))
                piece = _as_text(delta.get("content")) or _as_text(delta.get("refusal"))
            if piece and answer.first_text < 0:
                answer.first_text = (time.perf_counter() - started) * 1000
            answer.text += piece
            answer.finish = _as_text(choice.get("finish_reason")) or answer.finish
        if not done and not answer.error:
            answer.error = "the stream ended early"


def _read_comment(line: str, answer: Answer) -> None:
    for field in line[len(_VERDICT_COMMENT) :].split():
        name, _, value = field.partition("=")
        if name == "verdict":
            answer.verdict = value[:20]
        elif name == "rule":
            answer.rule = value[:200]


def _first_choice(document: Any) -> dict[str, Any]:
    choices = document.get("choices") if isinstance(document, dict) else None
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _error_text(document: Any) -> str:
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict):
        error = error.get("message")
    return _as_text(error)[:300]


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""
