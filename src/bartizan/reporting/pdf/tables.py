"""Tables whose rows may be longer than a page."""

from __future__ import annotations

from bartizan.reporting.document import Grid
from bartizan.reporting.pdf.sheet import LEFT, LINE, SOFT, Ink, Sheet

_INK, _HEAD = Ink(8), Ink(7.5, bold=True, colour=SOFT)
_GAP, _PAD = 2.0, 0.9
_MAX_LINES = 200
"""Of one cell."""


def grid(sheet: Sheet, block: Grid) -> None:
    """Rows with a rule under each; the head stands again on each page."""
    total = sum(block.shares)
    widths = [(sheet.epw - _GAP * (len(block.shares) - 1)) * share / total for share in block.shares]
    sheet.set_y(sheet.y + 1.5)
    if block.head:
        _row(sheet, block.head, widths, _HEAD, ())
    for row in block.rows:
        _row(sheet, row, widths, _INK, block.head)


def _row(sheet: Sheet, cells: tuple[str, ...], widths: list[float], ink: Ink, head: tuple[str, ...]) -> None:
    columns = []
    for text, width in zip(cells, widths, strict=True):
        lines = sheet.wrapped(sheet.speller.spell(text), ink, width)
        columns.append(lines if len(lines) <= _MAX_LINES else [*lines[:_MAX_LINES], f"({len(lines)} lines)"])
    height = max(len(column) for column in columns)
    if height * ink.height < 60:  # short rows stay together
        _room(sheet, height * ink.height + 2 * _PAD, widths, head)
    sheet.set_y(sheet.y + _PAD)
    for number in range(height):
        _room(sheet, ink.height, widths, head)
        x, y = LEFT, sheet.y
        for column, width in zip(columns, widths, strict=True):
            if number < len(column):
                sheet.line_at(x, y, column[number], ink)
            x += width + _GAP
        sheet.set_y(y + ink.height)
    sheet.set_draw_color(*LINE)
    sheet.set_line_width(0.2)
    sheet.line(LEFT, sheet.y + _PAD, LEFT + sheet.epw, sheet.y + _PAD)
    sheet.set_y(sheet.y + _PAD)


def _room(sheet: Sheet, height: float, widths: list[float], head: tuple[str, ...]) -> None:
    page = sheet.page_no()
    sheet.room(height)
    if head and sheet.page_no() != page:
        _row(sheet, head, widths, _HEAD, ())
