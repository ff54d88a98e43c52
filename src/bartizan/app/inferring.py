"""The inference process, and when it runs."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvloop

from bartizan.app.children import supervised
from bartizan.app.places import inference_socket
from bartizan.core.passage import Surface
from bartizan.core.threat import Guard
from bartizan.firewall.child import Child
from bartizan.firewall.control import STATUS_EVERY
from bartizan.firewall.supervisor import Supervisor
from bartizan.policy.document import PolicyDocument
from bartizan.telemetry.logs import configure_logging
from bartizan.telemetry.metrics import Registry
from bartizan.workspace.document import loads
from bartizan.workspace.snapshot import Snapshot
from bartizan.workspace.workspace import POLICY, Workspace

NAME: Final = "inference"
START_SECONDS: Final = 30.0
"""How long a start waits for the model; what comes before it is ready counts as unread."""
FOLLOW_STEPS: Final = 40
"""How often it is looked whether every worker follows, four times a second; it is not kept for those that do not."""

_log = logging.getLogger("bartizan.supervisor")


def learned_surfaces(policy: PolicyDocument) -> frozenset[Surface]:
    """The surfaces on which policy lets the trained model have a say; empty without it."""
    if not policy.classifier.enabled:
        return frozenset()
    read = frozenset(surface for surfaces in policy.origins.values() for surface in surfaces) | {Surface.CONTENT}
    return frozenset(
        surface
        for surface in (Surface.USER, Surface.CONTENT)
        if surface in read and policy.surfaces.get(surface, {}).keys() & {Guard.PROMPT_INJECTION, Guard.HARMFUL_REQUEST}
    )


def judges_harm(policy: PolicyDocument) -> bool:
    """Whether policy wants to know of harmful requests."""
    return Guard.HARMFUL_REQUEST in policy.surfaces.get(Surface.USER, {}) and Surface.USER in learned_surfaces(policy)


def run_inference(root: Path, control: int) -> None:
    """Serve the workers until the supervisor says otherwise or is gone.

    Args:
        root: the workspace.
        control: file descriptor of the line to the supervisor.

    Raises:
        ArtefactError: the model is missing or damaged.
        KeeperError: the socket is taken or cannot be made.
    """
    configure_logging(NAME)
    uvloop.run(_infer(Workspace(root), socket.socket(fileno=control)))


async def _infer(workspace: Workspace, control: socket.socket) -> None:
    from bartizan.inspection.classifier import load_classifier
    from bartizan.keeper.inference.server import serve_inference

    registry = Registry()
    settings = workspace.deployment.inference
    async with supervised(control, registry.snapshot) as ready:
        await serve_inference(inference_socket(workspace), load_classifier(), settings, registry, ready)


def reads_answers(policy: PolicyDocument) -> bool:
    """Whether policy wants the sentences of answers read by the trained model."""
    return policy.classifier.enabled and Guard.PROMPT_INJECTION in policy.surfaces.get(Surface.OUTPUT, {})


class InferenceProcess:
    """Runs while policy wants it.

    Args:
        make: a child that is not yet started.
    """

    def __init__(self, make: Callable[[], Child]) -> None:
        self._make = make
        self._child: Child | None = None
        self._known = ("", False)
        self.supervisor: Supervisor | None = None

    async def before(self, snapshot: Snapshot) -> None:
        """Start it, and wait for it, if the snapshot that is about to come into force wants it."""
        if not self._wanted(snapshot) or self._child is not None or self.supervisor is None:
            return
        self._child = self._make()
        self.supervisor.add(self._child)
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._child.ready.wait()
        except TimeoutError:
            _log.error("the inference process is not ready; texts count as unread until it is")

    async def after(self, snapshot: Snapshot, version: int) -> None:
        """Stop it if the snapshot that has come into force does without, as soon as every worker has that one."""
        if self._wanted(snapshot) or self._child is None or self.supervisor is None:
            return
        for _ in range(FOLLOW_STEPS):
            if all(child.status is not None and child.status.snapshot >= version for child in self.supervisor.workers):
                break
            await asyncio.sleep(STATUS_EVERY / 4)
        child, self._child = self._child, None
        await self.supervisor.remove(child)

    def _wanted(self, snapshot: Snapshot) -> bool:
        if self._known[0] != snapshot.digest:
            policy = loads(snapshot.files[POLICY], POLICY, PolicyDocument)
            self._known = (snapshot.digest, bool(learned_surfaces(policy)) or reads_answers(policy))
        return self._known[1]
