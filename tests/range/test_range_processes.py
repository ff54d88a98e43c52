"""The tether, and starting a gateway that does not start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bartizan.core.errors import ConfigurationError
from bartizan.range import gateway_process
from bartizan.range.demo_workspace import CANARY, UPSTREAM_KEY, ServedModel, write_workspace
from bartizan.range.gateway_process import free_ports
from bartizan.range.helpdesk.records import plant

TETHER = [sys.executable, "-m", "bartizan.range.tether", sys.executable, "-c"]


def gone(process: int) -> bool:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("stubborn", [False, True])
def test_the_command_ends_when_the_pipe_breaks(stubborn: bool) -> None:
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN);" if stubborn else ""
    program = f"import os, signal, time; {ignore} print(os.getpid(), flush=True); time.sleep(60)"
    tether = subprocess.Popen([*TETHER, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert tether.stdin is not None
    assert tether.stdout is not None
    child = int(tether.stdout.readline())
    tether.stdin.close()
    assert gone(child)
    assert tether.wait(15) != 0
    tether.stdout.close()


def test_the_status_of_the_command_is_kept() -> None:
    tether = subprocess.Popen([*TETHER, "raise SystemExit(7)"], stdin=subprocess.PIPE)
    assert tether.wait(15) == 7
    assert tether.stdin is not None
    tether.stdin.close()


def test_a_terminated_tether_takes_its_command_along() -> None:
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    tether = subprocess.Popen([*TETHER, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert tether.stdout is not None
    child = int(tether.stdout.readline())
    tether.send_signal(signal.SIGTERM)
    assert gone(child)
    tether.communicate(timeout=15)


def test_the_workspace_holds_no_secret(tmp_path: Path) -> None:
    planted = plant(2)
    workspace = write_workspace(
        tmp_path / "w",
        served=[ServedModel("http://127.0.0.1:1/v1", "up"), ServedModel("http://127.0.0.1:2/v1", "other")],
        plant=planted,
        port=8400,
        admin_port=8401,
    )
    files = list((tmp_path / "w").iterdir())
    assert {path.name for path in files} == {"bartizan.yaml", "policy.yaml"}
    for path in files:
        text = path.read_text()
        assert planted.secret not in text
        assert workspace.key not in text
        assert path.stat().st_mode & 0o077 == 0
    assert workspace.environment == {f"{UPSTREAM_KEY}_1": "up", f"{UPSTREAM_KEY}_2": "other", CANARY: planted.secret}


def test_ports_are_distinct() -> None:
    assert len(set(free_ports(20))) == 20


def test_a_gateway_that_ends_at_once_is_an_error_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path, **how: object) -> object:
        workspace = write_workspace(folder, **how)  # type: ignore[arg-type]
        (folder / "bartizan.yaml").write_text("version: 99\n")
        return workspace

    monkeypatch.setattr(gateway_process, "write_workspace", broken)
    with (
        pytest.raises(ConfigurationError, match="ended with status") as caught,
        gateway_process.gateway([ServedModel("http://127.0.0.1:1/v1", "key")], plant(1)),
    ):
        pass
    assert caught.value.hint.startswith("it said:")
