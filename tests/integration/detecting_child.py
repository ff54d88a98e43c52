"""Judges the journal of a workspace by its ``rules/`` until it is killed: ``python detecting_child.py ROOT``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bartizan.app.detecting import Detecting
from bartizan.app.detection_meters import DetectionMeters
from bartizan.telemetry.metrics import Registry
from bartizan.workspace.snapshot import take_snapshot
from bartizan.workspace.workspace import Workspace


def main(root: Path) -> None:
    work = Detecting(Workspace(root), DetectionMeters(Registry()))
    work.put(take_snapshot(root).encode())
    print("ready", flush=True)
    asyncio.run(work.run())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
