"""A text of the scope file that may be kept out of it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import quote
from bartizan.workspace.files import read_bounded


class FromElsewhere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of an environment variable and a file (whose trailing newline is dropped)."""

    env: str = ""
    file: str = ""
    """Relative to the scope file."""


SecretText = str | FromElsewhere
"""The text itself, or where it is."""


def resolve(text: SecretText, folder: Path) -> str:
    """The text. Raises ConfigurationError when there is none."""
    if isinstance(text, str):
        return text
    if bool(text.env) == bool(text.file):
        raise ConfigurationError("a text is named by both env and file, or by neither", "name one of them")
    if text.env:
        value = os.environ.get(text.env, "")
        if not value:
            raise ConfigurationError(f"the environment variable {quote(text.env)} is not set")
        return value
    return read_bounded(folder / text.file, text.file).decode("utf-8", "replace").rstrip("\r\n")
