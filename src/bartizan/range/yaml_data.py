"""Reads the YAML files that ship inside this package."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from bartizan.core.errors import ArtefactError

_MAX_BYTES = 1_000_000


def read_yaml(source: Traversable | Path) -> Any:
    """The plain data in ``source``. Raises ArtefactError when it is missing, too large or not YAML."""
    try:
        raw = source.read_bytes()
        if len(raw) > _MAX_BYTES:
            raise ArtefactError(f"{source.name} is larger than {_MAX_BYTES} bytes")
        return yaml.safe_load(raw)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArtefactError(f"cannot read {source.name}: {error}".splitlines()[0]) from error
