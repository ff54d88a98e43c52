"""One training row, from whatever source, and how rows are read and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

RowSurface = Literal["user", "content", "both"]


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A labelled text. Optional labels are None where nobody knows; their heads then learn nothing from the row."""

    text: str
    surface: RowSurface
    """Which heads learn from ``attack``: a request somebody types, material that is read, or both."""
    attack: int
    """1: an attack on the assistant; 0: benign."""
    extraction: int | None = None
    """1: tries to obtain the system prompt, hidden instructions or a guarded secret."""
    jailbreak: int | None = None
    """1: tries to strip the safety rules."""
    harmful: int | None = None
    """1: asks for harmful substance, with or without a trick."""
    kind: str
    """A short class name for tables, such as ``direct`` or ``hard_benign``."""
    lang: str = "en"
    """BCP 47 language tag."""
    source: str
    """Where it comes from: a public set's name, or ``gen/<family>``."""
    group: str
    """Seed or template family; folds never share one."""
    spans: tuple[tuple[int, int], ...] = ()
    """Character ranges of the attack inside material; empty for benign texts and where the whole text is one."""


def read_rows(path: Path) -> Iterator[Row]:
    """Rows of a JSONL file. Raises msgspec.ValidationError on a wrong one."""
    decoder = msgspec.json.Decoder(Row)
    with path.open("rb") as lines:
        for line in lines:
            yield decoder.decode(line)


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write a JSONL file; how many rows."""
    encoder = msgspec.json.Encoder()
    count = 0
    with path.open("wb") as out:
        for row in rows:
            out.write(encoder.encode(row) + b"\n")
            count += 1
    return count
