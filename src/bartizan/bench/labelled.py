"""Labelled texts: JSONL rows of text, label, kind and lang, as detection benchmarks hold them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface

MATERIAL = frozenset({"indirect", "benign_doc", "wrapped_benign"})
"""Kinds that are read as content; the others are requests."""
LENGTHS = {"up to 300 characters": 300, "301 to 1,500": 1_500, "1,501 to 6,000": 6_000, "over 6,000": 1 << 60}


class _Line(msgspec.Struct, frozen=True):
    text: str
    label: int | None = None
    kind: str = ""
    lang: str | None = None
    surface: Surface | None = None


class Labelled(NamedTuple):
    """One text and what it is."""

    text: str
    attack: bool
    surface: Surface
    source: str
    """The file's name."""
    kind: str
    lang: str

    @property
    def length(self) -> str:
        """Its length bucket."""
        return next(name for name, most in LENGTHS.items() if len(self.text) <= most)


def read(paths: Sequence[Path], surface: Surface | None, most: int | None) -> tuple[list[Labelled], int]:
    """The rows of the files, and how many had no label.

    Args:
        paths: JSONL files, or folders of them.
        surface: of every row; otherwise a row's own ``surface``, otherwise what its kind says.
        most: rows a file, spread evenly over it; all without it.

    Raises:
        ConfigurationError: a file is missing or a line is wrong.
    """
    rows: list[Labelled] = []
    unlabelled = 0
    decoder = msgspec.json.Decoder(_Line)
    for path in _files(paths):
        own: list[Labelled] = []
        try:
            for number, line in enumerate(path.read_bytes().splitlines(), start=1):
                if not line.strip():
                    continue
                try:
                    item = decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    hint = 'each line is {"text": "…", "label": 0 or 1, "kind": "…", "lang": "…"}'
                    raise ConfigurationError(f"{path}:{number}: {error}", hint) from None
                if item.label is None:
                    unlabelled += 1
                    continue
                where = surface or item.surface or (Surface.CONTENT if item.kind in MATERIAL else Surface.USER)
                own.append(Labelled(item.text, bool(item.label), where, path.stem, item.kind, item.lang or "?"))
        except OSError as error:
            raise ConfigurationError(f"{path}: {error.strerror}", "name a JSONL file or a folder of them") from None
        if most is not None and len(own) > most:
            own = [own[round(step * (len(own) - 1) / (most - 1 or 1))] for step in range(most)]
        rows += own
    if not rows:
        raise ConfigurationError("no labelled rows", "name JSONL files with text and label")
    return rows, unlabelled


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
