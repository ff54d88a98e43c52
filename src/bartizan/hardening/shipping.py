"""Puts files into a workspace so that a death at any moment leaves the old or, after the next command, the new state.

All that is to be written is first put into one file of the state directory (a write-ahead record). The signature goes
first into the workspace: until the last file stands, it describes none of what lies there, and a gateway that enforces
signatures keeps what it has.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.core.event import ControlChanged
from bartizan.telemetry.journal import Journal
from bartizan.workspace.files import read_bounded, write_file
from bartizan.workspace.snapshot import SIGNED
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

_PENDING: Final = "hardening/pending"
_LARGEST: Final = 64_000_000


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """What one approval or rollback writes."""

    files: dict[str, bytes]
    """By name relative to the workspace."""
    removed: tuple[str, ...] = ()
    private: dict[str, bytes] = msgspec.field(default_factory=dict)
    """By name relative to the state directory."""
    event: ControlChanged


@contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace's hardening lock, after finishing what an earlier command was killed in.

    Raises:
        ConfigurationError: another command holds it, or something cannot be written.
    """
    path = workspace.state / "hardening.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError("another command changes the controls of this workspace", "try again") from None
        recover(workspace)
        yield
    finally:
        os.close(descriptor)


def recover(workspace: Workspace) -> bool:
    """Finish a shipment that was begun. Returns whether there was one. Raises ConfigurationError."""
    path = workspace.state / _PENDING
    if not path.exists():
        return False
    try:
        shipment = msgspec.msgpack.decode(read_bounded(path, _PENDING, _LARGEST, private=True), type=Shipment)
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"{_PENDING} is damaged: {error}", "restore the workspace from version control"
        ) from None
    _deliver(workspace, shipment)
    return True


def ship(workspace: Workspace, shipment: Shipment) -> None:
    """Write all of ``shipment``. Raises ConfigurationError."""
    write_file(workspace.state / _PENDING, _PENDING, msgspec.msgpack.encode(shipment))
    _deliver(workspace, shipment)


def _deliver(workspace: Workspace, shipment: Shipment) -> None:
    for name, content in shipment.private.items():
        write_file(workspace.state / name, name, content)
    for name in sorted(shipment.files, key=lambda name: (name != SIGNED, name == "policy.yaml", name)):
        write_file(workspace.path(name), name, shipment.files[name], 0o644)
    for name in shipment.removed:
        workspace.path(name).unlink(missing_ok=True)
    tell(workspace, shipment.event)
    (workspace.state / _PENDING).unlink(missing_ok=True)


def tell(workspace: Workspace, event: ControlChanged) -> None:
    """Put an event into the journal. Raises JournalError."""
    settings = workspace.deployment.journal if (workspace.root / DEPLOYMENT).exists() else None
    journal = Journal(workspace.state / "journal", f"harden{os.getpid()}", settings)
    try:
        journal.append(event)
    finally:
        journal.close()
