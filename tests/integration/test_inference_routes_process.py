"""Inference through ``bartizan up``: a worker, and a keeper that dies."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from fake_upstream import fake_upstream
from onnx_server import onnx_server, softmax_regression
from processes import HEADERS, Up, up
from valkey_server import valkey_server

from bartizan.core.event import RequestAccepted, RequestRefused
from bartizan.inspection.tensors.calibrate import Rows, calibrate
from bartizan.inspection.tensors.profile import dump

CHANCE = np.random.default_rng(1)
WEIGHTS = CHANCE.normal(size=(4, 3))
MODELS = """models:
  digits:
    inputs: {{x: {{datatype: FP32, shape: [-1, 4], min: -9, max: 9}}}}
    outputs: {{scores: {{mode: round}}, label: {{}}}}
    classes: label
    profile: {profile}
    guards: {{distribution: {{action: allow}}, similarity: {{action: block}}}}
"""


async def ask(gateway: Up, row: Any) -> int:
    values = np.asarray(row, dtype=np.float32).ravel().tolist()
    body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "data": values}]}

    async with gateway.session.post(gateway.url + "/v2/models/digits/infer", json=body, headers=HEADERS) as reply:
        await reply.read()
        return reply.status


def profiled(*roots: Path) -> str:
    """The profile's name, after it was written into each workspace."""
    values = CHANCE.normal(size=(600, 4)).astype("<f4")
    name, content = dump(calibrate(Rows(values, None), "x", 0.01, 0.01, 3, "", "", resamples=5), "digits")
    for root in roots:
        (root / "profiles").mkdir(parents=True)
        (root / "profiles" / name).write_bytes(content)
    return name


async def test_a_search_through_two_machines_is_one_search(tmp_path: Path) -> None:
    roots = tmp_path / "one", tmp_path / "two"
    models = MODELS.format(profile=profiled(*roots))
    near = [np.array([1, 0, 1, 0]) + 0.01 * CHANCE.normal(size=4) for _ in range(24)]
    with valkey_server(tmp_path) as valkey:
        more = f"detections: {{enabled: false}}\nkeeper: {valkey}\n"
        async with fake_upstream() as fake, onnx_server(softmax_regression(WEIGHTS, np.zeros(3))) as server:
            row = f"  - {{name: onnx, url: '{server.url}', protocol: oip, models: {{digits: {server.name}}}}}\n"
            async with (
                up(roots[0], fake, models, more=more, upstreams=row) as one,
                up(roots[1], fake, models, more=more, upstreams=row) as two,
            ):
                found = [await ask((one, two)[number % 2], query) for number, query in enumerate(near)]
                assert found[:7] == [200] * 7
                assert found[-8:] == [400] * 8
                for gateway in (one, two):
                    refused = [event for event in gateway.events() if isinstance(event, RequestRefused)]
                    assert {event.rule for event in refused} == {"models.similarity"}


async def test_queries_are_watched_by_the_keeper_and_by_nobody_without_it(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    name = profiled(root)
    near = [np.array([1, 0, 1, 0]) + 0.01 * CHANCE.normal(size=4) for _ in range(40)]
    async with fake_upstream() as fake, onnx_server(softmax_regression(WEIGHTS, np.zeros(3))) as server:
        row = f"  - {{name: onnx, url: '{server.url}', protocol: oip, models: {{digits: {server.name}}}}}\n"
        models = MODELS.format(profile=name)
        more = "detections: {enabled: false}\n"
        async with up(root, fake, models, more=more, upstreams=row) as gateway:
            found = [await ask(gateway, one) for one in near[:20]]
            assert found[:7] == [200] * 7
            assert found[-8:] == [400] * 8
            events = gateway.events()
            assert {one.rule for one in events if isinstance(one, RequestRefused)} == {"models.similarity"}
            assert all(one.tensors for one in events if isinstance(one, RequestAccepted))

            # Without a keeper nothing is served; a new one knows no streams.
            gateway.process.send_signal(signal.SIGSTOP)
            try:
                gateway.kill("keeper")
                await asyncio.sleep(0.3)
                before = len(server.seen)
                assert await ask(gateway, near[20]) == 503
                assert len(server.seen) == before
            finally:
                gateway.process.send_signal(signal.SIGCONT)
            async with asyncio.timeout(60):
                while await ask(gateway, near[21]) != 200:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.1)


def test_a_gateway_for_language_models_does_without_numpy() -> None:
    code = "import sys, bartizan.firewall.gateway, bartizan.firewall.dialects.registry, bartizan.keeper.server\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "print('numpy' in sys.modules)"], capture_output=True, check=True
    )
    assert done.stdout == b"False\n"
