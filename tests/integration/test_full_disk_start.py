"""A start on a disk that is full or read-only ends at once, and says so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bartizan.app.room import check_room
from bartizan.core.errors import ConfigurationError

WORKSPACE = """version: 1
upstreams: [{name: u, url: "http://127.0.0.1:9/v1", protocol: openai, models: {"*": "*"}}]
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_probe_leaves_nothing_and_needs_what_it_says(disk: Path) -> None:
    check_room(disk / "state")
    assert list((disk / "state").iterdir()) == []
    with pytest.raises(ConfigurationError, match="No space left"):
        check_room(disk / "state", 8_000_000)
    assert list((disk / "state").iterdir()) == []
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(ConfigurationError, match="Read-only"):
        check_room(disk / "state")


def test_up_says_that_the_disk_is_full(disk: Path) -> None:
    (disk / "bartizan.yaml").write_text(WORKSPACE)
    (disk / "policy.yaml").write_text("version: 1\n")
    free = os.statvfs(disk)
    (disk / "ballast").write_bytes(b"x" * (free.f_bavail * free.f_frsize - 40_000))
    command = [sys.executable, "-P", "-m", "bartizan", "up", "--workspace", str(disk), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "free space" in done.stderr
    assert "keeper" not in done.stderr
