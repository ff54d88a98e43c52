"""The files that ``bartizan init`` writes."""

from __future__ import annotations

import os
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from bartizan.core.errors import ConfigurationError

_RENAMED = {"gitignore": ".gitignore"}
"""A dot file inside the package would vanish from some builds."""


def templates() -> dict[str, bytes]:
    """What a new workspace holds: contents by name, with ``/`` between parts."""
    found: dict[str, bytes] = {}
    _collect(files(__name__), "", found)
    return dict(sorted(found.items()))


def _collect(folder: Traversable, prefix: str, found: dict[str, bytes]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                _collect(entry, f"{prefix}{entry.name}/", found)
        elif not entry.name.endswith((".py", ".pyc")):
            found[prefix + _RENAMED.get(entry.name, entry.name)] = entry.read_bytes()


def write_workspace(root: Path) -> list[Path]:
    """Write a new workspace into ``root``, which is made if need be.

    Returns:
        The files written.

    Raises:
        ConfigurationError: one of the files is there already (then nothing is written), or the folder cannot be used.
    """
    contents = templates()
    present = [name for name in contents if os.path.lexists(root / name)]
    if present:
        raise ConfigurationError(
            f"{root} already has {', '.join(present)}",
            "nothing was written: init never overwrites; choose another folder",
        )
    written: list[Path] = []
    try:
        for name, content in contents.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
            written.append(path)
    except OSError as error:
        raise ConfigurationError(f"{error.filename or root} cannot be written: {error.strerror}") from None
    return written
