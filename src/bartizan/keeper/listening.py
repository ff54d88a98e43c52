"""Where a process listens for its workers: a Unix socket that only its own user may open, and a lock beside it."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from bartizan.core.errors import KeeperError
from bartizan.keeper.socket_path import socket_address


class SocketPlace:
    """One listener at a path.

    Args:
        path: of the socket; its directory is created with mode 0700 if missing. ``<path>.lock`` beside it makes sure
            that there is one process only.
        name: of the service, in errors.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._lock = -1

    def acquire(self) -> None:
        """Take the lock. Raises KeeperError when another process has it, or it cannot be made."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise KeeperError(f"cannot lock {self._path}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.release()
            raise KeeperError(
                f"another {self._name} runs on {self._path}", "stop it, or use another workspace"
            ) from None

    def bind(self) -> socket.socket:
        """A socket with mode 0600, in place of what a dead process may have left. Raises KeeperError."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            with suppress(FileNotFoundError):
                self._path.unlink()
            with socket_address(self._path) as address:
                listener.bind(address)
        except OSError as error:
            listener.close()
            raise KeeperError(f"cannot listen on {self._path}: {error.strerror or error}") from error
        finally:
            os.umask(before)
        listener.setblocking(False)
        return listener

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._lock)

    def clear(self) -> None:
        """Remove the socket and give the lock back."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        self.release()
