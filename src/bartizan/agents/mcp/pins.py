"""The pins file: which tool definitions and server identities a person approved. It belongs in version control."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bartizan.agents.mcp.definition import Definition, digest_of
from bartizan.core.errors import ConfigurationError
from bartizan.workspace.files import read_bounded

PINS = "mcp-pins.json"
"""In the workspace, unless told otherwise."""
MAX_BYTES = 64_000_000


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who a server says it is, and how it is reached."""

    source: str
    """The command line, or the URL."""
    name: str = ""
    instructions: str = ""
    """Text that clients put before their model."""


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One approved definition."""

    digest: str
    definition: Definition
    at: datetime
    by: str
    """Who approved; ``first use`` when nobody did."""
    accepted: tuple[str, ...] = ()
    """Rules whose findings on this very definition a person accepted."""


class ServerPins(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is approved of one server."""

    identity: Identity
    version: str = ""
    """As last seen when a person pinned; a new version alone changes nothing."""
    accepted: tuple[str, ...] = ()
    """Rules whose findings on these instructions a person accepted."""
    tools: dict[str, Pin] = msgspec.field(default_factory=dict)


class Pins(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    version: int = 1
    servers: dict[str, ServerPins] = msgspec.field(default_factory=dict)

    def tool(self, server: str, name: str) -> Pin | None:
        """The pin of a tool, if there is one."""
        held = self.servers.get(server)
        return held.tools.get(name) if held else None


class PinFile:
    """Reads the file again when it changed; a broken edit keeps the last good version and says so.

    Args:
        path: need not exist yet.

    Raises:
        ConfigurationError: it exists and cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        """What is wrong with the present file; empty when it is in force."""
        self._stamp = _stamp(path)
        self._pins = _read(path)

    @property
    def current(self) -> Pins:
        """What the file says."""
        stamp = _stamp(self.path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._pins = _read(self.path)
                self.problem = ""
            except ConfigurationError as error:
                self.problem = str(error)
        return self._pins

    def write(self, server: str, pins: ServerPins) -> None:
        """Put what is approved of one server in place of what was, atomically. Raises ConfigurationError."""
        self.update(server, lambda _: pins)

    def update(self, server: str, change: Callable[[ServerPins | None], ServerPins | None]) -> None:
        """Change what is approved of one server, atomically, from what the file says at that moment.

        Args:
            server: its name.
            change: from what is approved to what shall be; None leaves the file as it is.

        Raises:
            ConfigurationError: the file cannot be read or written.
        """
        try:
            folder = os.open(self.path.parent, os.O_RDONLY)
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # two commands at once must not lose a pin
            fresh = _read(self.path)
            pins = change(fresh.servers.get(server))
            if pins is not None:
                fresh = replace(fresh, servers=dict(sorted({**fresh.servers, server: pins}.items())))
                _write(self.path, fresh)
            self._pins, self._stamp, self.problem = fresh, _stamp(self.path), ""
        finally:
            os.close(folder)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _read(path: Path) -> Pins:
    if not path.exists():
        return Pins()
    try:
        pins = msgspec.json.decode(read_bounded(path, path.name, MAX_BYTES), type=Pins)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigurationError(
            f"{path.name} is not a pins file: {error}", "take it from version control, or pin the tools again"
        ) from None
    if pins.version != 1:
        raise ConfigurationError(f"{path.name} is of version {pins.version}, expected 1")
    for server, held in pins.servers.items():
        for name, pin in held.tools.items():
            if digest_of(pin.definition) != pin.digest:
                raise ConfigurationError(
                    f"{path.name}: the digest of {server}/{name} is not that of its definition",
                    "take the file from version control, or pin the tool again",
                )
    return pins


def _write(path: Path, pins: Pins) -> None:
    content = msgspec.json.format(msgspec.json.encode(pins, order="sorted"), indent=2) + b"\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".pins-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o644)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
