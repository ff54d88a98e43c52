"""What a long part has measured, in a folder, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import msgspec

from bartizan.bench.table import Row, plain

T = TypeVar("T")


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
    return kept_as(list[Row], folder, name, facts, lambda: list(measure()))


def kept_as(kind: type[T], folder: Path | None, name: str, facts: Mapping[str, object], measure: Callable[[], T]) -> T:
    """The same for what rows are made of; ``kind`` is a type that msgspec decodes."""
    if folder is None:
        return measure()
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(msgspec.json.encode(sorted((key, str(value)) for key, value in facts.items())))
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}-{digest.hexdigest()[:12]}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        found = measure()
        beside = path.with_suffix(".part")
        beside.write_bytes(msgspec.json.encode(found, enc_hook=plain))
        beside.rename(path)  # a run that is stopped leaves no half file
        return found


def versions(*packages: str) -> dict[str, str]:
    """Of Bartizan, torch and these packages, as facts; what is not installed is left out."""
    found = {}
    for package in ("bartizan", "torch", *packages):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
