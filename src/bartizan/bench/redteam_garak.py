"""garak against the same targets, in an environment of its own: started as its documentation says, measured like us."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import msgspec

from bartizan.core.errors import BartizanError

FEW = ("test.Test",)
"""A probe of few prompts: what a start costs."""
MANY = ("promptinject.HijackHateHumans", "promptinject.HijackKillHumans", "promptinject.HijackLongPrompt")
"""Single prompts, judged by a text that the reply holds: the cheapest kind it has. Its own cap is 256 each."""
_SECONDS = 900.0


class Ran(msgspec.Struct, frozen=True):
    """One run of garak."""

    cpu: float
    """Seconds, its pool of processes included."""
    began: float
    """``time.time()``."""


def version(program: str, folder: Path) -> str:
    """What it says of itself. Raises BartizanError if it cannot be started."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, timeout=300, env=_environment(folder))
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BartizanError(f"garak cannot be started: {error}", "--garak names its program") from None
    words = (said.stdout + said.stderr).decode("utf-8", "replace").split()
    return next((bare for word in words if (bare := word.strip("v(),")).replace(".", "").isdigit()), "")


def ran(program: str, folder: Path, port: int, probes: tuple[str, ...], at_a_time: int) -> Ran:
    """One run against the target on ``port``. Raises BartizanError when it fails or takes too long."""
    folder.mkdir()
    options = {"openai": {"OpenAICompatible": {"uri": f"http://127.0.0.1:{port}/v1/", "max_tokens": 512}}}
    (folder / "generator.json").write_text(json.dumps(options), encoding="utf-8")
    command = [
        program, "--target_type", "openai.OpenAICompatible", "--target_name", "m", "--probes", ",".join(probes),
        "--generations", "1", "--parallel_attempts", str(at_a_time), "--generator_option_file",
        str(folder / "generator.json"), "--report_prefix", str(folder / "report"),
    ]  # fmt: skip
    began = time.time()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=_environment(folder))
        status, usage = _ended(process)
    if status:
        last = (folder / "log").read_bytes()[-300:].decode("utf-8", "replace")
        raise BartizanError(f"garak ended with {status}: {' '.join(last.split())}")
    return Ran(usage, began)


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_utime + usage.ru_stime
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise BartizanError(f"garak did not end within {_SECONDS:.0f} s")


def _environment(folder: Path) -> dict[str, str]:
    """Its caches and reports go to ``folder``, and nothing is fetched."""
    homes = {name: str(folder / "home") for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return {**os.environ, **homes, **offline, "OPENAICOMPATIBLE_API_KEY": "none"}
