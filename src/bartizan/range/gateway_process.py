"""Starts the gateway as anybody would, with ``bartizan up``, in a workspace of its own, and stops it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.range.demo_workspace import DemoWorkspace, ServedModel, write_workspace
from bartizan.range.helpdesk.records import Plant

_START_SECONDS = 180.0
_STOP_SECONDS = 15.0


@contextlib.contextmanager
def gateway(served: Sequence[ServedModel], plant: Plant) -> Iterator[DemoWorkspace]:
    """A running gateway in front of ``served``; it and its files are gone afterwards.

    Raises:
        ConfigurationError: it did not become ready.
    """
    with tempfile.TemporaryDirectory(prefix="bartizan-demo-") as scratch:
        port, admin_port = free_ports(2)
        workspace = write_workspace(
            Path(scratch) / "workspace",
            served=served,
            plant=plant,
            port=port,
            admin_port=admin_port,
        )
        log = Path(scratch) / "gateway.log"
        command = [sys.executable, "-P", "-m", "bartizan.range.tether", sys.executable, "-P", "-m", "bartizan", "up"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--workspace", str(workspace.folder)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | workspace.environment,
            )
        try:
            _wait_ready(process, workspace.ready_url, log)
            yield workspace
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_ports(count: int) -> list[int]:
    """Distinct loopback ports that were free a moment ago."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def _wait_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _failure(f"the gateway ended with status {process.returncode}", log)
        try:
            with opener.open(url, timeout=2) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise _failure(f"the gateway was not ready within {_START_SECONDS:.0f} seconds", log)


def _failure(cause: str, log: Path) -> BartizanError:
    said = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return ConfigurationError(cause, f"it said: {said[-1][:300]}" if said else "")
