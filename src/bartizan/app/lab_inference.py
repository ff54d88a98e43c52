"""A learner's rules for one model on a real gateway before a real server, for the range's grader."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import numpy as np
import uvicorn
from numpy.typing import NDArray

from bartizan.app.gateways import build_gateway
from bartizan.core.errors import ConfigurationError
from bartizan.core.limits import Limits
from bartizan.core.problem import printable
from bartizan.firewall.http_protocol import server_settings
from bartizan.firewall.worker import QuietServer
from bartizan.policy.document import Classifier, PolicyDocument, VirtualKey
from bartizan.policy.in_force import policy_in_force
from bartizan.policy.models import PROFILES
from bartizan.range.oracle import INPUT, OUTPUT, Scores, application
from bartizan.range.serving import serving
from bartizan.trust.virtual_keys import create_key, key_digest
from bartizan.workspace.deployment import Deployment, Upstream
from bartizan.workspace.workspace import DEPLOYMENT, POLICY, Workspace


def rules_of(path: Path, name: str) -> PolicyDocument:
    """The learner's policy.

    Raises:
        ConfigurationError, DocumentError: there is none, it is broken, or it has no rules for the model.
    """
    if path.name != POLICY or not path.is_file():
        raise ConfigurationError(f"{printable(str(path), 300)} is no {POLICY}", f"hand in WORKSPACE/{POLICY}")
    policy = policy_in_force(Workspace(path.parent))
    if name not in policy.models:
        raise ConfigurationError(f"{POLICY} has no rules for the model {name}", f"add it below 'models:' as {name}")
    return policy


class LabInference:
    """A gateway in this process, on a loop of its own; synchronous, for thieves who wait for one answer after another.

    Of the learner's policy the mode, the bounds of bodies and the rules of models count; each principal has a key
    without a rate, since days pass within seconds. What happens is no event of the deployment.

    Args:
        policy: see :func:`rules_of`.
        root: of the learner's workspace, for profiles.
        name: of the model.
        scores: the model.
        width: numbers of a row.
        classes: of an answer.
        principals: who may ask.

    Raises:
        ConfigurationError: a profile is missing or damaged.
    """

    def __init__(
        self,
        policy: PolicyDocument,
        root: Path,
        name: str,
        scores: Scores,
        width: int,
        classes: int,
        principals: Sequence[str],
    ) -> None:
        self._name, self._width, self._classes = name, width, classes
        self._keys = {one: create_key() for one in principals}
        keys = tuple(VirtualKey(one, key_digest(key), limits=Limits(cooldown=None)) for one, key in self._keys.items())
        self._policy = PolicyDocument(
            version=1, mode=policy.mode, bodies=policy.bodies, keys=keys, models={name: policy.models[name]},
            classifier=Classifier(enabled=False),
        )  # fmt: skip
        self._profile = root / PROFILES / policy.models[name].profile if policy.models[name].profile else None
        self._server = application(name, scores, width, classes)
        self._loop = asyncio.new_event_loop()
        self._stack = contextlib.AsyncExitStack()

    def __enter__(self) -> LabInference:
        try:
            self._session, self._url = self._loop.run_until_complete(self._opened())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def ask(self, principal: str, x: NDArray[Any]) -> NDArray[Any] | None:
        """Scores ``(n, classes)`` of one request, as they came; None where it was refused, or told no scores."""
        return self._loop.run_until_complete(self._asked(principal, x))

    async def _opened(self) -> tuple[aiohttp.ClientSession, str]:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bartizan-range-")))
        upstream = await self._stack.enter_async_context(serving(self._server, 0))
        row = Upstream(
            name="lab", url=upstream, protocol="oip", models={self._name: self._name}, binary_tensors=False, retries=0
        )
        deployment = Deployment(version=1, upstreams=(row,))
        for name, document in ((DEPLOYMENT, deployment), (POLICY, self._policy)):
            (folder / name).write_bytes(msgspec.json.encode(document))
        if self._profile is not None and self._profile.is_file():
            (folder / PROFILES).mkdir()
            shutil.copyfile(self._profile, folder / PROFILES / self._profile.name)
        gateway = build_gateway(Workspace(folder))
        self._stack.push_async_callback(gateway.close)
        listener = socket.create_server(("127.0.0.1", 0))
        # asyncio sets it only where a socket names its protocol, which this one does not: 40 ms for each answer.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = QuietServer(uvicorn.Config(gateway, **server_settings(), timeout_graceful_shutdown=1))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        await server.serving.wait()

        async def stop() -> None:
            server.should_exit = True
            await running

        self._stack.push_async_callback(stop)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        return await self._stack.enter_async_context(aiohttp.ClientSession(url)), f"/v2/models/{self._name}/infer"

    async def _asked(self, principal: str, x: NDArray[Any]) -> NDArray[Any] | None:
        tensor = {"name": INPUT, "datatype": "FP64", "shape": list(x.shape), "data": x.ravel().tolist()}
        headers = {"Authorization": f"Bearer {self._keys[principal]}"}
        async with self._session.post(self._url, json={"inputs": [tensor]}, headers=headers) as reply:
            if reply.status != 200:
                return None
            outputs = {one["name"]: one for one in (await reply.json())["outputs"]}
        found = np.asarray(outputs.get(OUTPUT, {}).get("data", ()), np.float64)
        return found.reshape(len(x), self._classes) if found.size == len(x) * self._classes else None
