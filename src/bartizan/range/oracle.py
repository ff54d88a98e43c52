"""A model behind the Open Inference Protocol, as a vendor serves it who has no gateway: JSON, and a budget of rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from bartizan.range.serving import json_body

INPUT, OUTPUT = "x", "scores"
_MOST_ROWS: Final = 4_096
Scores = Callable[[NDArray[Any]], NDArray[Any]]
"""Rows ``(n, width)`` to probabilities ``(n, classes)``."""


class Tensor(msgspec.Struct, frozen=True):
    """What is asked."""

    name: str
    shape: tuple[int, int]
    datatype: str
    data: list[float]


class Asked(msgspec.Struct, frozen=True):
    """A request for inference."""

    inputs: tuple[Tensor]
    id: str = ""


class Meter:
    """Rows that were asked, in a file: a restart gives none back.

    Args:
        path: of the file.
        budget: rows in all.
    """

    def __init__(self, path: Path, budget: int) -> None:
        self._path, self._budget = path, budget

    @property
    def left(self) -> int:
        """Rows; none where the file holds no number."""
        try:
            return self._budget - int(self._path.read_text("ascii")[:20])
        except FileNotFoundError:
            return self._budget
        except (OSError, ValueError):
            return 0

    def take(self, rows: int) -> bool:
        """Take them off, before they are answered; False, and nothing taken, where fewer are left."""
        left = self.left
        if rows > left:
            return False
        beside = self._path.with_suffix(f".{os.getpid()}")
        beside.write_text(f"{self._budget - left + rows}\n", "ascii")
        beside.replace(self._path)
        return True


def application(name: str, scores: Scores, width: int, classes: int, meter: Meter | None = None) -> web.Application:
    """The server of one model.

    Args:
        name: under which it is served.
        scores: the model.
        width: numbers of a row.
        classes: of an answer.
        meter: refuses what is beyond its budget; none counts nothing.
    """

    async def infer(request: web.Request) -> web.Response:
        (one,) = (await json_body(request, Asked)).inputs
        rows = one.shape[0]
        if one.name != INPUT or one.datatype != "FP64" or one.shape[1] != width or not 0 < rows <= _MOST_ROWS:
            raise web.HTTPBadRequest(text=f"one input {INPUT}, FP64, [rows, {width}], {_MOST_ROWS} rows at most")
        if len(one.data) != rows * width or not np.isfinite(one.data).all():
            raise web.HTTPBadRequest(text=f"data is not {rows * width} finite numbers")
        if meter is not None and not meter.take(rows):
            raise web.HTTPTooManyRequests(text=f"{rows} rows asked, {meter.left} left of the budget")
        found = scores(np.asarray(one.data, np.float64).reshape(rows, width))
        answer = {"name": OUTPUT, "shape": [rows, classes], "datatype": "FP64", "data": found.ravel().tolist()}
        return _json({"model_name": name, "outputs": [answer]})

    async def metadata(_: web.Request) -> web.Response:
        described = {"inputs": (INPUT, width), "outputs": (OUTPUT, classes)}
        return _json(
            {"name": name, "platform": "range"}
            | {key: [{"name": one, "datatype": "FP64", "shape": [-1, size]}] for key, (one, size) in described.items()}
        )

    async def ready(_: web.Request) -> web.Response:
        return web.Response()

    made = web.Application(client_max_size=4 << 20)
    made.router.add_post(f"/v2/models/{name}/infer", infer)
    made.router.add_get(f"/v2/models/{name}", metadata)
    for path in (f"/v2/models/{name}/ready", "/v2/health/ready"):
        made.router.add_get(path, ready)
    return made


def _json(content: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), content_type="application/json")
