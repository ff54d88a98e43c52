"""Adding artefacts to ``artefacts.yaml`` without touching what a person wrote there."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from pathlib import Path

from bartizan.core.errors import ConfigurationError
from bartizan.workspace.document import loads
from bartizan.workspace.files import read_bounded, write_file
from bartizan.workspace.register import Register, Registered

HEAD = "# Artefacts that somebody vouches for, by digest. 'bartizan artefacts pin' adds to it.\n"


def lines_of(one: Registered) -> list[str]:
    """The lines of one entry."""
    texts = {"path": one.path, "sha256": one.sha256, "origin": one.origin, "licence": one.licence, "by": one.by}
    rows = [f"{key}: {json.dumps(text)}" for key, text in texts.items() if text]
    rows.append(f"date: {one.date.isoformat()}")
    return [f"{'  ' if number else '- '}{row}" for number, row in enumerate(rows)]


def register(path: Path, name: str, new: Sequence[Registered]) -> None:
    """Add ``new`` to the file at ``path``, which is made if need be, all of them or none.

    Raises:
        ConfigurationError: one of the paths is registered with another digest; the list cannot be extended line by
            line; or the file cannot be read or written.
        DocumentError: the file is broken.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # two commands at once must not lose an entry
        text = read_bounded(path, name).decode("utf-8") if path.exists() else HEAD + "[]\n"
        before = loads(text, name, Register)
        added = [one for one in new if not _known(one, before, name)]
        if not added:
            return
        rows = [line for one in added for line in lines_of(one)]
        kept = (
            text
            if before
            else "".join(line for line in text.splitlines(keepends=True) if line.strip() not in {"[]", "---"})
        )
        edited = kept + ("" if not kept or kept.endswith("\n") else "\n") + "\n".join(rows) + "\n"
        if loads(edited, name, Register) != (*before, *added):
            raise ConfigurationError(f"{name} is not written as one list", "nothing was changed: add the rows by hand")
        if not path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        write_file(path, name, edited.encode())
    except UnicodeDecodeError:
        raise ConfigurationError(f"{name} is not UTF-8 text") from None
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be written: {error.strerror}") from None
    finally:
        os.close(folder)


def _known(one: Registered, before: Register, name: str) -> bool:
    for known in before:
        if one.path and known.path == one.path and known.sha256 != one.sha256:
            raise ConfigurationError(
                f"{name} has another digest for {one.path}",
                "remove that entry first, or both versions are admitted",
            )
        if (known.path, known.sha256, known.origin, known.licence) == (one.path, one.sha256, one.origin, one.licence):
            return True
    return False
