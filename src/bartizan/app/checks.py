"""The checking process: builds once what the workers would build, and says how it went."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from bartizan.app.candidates import Finding
from bartizan.app.detecting import live_rules
from bartizan.app.gateways import build_in_force, build_services
from bartizan.app.guards import Detectors
from bartizan.app.places import committer_of, vault_of
from bartizan.core.errors import ArtefactError, BartizanError
from bartizan.core.event import Event
from bartizan.firewall.meters import NoMeters
from bartizan.inspection.classifier import load_classifier
from bartizan.keeper.inference.server import check_settings
from bartizan.keeper.local import LocalKeeper
from bartizan.workspace.snapshot import Snapshot
from bartizan.workspace.workspace import Workspace


class _Nowhere:
    """Nothing happens here that would have to be recorded."""

    def append(self, event: Event) -> None:
        """See ``Recorder.append``."""

    async def commit(self) -> None:
        """See ``Recorder.commit``."""


def run_check(root: Path) -> None:
    """Read a snapshot from standard input, write a finding to standard output."""
    finding = Finding()
    try:
        asyncio.run(_check(Workspace(root), Snapshot.decode(sys.stdin.buffer.read())))
    except BartizanError as error:
        finding = Finding(error.cause, error.hint, artefact=isinstance(error, ArtefactError))
    sys.stdout.buffer.write(msgspec.json.encode(finding))


async def _check(workspace: Workspace, snapshot: Snapshot) -> None:
    services = build_services(workspace, workspace.deployment, LocalKeeper(), _Nowhere(), NoMeters())
    await services.close()
    check_settings(workspace.deployment.inference)
    if workspace.deployment.detections.enabled:
        live_rules(snapshot, workspace.deployment.detections)
    in_force = build_in_force(workspace, snapshot, committer_of(workspace, vault_of(workspace, "check")), Detectors())
    if in_force.learned or in_force.answers:
        load_classifier()
