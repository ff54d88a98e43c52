"""Reads the data files that ship with the room."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import yaml

from bartizan.core.errors import ArtefactError
from bartizan.workspace.nodes import LOADER


@cache
def read_data(folder: str, name: str) -> Any:
    """The content of ``hardening/FOLDER/NAME``: shipped, so trusted. Raises ArtefactError when it is not there."""
    try:
        return yaml.load((files("bartizan.hardening") / folder / name).read_text("utf-8"), LOADER)  # noqa: S506 - safe
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        raise ArtefactError(f"the data file {folder}/{name} is missing or damaged", "install bartizan again") from None


def convert_data(folder: str, name: str, kind: Any) -> Any:
    """Like :func:`read_data`, as ``kind``."""
    try:
        return msgspec.convert(read_data(folder, name), kind, strict=True)
    except msgspec.ValidationError as error:
        raise ArtefactError(f"the data file {folder}/{name} is damaged: {error}", "install bartizan again") from None
