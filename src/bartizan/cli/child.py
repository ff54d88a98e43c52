"""The entry point of processes that the supervisor starts: ``python -m bartizan.cli.child ROOT NAME FD [FD]``.

``NAME`` is ``keeper``, ``inference``, ``telemetry``, ``detections``, ``approvals``, ``check`` (whose candidate comes on
standard input) or a worker's.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bartizan.core.errors import BartizanError


def main(arguments: list[str]) -> int:
    """Run one of them; returns the exit status."""
    root, name, control, *listener = arguments
    try:
        if name == "keeper":
            from bartizan.app.keepers import run_keeper

            run_keeper(Path(root), int(control))
        elif name == "inference":
            from bartizan.app.inferring import run_inference

            run_inference(Path(root), int(control))
        elif name == "telemetry":
            from bartizan.app.telemetering import run_telemetry

            run_telemetry(Path(root), int(control))
        elif name == "detections":
            from bartizan.app.detecting import run_detections

            run_detections(Path(root), int(control))
        elif name == "approvals":
            from bartizan.app.approving import run_approvals

            run_approvals(Path(root), int(control), int(listener[0]))
        elif name == "check":
            from bartizan.app.checks import run_check

            run_check(Path(root))
        else:
            from bartizan.app.workers import run_worker

            run_worker(Path(root), name, int(control), int(listener[0]))
    except BartizanError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
