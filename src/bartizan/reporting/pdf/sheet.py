"""Pages with a pen: text in lines, page breaks, boxes. Lengths are millimetres, sizes of type points."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fpdf import FPDF
from fpdf.fonts import TTFFont

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.reporting.pdf.fonts import FontFiles
from bartizan.reporting.pdf.spelling import Speller, is_complex

LEFT = RIGHT = 18.0
TOP, BOTTOM = 20.0, 18.0
_POINT = 0.3528
_LEADING = 1.35
_MOST_FONTS = 12
_MAX_FONT = 64_000_000
"""Bytes of a font file."""
_PLAIN = {
    **dict.fromkeys(map(ord, "–—‒‐−"), "-"),
    **dict.fromkeys(map(ord, "‘’"), "'"),
    **dict.fromkeys(map(ord, "“”"), '"'),
    ord("…"): "...",
    ord("≥"): ">=",
    ord("≤"): "<=",
}
"""For a machine without fonts, where only Latin-1 can be set."""


class Ink(NamedTuple):
    """How text looks."""

    size: float = 9.0
    bold: bool = False
    colour: tuple[int, int, int] = (28, 33, 40)

    @property
    def height(self) -> float:
        """Of a line."""
        return self.size * _POINT * _LEADING


SOFT = (95, 104, 116)
BAD, GOOD, WARN, LINE = (179, 54, 43), (31, 111, 92), (138, 90, 0), (214, 218, 224)


class Sheet(FPDF):
    """A4 pages under construction.

    Args:
        needed: every character that will be written, which decides what fonts are loaded.
        fonts: files asked first for what the base font lacks.
        files: of this machine.

    Raises:
        ConfigurationError: one of ``fonts`` cannot be read.
    """

    def __init__(self, needed: set[str], fonts: Sequence[Path], files: FontFiles) -> None:
        super().__init__(format="A4")
        self.str_alias_nb_pages = ""  # a text that spells the alias would be changed otherwise
        self.set_auto_page_break(False)
        self.set_margins(LEFT, TOP, RIGHT)
        self.c_margin = 0
        self.running = ""
        self.used: list[str] = []
        self._covered: dict[str, set[int]] = {}
        base = files.base()
        self.family = "base" if base else "helvetica"
        if base:
            self._load("base", base[0])
            self.add_font("base", "B", base[1])
        self._fall_back(needed, fonts, files.fallbacks() if base or fonts else [])
        self.speller = Speller(self._knows, {} if base else _PLAIN)
        self._widths: dict[tuple[str, bool], float] = {}

    def _load(self, family: str, path: Path) -> None:
        if path.stat().st_size > _MAX_FONT:
            raise ValueError("larger than a font file should be")
        self.add_font(family, "", path)
        font = self.fonts[family]
        assert isinstance(font, TTFFont)
        self._covered[family] = set(font.cmap)
        self.used.append(path.stem)

    def _fall_back(self, needed: set[str], asked: Sequence[Path], others: Sequence[Path]) -> None:
        for number, path in enumerate((*asked, *others)):
            missing = {one for one in needed if one > "~" and not self._knows(one)}
            if not missing or len(self._covered) >= _MOST_FONTS:
                break
            try:
                self._load(f"more{number}", path)
            except Exception as error:  # readers of fonts fail in many ways
                if number < len(asked):
                    said = printable(f"{path} cannot be read as a font: {error}", 200)
                    raise ConfigurationError(said, "give a .ttf or .otf file") from None
        self.set_fallback_fonts([name for name in self._covered if name != "base"], exact_match=False)

    def _knows(self, character: str) -> bool:
        if self.family == "helvetica" and " " <= character <= "\xff":
            return True
        return any(ord(character) in covered for covered in self._covered.values())

    def header(self) -> None:
        """A running title on every page but the first."""
        if self.page_no() > 1 and self.running:
            self.line_at(LEFT, 10, self.fitted(self.running, Ink(7.5), self.epw), Ink(7.5, colour=SOFT))
        self.set_y(TOP)

    def footer(self) -> None:
        """The number of the page."""
        ink = Ink(7.5, colour=SOFT)
        text = str(self.page_no())
        self.line_at(self.w - RIGHT - self.width(text, ink), self.h - 11, text, ink)

    def room(self, height: float) -> None:
        """Start a page unless ``height`` is left on this one."""
        if self.y + height > self.h - BOTTOM:
            self.add_page()

    def line_at(self, x: float, y: float, text: str, ink: Ink) -> None:
        """One spelled line, at any place, without looking at the page's end."""
        self._take(ink)
        self.set_text_shaping(is_complex(text))
        self.set_xy(x, y)
        self.cell(self.width(text, ink) + 1, ink.height, text)

    def write_text(self, text: str, ink: Ink, indent: float = 0.0) -> None:
        """Paragraphs, over as many pages as they take. The text is spelled here."""
        for line in self.wrapped(self.speller.spell(text), ink, self.epw - indent):
            self.room(ink.height)
            y = self.y
            self.line_at(LEFT + indent, y, line, ink)
            self.set_y(y + ink.height)

    def wrapped(self, text: str, ink: Ink, width: float) -> list[str]:
        """Spelled text in lines that fit; words longer than a line are cut anywhere."""
        lines: list[str] = []
        for paragraph in text.split("\n"):
            start = space = 0
            used = 0.0
            for at, character in enumerate(paragraph):
                if character == " ":
                    space = at + 1
                used += self._advance(character, ink)
                if used > width and at > start:
                    end = space if space > start else at
                    while end > start + 1 and unicodedata.combining(paragraph[end]):
                        end -= 1
                    lines.append(paragraph[start:end].rstrip(" "))
                    start = space = end
                    used = self.width(paragraph[start : at + 1], ink)
            lines.append(paragraph[start:].rstrip(" "))
        return lines

    def fitted(self, text: str, ink: Ink, width: float) -> str:
        """The first line of the spelled text, cut to fit, with dots where something was cut."""
        lines = self.wrapped(self.speller.spell(" ".join(text.split())), ink, width)
        if len(lines) == 1:
            return lines[0]
        return self.wrapped(lines[0], ink, width - self.width("...", ink))[0] + "..."

    def width(self, text: str, ink: Ink) -> float:
        """Of a spelled line."""
        return sum(self._advance(character, ink) for character in text)

    def _advance(self, character: str, ink: Ink) -> float:
        key = (character, ink.bold)
        if key not in self._widths:
            self._widths[key] = self._measure(character, ink)
        return self._widths[key] * ink.size

    def _measure(self, character: str, ink: Ink) -> float:
        """Of one character at 1 point."""
        names = [self.family + ("B" if ink.bold else ""), *(name for name in self._covered if name != "base")]
        for font in (self.fonts[name] for name in names if name in self.fonts):
            if isinstance(font, TTFFont) and ord(character) in font.cmap:
                return float(font.get_text_width(character, 1, None)[1]) * _POINT
        self._take(Ink(10, ink.bold))
        self.set_text_shaping(False)
        return float(self.get_string_width(character)) / 10

    def _take(self, ink: Ink) -> None:
        self.set_font(self.family, "B" if ink.bold else "", ink.size)
        self.set_text_color(*ink.colour)
