"""Language models that answer with the most probable next tokens: OpenAI-compatible completions over HTTP."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec
import numpy as np

from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.interface import Floats

ALTERNATIVES: Final = 200
_LARGEST: Final = 1 << 20
_SIDE_BY_SIDE: Final = 4


class CompletionsModel:
    """Asks ``POST {url}/completions`` for one token and its alternatives; nothing is pinned, so its digest is empty.

    Args:
        url: ``http(s)://host/v1``.
        model: how the server calls it.
        headers: such as ``Authorization``.
        alternatives: tokens whose probability is asked for; servers may give fewer, and what they leave out is unknown.
        seconds: limit for one request.

    Raises:
        UnusableModelError: no such address.
    """

    def __init__(
        self,
        url: str,
        model: str = "",
        headers: dict[str, str] | None = None,
        alternatives: int = ALTERNATIVES,
        seconds: float = 60.0,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise UnusableModelError(f"{url} is no address", "as in http://127.0.0.1:8000/v1")
        self.name, self.digest = quote(url, ":/"), ""
        self._url, self._model, self._headers = url.rstrip("/"), model, headers or {}
        self._alternatives, self._seconds = alternatives, seconds

    def next_log_probs(self, texts: Sequence[str], alphabet: str, /) -> Floats:
        """See :class:`~bartizan.robustness.privacy.language.LanguageModel`."""
        return asyncio.run(self._all(texts, alphabet))

    async def _all(self, texts: Sequence[str], alphabet: str) -> Floats:
        turn = asyncio.Semaphore(_SIDE_BY_SIDE)
        async with aiohttp.ClientSession(
            headers={"Content-Type": "application/json", **self._headers},
            timeout=aiohttp.ClientTimeout(total=self._seconds),
        ) as client:

            async def one(text: str) -> Floats:
                async with turn:
                    return row(await self._send(client, text), alphabet, self.name)

            return np.stack(await asyncio.gather(*map(one, texts)))

    async def _send(self, client: aiohttp.ClientSession, text: str) -> Any:
        asked = request(text, self._alternatives) | ({"model": self._model} if self._model else {})
        try:
            async with client.post(
                f"{self._url}/completions", data=msgspec.json.encode(asked), allow_redirects=False
            ) as answer:
                raw = await answer.content.read(_LARGEST + 1)
                while len(raw) <= _LARGEST and (more := await answer.content.read(_LARGEST)):
                    raw += more
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnusableModelError(f"{self.name} does not answer: {type(error).__name__}") from None
        if status != 200 or len(raw) > _LARGEST:
            raise UnusableModelError(f"{self.name} answered with status {status} and {len(raw):,} bytes")
        try:
            return msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            raise UnusableModelError(f"{self.name} answered with something that is no JSON") from None


def request(text: str, alternatives: int = ALTERNATIVES) -> dict[str, Any]:
    """The body: one token, its alternatives, nothing left to chance."""
    return {"prompt": text, "max_tokens": 1, "temperature": 0, "logprobs": alternatives, "cache_prompt": True}


def row(answer: Any, alphabet: str, name: str) -> Floats:
    """Log-probabilities of the symbols, in the newer form of answers or the older; ``-inf`` for one that is not shown.

    Raises:
        UnusableModelError: neither form.
    """
    try:
        shown = dict(_shown(answer["choices"][0]["logprobs"]))
    except (KeyError, IndexError, TypeError, ValueError):
        raise UnusableModelError(
            f"{name} answered without probabilities of alternatives", "the server must support logprobs on completions"
        ) from None
    found = np.asarray([shown.get(symbol, -math.inf) for symbol in alphabet], dtype=np.float64)
    if np.isnan(found).any() or (found > 1e-6).any():
        raise UnusableModelError(f"{name} answered with logarithms that belong to no probability")
    return found


def _shown(logprobs: Any) -> Iterable[tuple[str, float]]:
    if "content" in logprobs:
        return [(str(one["token"]), float(one["logprob"])) for one in logprobs["content"][0]["top_logprobs"]]
    return [(str(token), float(value)) for token, value in logprobs["top_logprobs"][0].items()]
