"""PDF: the text of a page is the text of the report, and nothing in a text can do anything to it."""

from __future__ import annotations

import importlib.util
import io
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.reporting.test_audit_report import audit
from tests.reporting.test_report import assessment, case

from bartizan.core.errors import ConfigurationError
from bartizan.core.stats import Rate
from bartizan.reporting import assessment_paper, audit_paper
from bartizan.reporting.charts import Bar, Row
from bartizan.reporting.document import Bars, Block, Document, Grid, Heading, HeatMap, Paragraph, Quoted
from bartizan.reporting.pdf import pdf
from bartizan.reporting.pdf.fonts import FontFiles
from bartizan.reporting.pdf.writer import write

NO_FONTS = FontFiles(())
HOSTILE = (
    "{nb} <script>alert(1)</script> ) Tj ET endstream endobj /JS (x) \\( **bold** [link](http://x.example) ${7*7}",
    "\u202eright to left\u202c \u200b zero \x00 \x1b[31m \U000e0041\U000e0042 \ud800 \ufdd0 lone",
    "e" + "\u0301" * 300,
    "\n" * 500,
    "x" * 5_000,
    "مرحبا שלום नमस्ते 你好 🦊 \u0e01\u0e33",
    "",
)


def document(*blocks: Block) -> Document:
    return Document(title="T", subtitle="S", at=datetime(2026, 11, 27, tzinfo=UTC), blocks=blocks)


def read(content: bytes) -> str:
    """All text, without regard to lines."""
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages)


def every_block(text: str) -> list[Block]:
    return [
        Heading(text[:200]),
        Paragraph(text),
        Quoted(text[:50], text, struck=True),
        Grid((text[:20], "b"), ((text, "1"), ("2", text[:9])), (3, 1)),
        HeatMap((text[:40], "a"), ("c", text[:30]), {("a", "c"): Rate(1, 3), (text[:40], "c"): Rate(0, 0)}),
        Bars(text[:9], (Row(text, (Bar("before", Rate(1, 3)), Bar("?", Rate(0, 0)))),)),
    ]


def test_an_audit_in_pages_says_what_the_page_of_html_says() -> None:
    said = read(pdf(audit_paper.paper(audit(untested=("patches",), remediation="train against it"))))
    for text in ("62.0% (58.9", "0.672", "1,000", "FAILED", "patches", "train against it", "upper bound", "60: 0, 1"):
        assert text in said
    assert "1 of 1 audits found <script>alert(1)</script> weak" in said
    assert "needs <b>gradients</b>" in said


def test_an_assessment_in_pages_shows_what_got_through() -> None:
    attacks = (case("a", "hit", "hit", text="the code is K"), case("b", "hit", "miss"))
    whole = assessment(attacks, (case("c", "hit", "hit"),))
    said = read(pdf(assessment_paper.paper(whole)))
    assert "2 of 2 attacks reached their goal without the gateway, 1 of 2 with it" in said
    assert "the code is K" in said
    assert "Limits" in said


@pytest.mark.parametrize("files", [NO_FONTS, FontFiles()], ids=["core", "machine"])
def test_hostile_texts_stay_text(files: FontFiles) -> None:
    content = write(document(*(block for text in HOSTILE for block in every_block(text))), (), files)
    said = read(content)
    assert HOSTILE[0] in said
    assert "[U+202E]right to left[U+202C] [U+200B] zero [U+0000] [U+001B][31m [tags: AB] [U+D800] [U+FDD0]" in said
    reader = PdfReader(io.BytesIO(content))
    assert not any(name in reader.root_object for name in ("/AA", "/AcroForm", "/Names"))
    assert isinstance(reader.root_object["/OpenAction"], list)  # a place to begin at, no action
    assert not any("/Annots" in page for page in reader.pages)
    assert len(reader.pages) < 60


def test_any_text_renders() -> None:
    chance = random.Random(6)
    planes = ((0, 0xFF), (0, 0xFFFF), (0x0590, 0x0E7F), (0x2000, 0x2FFF), (0x1F000, 0x1FFFF), (0, 0x10FFFF))
    texts = [
        "".join(chr(chance.randint(*planes[chance.randrange(6)])) for _ in range(chance.randint(1, 80)))
        for _ in range(12)
    ]
    content = write(document(*(block for text in texts for block in every_block(text))), (), FontFiles())
    assert "Characters" in PdfReader(io.BytesIO(content)).pages[-1].extract_text()


def test_no_text_can_forge_a_name_or_hide_that_one_stands_there() -> None:
    said = read(write(document(Paragraph("a[U+200B]b"), Paragraph("c\u200bd [tags: x]")), (), NO_FONTS))
    assert "a[U+005B]U+200B]b" in said
    assert "c[U+200B]d [U+005B]tags: x]" in said


def test_what_no_font_has_is_named_and_said() -> None:
    said = read(write(document(Quoted("user", "你好, Привет – ok…")), (), NO_FONTS))
    assert "[U+4F60][U+597D], [U+041F][U+0440]" in said
    assert "- ok..." in said
    assert "Cyrillic 6, Cjk 2 (characters). --font names" in said


@pytest.mark.skipif(FontFiles().base() is None, reason="this machine has no font that reports know")
def test_what_a_font_has_can_be_selected_and_is_not_named() -> None:
    said = read(write(document(Quoted("user", "Привет Ελλάδα 10 ≥ 9")), (), FontFiles()))
    assert "Привет Ελλάδα 10 ≥ 9" in said
    assert "No font here has" not in said


def test_long_rows_go_on_and_the_head_stands_again() -> None:
    rows = tuple((f"row {number}", "word " * 60) for number in range(60))
    reader = PdfReader(io.BytesIO(write(document(Grid(("first", "second"), rows, (1, 3))), (), NO_FONTS)))
    assert len(reader.pages) > 2
    assert all("second" in page.extract_text() for page in reader.pages[:-1])
    assert "row 59" in reader.pages[-1].extract_text()


def test_the_same_report_is_the_same_file() -> None:
    assert write(document(Paragraph("x")), (), NO_FONTS) == write(document(Paragraph("x")), (), NO_FONTS)


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ttf"
    path.write_bytes(b"\0\1\0\0" + bytes(range(200)))
    with pytest.raises(ConfigurationError, match="cannot be read as a font"):
        write(document(Paragraph("你")), (path,), NO_FONTS)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError) as problem:
        pdf(document())
    assert problem.value.hint == "install it with: pip install 'bartizan[pdf]'"
