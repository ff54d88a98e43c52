"""From blocks to pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bartizan.reporting.document import Bars, Document, Grid, Heading, HeatMap, Lines, Paragraph, Quoted, Strip
from bartizan.reporting.pdf.drawings import bars, heat_map, lines, strip
from bartizan.reporting.pdf.fonts import FontFiles
from bartizan.reporting.pdf.sheet import BAD, LEFT, LINE, SOFT, Ink, Sheet
from bartizan.reporting.pdf.tables import grid

_QUOTED = Ink(8)
_MAX_TEXT = 4_000
"""Characters of one quoted text; the export has the rest."""
_MAX_LINES = 150


def write(document: Document, fonts: Sequence[Path], files: FontFiles | None = None) -> bytes:
    """See :func:`bartizan.reporting.pdf.pdf`; ``files`` are the machine's fonts."""
    sheet = Sheet({c for text in document.texts() for c in text}, fonts, files or FontFiles())
    sheet.set_title(sheet.speller.spell(document.title))
    sheet.set_creator("Bartizan")
    sheet.set_creation_date(document.at)
    sheet.set_lang("en")
    sheet.running = document.title
    sheet.add_page()
    sheet.write_text("Bartizan", Ink(10, bold=True))
    sheet.write_text(document.title, Ink(17, bold=True))
    sheet.write_text(document.subtitle, Ink(9, colour=SOFT))
    for block in document.blocks:
        match block:
            case Heading():
                _heading(sheet, block)
            case Paragraph(text=text, quiet=quiet):
                sheet.set_y(sheet.y + 1)
                sheet.write_text(text, Ink(8, colour=SOFT) if quiet else Ink())
            case Quoted():
                _quoted(sheet, block)
            case Grid():
                grid(sheet, block)
            case HeatMap():
                heat_map(sheet, block)
            case Bars():
                bars(sheet, block)
            case Lines():
                lines(sheet, block)
            case Strip():
                strip(sheet, block)
    _type(sheet)
    return bytes(sheet.output())


def _heading(sheet: Sheet, block: Heading) -> None:
    ink = Ink(13 if block.level == 1 else 10, bold=True)
    sheet.set_y(sheet.y + (6 if block.level == 1 else 3))
    sheet.room(ink.height + 14)  # no heading alone at the end of a page
    sheet.start_section(sheet.fitted(block.text, ink, sheet.epw), level=min(block.level - 1, 1), strict=False)
    sheet.write_text(block.text, ink)


def _quoted(sheet: Sheet, block: Quoted) -> None:
    sheet.set_y(sheet.y + 1.5)
    sheet.room(3 * _QUOTED.height)
    sheet.write_text(block.caption, Ink(7.5, bold=True, colour=SOFT))
    spelled = sheet.speller.spell(block.text[:_MAX_TEXT])
    wrapped = sheet.wrapped(spelled, _QUOTED, sheet.epw - 5)
    shown = wrapped[:_MAX_LINES]
    left = len(block.text) - _MAX_TEXT
    for line in shown:
        sheet.room(_QUOTED.height)
        y = sheet.y
        sheet.set_fill_color(*(BAD if block.struck else LINE))
        sheet.rect(LEFT, y, 0.9, _QUOTED.height, style="F")
        sheet.line_at(LEFT + 3, y, line, _QUOTED)
        sheet.set_y(y + _QUOTED.height)
    if len(wrapped) > _MAX_LINES:
        sheet.write_text(f"{len(wrapped) - _MAX_LINES} more lines are in the export", Ink(7.5, colour=SOFT), 3)
    elif left > 0:
        sheet.write_text(f"{left} more characters are in the export", Ink(7.5, colour=SOFT), 3)


def _type(sheet: Sheet) -> None:
    """What could not be drawn, said where everybody looks last."""
    words = f"Set in {', '.join(sheet.used) or 'Helvetica, for Latin letters alone'}. "
    words += "A character in brackets, [U+200B], is invisible or has no form in these fonts."
    if sheet.speller.lost:
        scripts = ", ".join(f"{name.capitalize()} {n:,}" for name, n in sheet.speller.lost.most_common(12))
        words += f" No font here has: {scripts} (characters). --font names a font file that does."
    _heading(sheet, Heading("Characters", 2))
    sheet.write_text(words, Ink(8, colour=SOFT))
