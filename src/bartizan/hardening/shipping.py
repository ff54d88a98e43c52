"""Puts files into a workspace so that a death at any moment leaves the old or, after the next command, the new state.

All that is to be written is first put into one file of the state directory (a write-ahead record). The signature goes
first into the workspace: until the last file stands, it describes none of what lies there, and a gateway that enforces
signatures keeps what it has. What is refused on the way is undone, and never tried again by a later command.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

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
    before: dict[str, str] = msgspec.field(default_factory=dict)
    """SHA-256 of each file of the workspace as it was when this was begun; empty for one that was not there."""


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
    for name, old in shipment.before.items():
        now = _digest(_content(_target(workspace.root, name), name))
        if now not in {old, _digest(shipment.files.get(name))}:
            raise ConfigurationError(
                f"{name} was edited after a command was stopped half-way: {shipment.event.control},"
                f" {shipment.event.state}",
                f"keep the edit and remove {path}, or take it back and run this again",
            )
    _deliver(workspace, shipment)
    return True


def ship(workspace: Workspace, shipment: Shipment) -> None:
    """Write all of ``shipment``, or nothing.

    Raises:
        ConfigurationError: a target leads out of the workspace, or cannot be written.
        JournalError: the event cannot be written.
    """
    targets = {_target(workspace.root, name): name for name in (*shipment.files, *shipment.removed)}
    private = {_target(workspace.state, name): name for name in shipment.private}
    old = {path: _content(path, name) for path, name in (targets | private).items()}
    before = {name: _digest(old[path]) for path, name in targets.items()}
    pending = _target(workspace.state, _PENDING)
    write_file(pending, _PENDING, msgspec.msgpack.encode(replace(shipment, before=before)))
    try:
        _deliver(workspace, shipment)
    except BaseException:
        try:
            _restore(old, targets | private)
        finally:
            pending.unlink(missing_ok=True)
        raise


def _deliver(workspace: Workspace, shipment: Shipment) -> None:
    for name, content in shipment.private.items():
        write_file(_target(workspace.state, name), name, content)
    for name in sorted(shipment.files, key=lambda name: (name != SIGNED, name == "policy.yaml", name)):
        write_file(_target(workspace.root, name), name, shipment.files[name], 0o644)
    for name in shipment.removed:
        _target(workspace.root, name).unlink(missing_ok=True)
    tell(workspace, shipment.event)
    (workspace.state / _PENDING).unlink(missing_ok=True)


def _restore(old: Mapping[Path, bytes | None], names: Mapping[Path, str]) -> None:
    for path in (path for path, content in old.items() if content is None):  # first: it makes room on a full disk
        if path.parent.is_dir():
            path.unlink(missing_ok=True)
    for path, content in old.items():
        if content is not None and _content(path, names[path]) != content:
            write_file(path, names[path], content, 0o644)


def _target(folder: Path, name: str) -> Path:
    """Where ``name`` is below ``folder``. Raises ConfigurationError when links lead elsewhere, or it is no file."""
    base, path = folder.resolve(), folder / name
    if path.is_symlink() or not path.parent.resolve().is_relative_to(base):
        raise ConfigurationError(f"{name} leads elsewhere by a symbolic link", "put the file or folder itself there")
    if any(part.exists() and not part.is_dir() for part in path.parents if part.resolve().is_relative_to(base)):
        raise ConfigurationError(f"{name} cannot be written: a file stands where its folder should be")
    return path


def _content(path: Path, name: str) -> bytes | None:
    return read_bounded(path, name, _LARGEST) if path.exists() else None


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()


def tell(workspace: Workspace, event: ControlChanged) -> None:
    """Put an event into the journal. Raises JournalError."""
    settings = workspace.deployment.journal if (workspace.root / DEPLOYMENT).exists() else None
    journal = Journal(workspace.state / "journal", f"harden{os.getpid()}", settings)
    try:
        journal.append(event)
    finally:
        journal.close()
