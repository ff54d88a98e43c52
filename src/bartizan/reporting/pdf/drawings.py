"""Bars, curves, heat maps and pictures."""

from __future__ import annotations

import io
from itertools import pairwise

from bartizan.core.stats import Rate
from bartizan.reporting.axes import number, points_of, scale, ticks
from bartizan.reporting.charts import Bar
from bartizan.reporting.document import Bars, HeatMap, Lines, Strip
from bartizan.reporting.pdf.sheet import BAD, GOOD, LEFT, LINE, SOFT, WARN, Ink, Sheet
from bartizan.reporting.png import png

_INK, _SMALL, _TINY = Ink(7.5), Ink(7, colour=SOFT), Ink(5.5, colour=SOFT)
_COLOURS = {"before": BAD, "after": WARN, "kept": GOOD}
_CURVES = ((40, 80, 150), BAD, GOOD, WARN)
_LABEL, _VALUE, _BAR = 46.0, 30.0, 3.2
_TINTS = ((223, 240, 234), (247, 236, 210), (248, 228, 225), (242, 200, 195), (232, 165, 158))


def bars(sheet: Sheet, block: Bars) -> None:
    """One line a bar: label, bar from 0 to 100% with its 95% interval, counts."""
    sheet.set_y(sheet.y + 1.5)
    for row in block.rows:
        height = max(1, len(row.bars)) * (_BAR + 1) + 1
        sheet.room(height)
        y = sheet.y
        sheet.line_at(LEFT, y, sheet.fitted(row.label, _INK, _LABEL - 2), _INK)
        for at, bar in enumerate(row.bars):
            _bar(sheet, bar, y + at * (_BAR + 1))
        sheet.set_y(y + height)
    sheet.write_text("Bars run from 0 to 100%; lines are 95% Wilson intervals.", _SMALL)


def _bar(sheet: Sheet, bar: Bar, y: float) -> None:
    left, width = LEFT + _LABEL, sheet.epw - _LABEL - _VALUE
    rate = bar.rate
    if rate.n == 0:
        sheet.line_at(left + width + 2, y, "not measured", _SMALL)
        return
    sheet.set_fill_color(*LINE)
    sheet.rect(left, y, width, _BAR, style="F")
    sheet.set_fill_color(*_COLOURS.get(bar.series, BAD))
    sheet.rect(left, y, max(width * rate.value, 0.4), _BAR, style="F")
    low, high = rate.interval
    middle = y + _BAR / 2
    _stroke(sheet, (28, 33, 40), 0.3)
    sheet.line(left + width * low, middle, left + width * high, middle)
    for end in (low, high):
        sheet.line(left + width * end, middle - 1, left + width * end, middle + 1)
    sheet.line_at(left + width + 2, y - 0.2, f"{rate.successes} of {rate.n} ({low:.0%}-{high:.0%})", _SMALL)


def heat_map(sheet: Sheet, block: HeatMap) -> None:
    """Cells with hits of n and the 95% interval; a dash was not tested."""
    columns = block.columns
    side = 44.0
    width = (sheet.epw - side) / max(len(columns), 1)
    heads = [sheet.wrapped(sheet.speller.spell(_words(one)), _TINY, width - 1)[:4] for one in columns]
    head = max((len(one) for one in heads), default=0) * _TINY.height + 1
    height = _INK.height + _TINY.height + 0.6
    sheet.set_y(sheet.y + 1.5)
    fresh = True
    for row in block.rows:
        if fresh or sheet.y + height > sheet.h - 18:
            sheet.room(head + height)
            top = sheet.y
            for at, texts in enumerate(heads):
                for line, text in enumerate(texts):
                    sheet.line_at(LEFT + side + at * width, top + line * _TINY.height, text, _TINY)
            sheet.set_y(top + head)
            fresh = False
        y = sheet.y
        sheet.line_at(LEFT, y + 1, sheet.fitted(_words(row), _INK, side - 2), _INK)
        for at, column in enumerate(columns):
            _cell(sheet, block.rates.get((row, column)), LEFT + side + at * width, y, width, height)
        sheet.set_y(y + height + 0.4)


