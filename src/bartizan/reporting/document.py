"""A report as a list of blocks, for formats that are laid out in pages. Every text may be hostile; none is markup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

import msgspec

from bartizan.core.stats import Rate
from bartizan.reporting.audit import Curve, Picture
from bartizan.reporting.charts import Row


class Heading(msgspec.Struct, frozen=True):
    """Of a section, or of a part of one (``level`` 2)."""

    text: str
    level: int = 1


class Paragraph(msgspec.Struct, frozen=True):
    """Running text; ``quiet`` for what stands in the second row."""

    text: str
    quiet: bool = False


class Grid(msgspec.Struct, frozen=True):
    """A table."""

    head: tuple[str, ...]
    """Empty: no head."""
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]
    """Of the width, one a column."""


class Quoted(msgspec.Struct, frozen=True):
    """A text that somebody else wrote, set apart."""

    caption: str
    text: str
    struck: bool = False
    """It is what went wrong, so it stands out."""


class Bars(msgspec.Struct, frozen=True):
    """Rates as bars with their 95% intervals."""

    title: str
    rows: tuple[Row, ...]


class Lines(msgspec.Struct, frozen=True):
    """Curves of one chart."""

    curves: tuple[Curve, ...]


class HeatMap(msgspec.Struct, frozen=True):
    """Rates by two axes; what is missing was not tested, an n of 0 is inconclusive."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    rates: dict[tuple[str, str], Rate]


class Strip(msgspec.Struct, frozen=True):
    """Pictures side by side."""

    title: str
    pictures: tuple[Picture, ...]


Block: TypeAlias = Heading | Paragraph | Grid | Quoted | Bars | Lines | HeatMap | Strip


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A whole report."""

    title: str
    subtitle: str
    at: datetime
    blocks: tuple[Block, ...]

    def texts(self) -> Iterator[str]:
        """Every text in it."""
        yield from (self.title, self.subtitle)
        for block in self.blocks:
            yield from _texts(block)


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Heading(text=text) | Paragraph(text=text):
            yield text
        case Quoted(caption=caption, text=text):
            yield from (caption, text)
        case Grid(head=head, rows=rows):
            yield from head
            for row in rows:
                yield from row
        case Bars(title=title, rows=bars):
            yield title
            yield from (row.label for row in bars)
        case Lines(curves=curves):
            for curve in curves:
                yield from (curve.chart, curve.name, curve.x_label, curve.y_label)
        case HeatMap(rows=names, columns=columns):
            yield from (*names, *columns)
        case Strip(title=title, pictures=pictures):
            yield title
            yield from (picture.caption for picture in pictures)
