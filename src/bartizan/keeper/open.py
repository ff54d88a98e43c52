"""The keeper that ``bartizan.yaml`` names."""

from __future__ import annotations

from pathlib import Path

from bartizan.core.errors import ConfigurationError
from bartizan.keeper.client import SocketKeeper
from bartizan.keeper.interface import Keeper
from bartizan.keeper.valkey import ValkeyKeeper


def keeper_socket(url: str, root: Path) -> Path | None:
    """The socket on which a keeper process must run for ``url``; None if the keeper is a server elsewhere.

    Raises:
        ConfigurationError: the URL is neither ``unix:PATH`` nor ``valkey://HOST:PORT/DB`` (or ``valkeys://`` with TLS).
    """
    if url.startswith(("valkey://", "valkeys://")):
        return None
    if not url.startswith("unix:") or not url.removeprefix("unix:"):
        raise ConfigurationError(f"{url!r} names no keeper", "use unix:.bartizan/keeper.sock or valkey://HOST:PORT/DB")
    return (root / url.removeprefix("unix:")).absolute()


def open_keeper(url: str, root: Path, *, password: str | None = None) -> Keeper:
    """A client of the keeper; connects at its first call.

    Args:
        url: as in ``bartizan.yaml``.
        root: the workspace, to which a socket's path is relative.
        password: of a Valkey server.

    Raises:
        ConfigurationError: the URL is malformed, or the Valkey client is not installed.
    """
    path = keeper_socket(url, root)
    return SocketKeeper(path) if path is not None else ValkeyKeeper(url, password=password)
