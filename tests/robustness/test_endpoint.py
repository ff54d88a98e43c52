"""Models behind the Open Inference Protocol, on a real server: right answers, and wrong ones of all sorts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

from bartizan.reporting.audit import Outcome
from bartizan.robustness.auditor import Auditor
from bartizan.robustness.errors import NotOfferedError, UnusableModelError
from bartizan.robustness.interface import Access, AuditData, Effort, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.endpoint import EndpointModel

X, Y = load_wine(return_X_y=True)
FITTED = LogisticRegression(max_iter=5000).fit(X, Y)
ABOUT = {"name": "wine", "platform": "test", "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 13]}]}


@contextmanager
def serving(answer: Callable[[web.Request], Awaitable[web.StreamResponse]], about: Any = ABOUT) -> Iterator[str]:
    """A server whose ``infer`` is ``answer``; yields the model's address."""
    started, stop, port = threading.Event(), asyncio.Event(), [0]
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        app = web.Application(client_max_size=1 << 26)

        async def described(_: web.Request) -> web.Response:
            return web.json_response(about)

        app.router.add_get("/v2/models/wine", described)
        app.router.add_post("/v2/models/wine/infer", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port[0] = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert started.wait(10)
    try:
        yield f"http://127.0.0.1:{port[0]}/v2/models/wine"
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join()


def output(values: np.ndarray, datatype: str = "FP64") -> web.Response:
    tensor = {"name": "y", "datatype": datatype, "shape": list(values.shape), "data": values.ravel().tolist()}
    return web.json_response({"model_name": "wine", "outputs": [tensor]})


async def rows(request: web.Request) -> np.ndarray:
    (tensor,) = (await request.json())["inputs"]
    assert tensor["name"] == "x"
    return np.asarray(tensor["data"]).reshape(tensor["shape"])


async def scores(request: web.Request) -> web.Response:
    return output(np.round(FITTED.predict_proba(await rows(request)), 4))


async def labels(request: web.Request) -> web.Response:
    return output(FITTED.predict(await rows(request)), "INT64")


def test_scores_and_labels_are_the_models() -> None:
    with serving(scores) as url:
        model = MeteredModel(EndpointModel(url, (13,), 3, batch=50))
        assert model.access is Access.SCORES
        assert model.digest == ""
        assert model.predict_proba(X) == pytest.approx(FITTED.predict_proba(X), abs=2e-4)
        assert model.queries == len(X)
    with serving(labels) as url:
        endpoint = EndpointModel(url, (13,), 3)
        assert endpoint.access is Access.LABELS
        assert (endpoint.predict_label(X) == FITTED.predict(X)).all()
        with pytest.raises(NotOfferedError):
            endpoint.predict_proba(X)


async def fails(request: web.Request) -> web.Response:
    return web.json_response({"error": "no"}, status=500)


async def no_json(request: web.Request) -> web.Response:
    return web.Response(text="<html>", content_type="application/json")


async def no_outputs(request: web.Request) -> web.Response:
    return web.json_response({"outputs": []})


async def wrong_size(request: web.Request) -> web.Response:
    return web.json_response({"outputs": [{"name": "y", "datatype": "FP64", "shape": [2, 3], "data": [1]}]})


async def too_few(request: web.Request) -> web.Response:
    return output(FITTED.predict_proba(await rows(request))[:-1])


async def huge(request: web.Request) -> web.Response:
    text = '{"outputs": [{"name": "y", "datatype": "FP64", "shape": [1, 3], "data": [1, 1, HUGE]}]}'
    return web.Response(text=text.replace("HUGE", "1" + "0" * 400), content_type="application/json")


async def no_text(request: web.Request) -> web.Response:
    return web.Response(body=b'{"outputs": "\xff\xfe"}', content_type="application/json")


async def no_rows(request: web.Request) -> web.Response:
    return web.json_response({"outputs": [{"name": "y", "datatype": "FP64", "shape": [], "data": [1]}]})


async def deep(request: web.Request) -> web.Response:
    return web.Response(text="[" * 100_000, content_type="application/json")


async def elsewhere(request: web.Request) -> web.Response:
    raise web.HTTPFound("http://127.0.0.1:9/")


@pytest.mark.parametrize(
    "answer", [fails, no_json, no_outputs, wrong_size, too_few, huge, no_text, no_rows, deep, elsewhere]
)
def test_wrong_answers_say_so(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> None:
    with serving(answer) as url, pytest.raises(UnusableModelError):
        EndpointModel(url, (13,), 3)


@pytest.mark.parametrize("later", [np.zeros((1, 2)), np.zeros(1), np.zeros((1, 3, 1))])
def test_answers_that_change_their_shape_say_so(later: np.ndarray) -> None:
    answers = iter([np.full((1, 3), 1 / 3), later])

    async def changing(request: web.Request) -> web.Response:
        return output(next(answers))

    with serving(changing) as url:
        model = EndpointModel(url, (13,), 3)
        with pytest.raises(UnusableModelError, match="before"):
            model.predict_label(X[:1])


@pytest.mark.parametrize(
    "about",
    [
        {},
        [],
        {"inputs": []},
        {"inputs": [{"name": "x", "datatype": "BYTES", "shape": [-1, 1]}]},
        {"inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 4]}]},
    ],
)
def test_descriptions_that_do_not_fit_say_so(about: Any) -> None:
    with serving(scores, about) as url, pytest.raises(UnusableModelError):
        EndpointModel(url, (13,), 3)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/v2/models/wine", "http://127.0.0.1:9/other", "ftp://x/v2/models/m"]
)
def test_addresses_where_no_model_is(url: str) -> None:
    with pytest.raises(UnusableModelError):
        EndpointModel(url, (13,), 3)


class Failing:
    """Answers well until it has been asked ``after`` times, then as ``bad`` does."""

    def __init__(self, bad: Callable[[web.Request], Awaitable[web.StreamResponse]], after: int) -> None:
        self.bad, self.left = bad, after

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.left -= 1
        return await (scores if self.left >= 0 else self.bad)(request)


async def hangs(request: web.Request) -> web.Response:
    await asyncio.sleep(1)
    return web.Response()


async def page(request: web.Request) -> web.Response:
    return web.Response(text="<html>Sign in</html>", content_type="text/html")


async def nan(request: web.Request) -> web.Response:
    values = FITTED.predict_proba(await rows(request))
    return output(np.where(np.arange(3) == 0, None, values))


@pytest.mark.parametrize("after", [1, 6])
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (hangs, "does not answer within 0.4 s"), (page, "text/html"), (fails, "status 500"),
        (too_few, "output of shape"),
        (nan, "NaN"),
    ],
)  # fmt: skip
def test_a_server_that_goes_bad_leaves_a_report_that_says_so(
    bad: Callable[[web.Request], Awaitable[web.StreamResponse]], said: str, after: int
) -> None:
    """At the first question, or in the middle of the attack: inconclusive with the reason, and the report is kept."""
    effort = Effort(samples=60, queries=5, seconds=20, workers=1)
    with serving(Failing(bad, after)) as url:
        model = EndpointModel(url, (13,), 3, (X.min(axis=0), X.max(axis=0)), seconds=0.4)
        data = AuditData(None, Samples(X, Y))
        report = Auditor(audits=["evasion.linf"], effort=effort, options={"epsilon": "0.01"}).audit(model, data)
    (found,) = report.results
    assert found.outcome is Outcome.INCONCLUSIVE, found.reason
    assert said in found.reason
    assert report.accuracy is None
