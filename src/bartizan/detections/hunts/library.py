"""The library: the hunts that ship, and those in the folder ``hunts`` of a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.detections.hunts.model import Hunt
from bartizan.workspace.document import loads
from bartizan.workspace.files import read_bounded
from bartizan.workspace.wording import did_you_mean

SHIPPED: Final = Path(__file__).parent / "named"
FOLDER: Final = "hunts"
"""In a workspace; one hunt a file."""
MAX_FILES: Final = 1_000


def load_hunts(workspace: Path | None = None) -> dict[str, Hunt]:
    """Every hunt by its id, the shipped ones first.

    Raises:
        ConfigurationError: a file cannot be read, there are too many, or an id is taken.
        DocumentError: a file does not describe a hunt; says where.
    """
    found = _read(sorted(SHIPPED.glob("*.yaml")))
    if workspace is not None:
        own = workspace / FOLDER
        for hunt_id, hunt in _read(sorted(own.glob("*.yaml")) if own.is_dir() else ()).items():
            if hunt_id in found:
                raise ConfigurationError(f"{own / hunt_id}.yaml: there is a hunt {hunt_id!r} already", "rename it")
            found[hunt_id] = hunt
    return found


def find_hunt(hunts: dict[str, Hunt], name: str) -> Hunt:
    """The hunt of that id. Raises ConfigurationError."""
    if name not in hunts:
        hint = did_you_mean(name, hunts) or "see bartizan hunt list"
        raise ConfigurationError(f"there is no hunt {name[:60]!r}", hint)
    return hunts[name]


def _read(paths: Iterable[Path]) -> dict[str, Hunt]:
    found: dict[str, Hunt] = {}
    for number, path in enumerate(paths):
        if number >= MAX_FILES:
            raise ConfigurationError(f"{path.parent} holds more than {MAX_FILES} hunts")
        hunt = loads(read_bounded(path, str(path)), str(path), Hunt)
        if hunt.id != path.stem:
            raise ConfigurationError(f"{path}: its id is {hunt.id!r}", "name the file after the id")
        found[hunt.id] = hunt
    return found


def plain(hunt: Hunt) -> dict[str, object]:
    """For JSON."""
    document: dict[str, object] = msgspec.to_builtins(hunt)
    return document
