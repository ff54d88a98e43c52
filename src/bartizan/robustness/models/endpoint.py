"""Models behind the Open Inference Protocol v2 over HTTP: scores, or labels where the server gives no more."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec
import numpy as np

from bartizan.robustness.errors import NotOfferedError, UnusableModelError
from bartizan.robustness.interface import Access, Floats, Labels
from bartizan.robustness.losses import softmax
from bartizan.robustness.models.base import BaseModel

_LARGEST: Final = 64 << 20
_HINT: Final = "an address such as http://127.0.0.1:8000/v2/models/NAME"


class EndpointModel(BaseModel):
    """Asks ``POST {url}/infer``; nothing is pinned, so its digest is empty.

    Args:
        url: ``http(s)://host/v2/models/NAME``, with ``/versions/V`` if wanted.
        shape: of one row.
        classes: how many there are.
        bounds: smallest and largest legal value.
        headers: such as ``Authorization``.
        batch: rows a request.
        seconds: limit for one request.

    Raises:
        UnusableModelError: the server does not answer as the protocol says.
    """

    def __init__(
        self,
        url: str,
        shape: tuple[int, ...],
        classes: int,
        bounds: tuple[Floats | float, Floats | float] = (-np.inf, np.inf),
        headers: dict[str, str] | None = None,
        batch: int = 100,
        seconds: float = 30.0,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.path.startswith("/v2/models/"):
            raise UnusableModelError(f"{url} is no model of the Open Inference Protocol", _HINT)
        super().__init__(quote(url, ":/"), shape, classes, bounds)
        self._url, self._headers, self._batch = url.rstrip("/"), headers or {}, batch
        self._seconds = seconds
        self._tail: tuple[int, ...] | None = None
        described = asyncio.run(self._described())
        self._input, self._type, self._row = _input(described, shape)
        answered = self._ask(np.zeros((1, *shape)))
        self.access = Access.SCORES if answered.ndim == 2 and answered.shape[1] > 1 else Access.LABELS
        self._probable = bool((answered >= 0).all() and abs(float(answered.sum()) - 1) < 1e-2)

    def predict_label(self, x: Floats, /) -> Labels:
        """The best score, or the label that the server gives."""
        found = self._ask(x)
        if not np.isfinite(found).all():
            raise UnusableModelError(f"{self.name} answered with NaN or infinity")
        return found.argmax(axis=1) if self.access is Access.SCORES else _whole(found, self.name)

    def predict_proba(self, x: Floats, /) -> Floats:
        """The server's probabilities, or the softmax of its scores."""
        if self.access is not Access.SCORES:
            raise NotOfferedError(f"{self.name} answers with labels alone")
        found = self._ask(x)
        if not self._probable:
            return softmax(found)
        total = found.sum(axis=1, keepdims=True)
        if (found < 0).any() or (total <= 0).any():
            raise UnusableModelError(f"{self.name} answered with numbers that are no probabilities")
        return found / total  # servers round what they send

    def _ask(self, x: Floats) -> Floats:
        return asyncio.run(self._all(np.asarray(x)))

    async def _all(self, x: Floats) -> Floats:
        async with self._client() as client:
            found = [await self._one(client, x[start : start + self._batch]) for start in range(0, len(x), self._batch)]
        return np.concatenate(found) if found else np.empty((0, self.classes))

    async def _one(self, client: aiohttp.ClientSession, rows: Floats) -> Floats:
        asked = {
            "inputs": [
                {
                    "name": self._input,
                    "shape": [len(rows), *self._row],
                    "datatype": self._type,
                    "data": rows.astype(np.float32 if self._type == "FP32" else np.float64).reshape(-1).tolist(),
                }
            ]
        }
        answer = await self._send(client, "POST", f"{self._url}/infer", msgspec.json.encode(asked))
        try:
            outputs = [one for one in answer["outputs"] if one["datatype"] != "BYTES"]
            chosen = next((one for one in outputs if len(one["shape"]) == 2 and one["shape"][1] > 1), outputs[0])
            found = np.asarray(chosen["data"], np.float64).reshape(chosen["shape"])
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            raise UnusableModelError(f"{self.name} answered without a usable output: {error!r:.120}") from None
        if found.shape[:1] != (len(rows),):
            raise UnusableModelError(f"{self.name} answered {len(rows)} rows with an output of shape {found.shape}")
        self._tail = found.shape[1:] if self._tail is None else self._tail
        if found.shape[1:] != self._tail:
            raise UnusableModelError(f"{self.name} answered with rows of {found.shape[1:]}, before of {self._tail}")
        return found

    async def _described(self) -> dict[str, Any]:
        async with self._client() as client:
            return await self._send(client, "GET", self._url, None)

    def _client(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers={"Content-Type": "application/json", **self._headers},
            timeout=aiohttp.ClientTimeout(total=self._seconds),
        )

    async def _send(self, client: aiohttp.ClientSession, verb: str, url: str, body: bytes | None) -> dict[str, Any]:
        try:
            async with client.request(verb, url, data=body, allow_redirects=False) as answer:
                raw = await answer.content.read(_LARGEST + 1)
                while len(raw) <= _LARGEST and (more := await answer.content.read(_LARGEST)):
                    raw += more
                status, kind = answer.status, answer.content_type
        except TimeoutError:
            raise UnusableModelError(f"{self.name} does not answer within {self._seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UnusableModelError(f"{self.name} does not answer: {error or type(error).__name__!r:.150}") from None
        if status != 200 or len(raw) > _LARGEST:
            said = f"with status {status}" if status != 200 else "too much"
            raise UnusableModelError(f"{self.name} answers {said}", _HINT if status == 404 else "")
        try:
            return msgspec.json.decode(raw, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UnusableModelError(
                f"{self.name} answers with something that is no JSON object ({kind:.60}: {error!s:.80})"
            ) from None


def _input(described: dict[str, Any], shape: tuple[int, ...]) -> tuple[str, str, tuple[int, ...]]:
    try:
        (one,) = described["inputs"]
        name, datatype, sizes = str(one["name"]), str(one["datatype"]), list(one["shape"])[1:]
    except (KeyError, TypeError, ValueError):
        raise UnusableModelError("the endpoint does not describe exactly one input", "it must answer GET") from None
    if datatype not in ("FP32", "FP64"):
        raise UnusableModelError(f"the endpoint takes {datatype}", "audited are inputs of FP32 or FP64")
    known = all(isinstance(size, int) and size > 0 for size in sizes)
    if known and np.prod(sizes) != np.prod(shape):
        raise UnusableModelError(f"the endpoint takes rows of shape {tuple(sizes)}, the data has {shape}")
    return name, datatype, tuple(sizes) if known else shape


def _whole(found: Floats, name: str) -> Labels:
    flat = found.reshape(-1)
    if not np.isfinite(flat).all() or (flat != np.round(flat)).any():
        raise UnusableModelError(f"{name} answers with neither scores nor whole labels")
    return flat.astype(np.int64)
