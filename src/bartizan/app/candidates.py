"""Checks a candidate snapshot in a process of its own: the supervisor neither keeps what it takes nor falls with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from bartizan.core.errors import ArtefactError, ConfigurationError
from bartizan.workspace.snapshot import Snapshot

CHECK_SECONDS = 120.0
"""After which a candidate that is still being built is turned down."""


class Finding(msgspec.Struct, frozen=True):
    """What the checking process says on standard output."""

    cause: str = ""
    """Empty: the candidate is sound."""
    hint: str = ""
    artefact: bool = False
    """A shipped file is missing or damaged: no fault of the candidate."""


def check_candidate(root: Path, snapshot: Snapshot) -> None:
    """Return if a gateway can be built from ``snapshot`` and the workspace's deployment. Blocks for about a second.

    Args:
        root: the workspace.
        snapshot: not yet in force.

    Raises:
        ArtefactError: a shipped file that it needs is missing or damaged.
        ConfigurationError: it cannot be, or the check did not come to an end.
    """
    command = [sys.executable, "-P", "-m", "bartizan.cli.child", str(root), "check", "0"]
    try:
        done = subprocess.run(
            command, input=snapshot.encode(), stdout=subprocess.PIPE, timeout=CHECK_SECONDS, check=False
        )
        finding = msgspec.json.decode(done.stdout, type=Finding)
    except subprocess.TimeoutExpired:
        raise ConfigurationError("the check of the workspace took too long", "make its patterns simpler") from None
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"the workspace could not be checked: {type(error).__name__}") from None
    if finding.artefact:
        raise ArtefactError(finding.cause, finding.hint)
    if finding.cause:
        raise ConfigurationError(finding.cause, finding.hint)
    if done.returncode:
        raise ConfigurationError(f"the workspace could not be checked: exit status {done.returncode}")
