"""What a run had around it: machine, program, and what its Python has installed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.errors import ConfigurationError

_SECONDS: Final = 60
_MOST: Final = 5_000
_PYTHON: Final = re.compile(r"python(3(\.\d+)?)?")
_LIST: Final = (
    "import json; from importlib.metadata import distributions; "
    "print(json.dumps(sorted({(d.metadata['Name'], d.version) for d in distributions()})))"
)


def described(variables: Iterable[str]) -> dict[str, str]:
    """The machine, and the variables that were named. Raises ConfigurationError: one of them is not set."""
    out = {
        "os": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "cpus": str(os.cpu_count() or 0),
    }
    for name in variables:
        if name not in os.environ:
            raise ConfigurationError(f"--env {name}: there is no such variable", "set it, or leave it out")
        out[f"env:{name}"] = os.environ[name]
    return out


def program(command: str) -> Path:
    """The file that a command starts. Raises ConfigurationError."""
    found = shutil.which(command)
    if found is None:
        raise ConfigurationError(f"there is no program {command}", "name the program and its arguments after --")
    return Path(found).absolute()


def installed(python: Path) -> tuple[str, ...]:
    """Package URLs of what a Python has installed; empty for another program, or one that does not say."""
    if not _PYTHON.fullmatch(python.name):
        return ()
    try:
        ran = subprocess.run(
            [python, "-I", "-c", _LIST], capture_output=True, timeout=_SECONDS, check=True, stdin=subprocess.DEVNULL
        )
        found = msgspec.json.decode(ran.stdout, type=list[tuple[str, str]])
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return ()
    return tuple(f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}" for name, version in found[:_MOST])