def _cell(sheet: Sheet, rate: Rate | None, x: float, y: float, width: float, height: float) -> None:
    if rate is None or rate.n == 0:
        sheet.line_at(x + 1, y + 1, "-" if rate is None else "?", _SMALL)
        return
    step = 0 if rate.successes == 0 else 1 + min(int(rate.value * 4), 3)
    sheet.set_fill_color(*_TINTS[step])
    sheet.rect(x, y, width - 0.4, height, style="F")
    low, high = rate.interval
    sheet.line_at(x + 0.4, y + 0.2, f"{rate.successes}/{rate.n}", _INK)
    sheet.line_at(x + 0.4, y + 0.2 + _INK.height, f"{low:.0%}-{high:.0%}", _TINY)


def lines(sheet: Sheet, block: Lines) -> None:
    """A chart of curves; what a logarithm cannot show is left out."""
    first = block.curves[0]
    shown = [points_of(one, first.log_x, first.log_y) for one in block.curves]
    every = [point for points in shown for point in points]
    if not every:
        sheet.write_text(f"{first.chart}: nothing can be shown", _SMALL)
        return
    sheet.room(72)
    sheet.write_text(first.chart, Ink(8, bold=True))
    top, bottom, left, right = sheet.y + 5, sheet.y + 55, LEFT + 16, LEFT + 110
    across = scale([x for x, _ in every], first.log_x, left, right)
    up = scale([y for _, y in every], first.log_y, bottom, top)
    _stroke(sheet, LINE, 0.2)
    for value in ticks([x for x, _ in every], first.log_x):
        sheet.line(across(value), top, across(value), bottom)
        sheet.line_at(across(value) - 3, bottom + 1, number(value), _SMALL)
    for value in ticks([y for _, y in every], first.log_y):
        sheet.line(left, up(value), right, up(value))
        text = number(value)
        sheet.line_at(left - 1.5 - sheet.width(text, _SMALL), up(value) - 1.6, text, _SMALL)
    sheet.line_at(left, bottom + 5, sheet.fitted(first.x_label, _SMALL, 90), _SMALL)
    sheet.line_at(LEFT, top - 5, sheet.fitted(first.y_label, _SMALL, 90), _SMALL)
    for at, (curve, points) in enumerate(zip(block.curves, shown, strict=True)):
        _stroke(sheet, _CURVES[at % 4], 0.5)
        for (x, y), (then, height) in pairwise(points):
            sheet.line(across(x), up(y), across(then), up(height))
        key = top + 4 * at
        if points and key < bottom:
            sheet.line(right + 3, key + 1.5, right + 9, key + 1.5)
            sheet.line_at(right + 10, key, sheet.fitted(curve.name, _SMALL, LEFT + sheet.epw - right - 11), _SMALL)
    sheet.set_y(bottom + 10)


def strip(sheet: Sheet, block: Strip) -> None:
    """Pictures in rows of eight, with what each is."""
    if block.title:
        sheet.room(34)
        sheet.write_text(block.title, Ink(8, bold=True))
    side, gap = 19.0, 2.5
    for start in range(0, len(block.pictures), 8):
        sheet.room(32)
        y = sheet.y + 1
        for at, one in enumerate(block.pictures[start : start + 8]):
            x = LEFT + at * (side + gap)
            longest = max(one.width, one.height)
            sheet.image(
                io.BytesIO(png(one.width, one.height, one.pixels)),
                x,
                y,
                side * one.width / longest,
                side * one.height / longest,
            )
            caption = sheet.wrapped(sheet.speller.spell(one.caption), _TINY, side)[:4]
            for line, text in enumerate(caption):
                sheet.line_at(x, y + side + 0.5 + line * _TINY.height, text, _TINY)
        sheet.set_y(y + side + 5 * _TINY.height)


def _stroke(sheet: Sheet, colour: tuple[int, int, int], width: float) -> None:
    sheet.set_draw_color(*colour)
    sheet.set_line_width(width)


def _words(name: str) -> str:
    return name.replace("_", " ")
