"""Rows that a long part has measured, in a folder, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from bartizan.bench.table import Row


def kept(
    folder: Path | None, name: str, facts: Mapping[str, object], measure: Callable[[], Iterable[Row]]
) -> list[Row]:
    """Rows of an earlier run under the same name and facts; otherwise measured now, and kept.

    Args:
        folder: where they are; nothing is kept without one.
        name: of what is measured, among those of its part.
        facts: what the figures depend on (rows, seeds, versions): with other facts they are measured anew.
        measure: gives the rows; takes long.
    """
    if folder is None:
        return list(measure())
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(msgspec.json.encode(sorted((key, str(value)) for key, value in facts.items())))
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}-{digest.hexdigest()[:12]}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Row])
    except (FileNotFoundError, msgspec.DecodeError):
        rows = list(measure())
        beside = path.with_suffix(".part")
        beside.write_bytes(msgspec.json.encode(rows))
        beside.rename(path)  # a run that is stopped leaves no half file
        return rows
