"""Escaping: whatever the text, the document's structure is the builder's."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.reporting.html import Html, el, join, page, visible

HOSTILE = (
    "<script>alert(1)</script>",
    "</pre><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "&lt;b&gt;",
    "<!--",
    "]]>",
    "' onmouseover='x",
    "\u202e<b>\u2066",
    "javascript:alert(1)",
)


class Reader(HTMLParser):
    """Notes every element and the text a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_element(text: str) -> None:
    seen = read(str(el("pre", text, title=text)))
    assert seen.tags == ["pre"]
    assert seen.text == text
    assert seen.attributes == [("title", text)]


@given(st.text())
def test_text_comes_back_as_it_was(text: str) -> None:
    assert "<" not in str(join([text]))
    text = text.replace("\r", "").replace("\0", "")
    assert read(str(el("p", text))).text == text


@given(st.text(max_size=200), st.text(max_size=5))
def test_visible_text_has_only_marks_and_chips(text: str, marked: str) -> None:
    assert set(read(str(visible(text, marked))).tags) <= {"mark", "span"}


def test_hidden_characters_are_named() -> None:
    assert "U+200B" in str(visible("a\u200bb"))
    assert "U+202E" in str(visible("a\u202eb"))
    assert "U+0000" not in str(visible("ab"))
    assert "tags: hi" in str(visible("".join(chr(0xE0000 + ord(c)) for c in "hi")))
    assert str(visible("line\n\tnext")) == "line\n\tnext"


def test_a_nul_in_the_text_does_not_swallow_the_rest() -> None:
    shown = str(visible("a\0b\0"))
    assert shown.count("U+0000") == 2
    assert "b" in read(shown).text


def test_marks_ignore_ascii_case_and_keep_the_text() -> None:
    shown = str(visible("İ heron HERON", "Heron"))
    assert shown == "İ <mark>heron</mark> <mark>HERON</mark>"


def test_long_text_is_cut_and_says_so() -> None:
    assert "6000 more characters" in str(visible("x" * 10_000))


def test_markup_is_not_escaped_twice() -> None:
    assert str(el("p", el("b", "x"), None, 3, ["y", Html("<i>z</i>")])) == "<p><b>x</b>3y<i>z</i></p>"


def test_attributes() -> None:
    assert str(el("details", cls="a", open=True, hidden=None, x_y=False)) == '<details class="a" open></details>'
    assert str(el("rect", x=1.50, y=2.0)) == '<rect x="1.5" y="2"/>'
    assert str(el("meta", charset="utf-8")) == '<meta charset="utf-8">'


@pytest.mark.parametrize(
    "build",
    [
        lambda: el("p onclick=x"),
        lambda: el(""),
        lambda: el("p", onclick="x"),
        lambda: el("p", ONLOAD="x"),
        lambda: el("br", "text"),
        lambda: el("p", **{"a b": "x"}),
    ],
)
def test_what_is_no_html_is_refused(build: object) -> None:
    with pytest.raises(ValueError):
        build()  # type: ignore[operator]


def test_a_page_allows_its_own_style_only() -> None:
    document = page("<t>", "p { color: red; }", el("p", "x"))
    seen = read(document)
    assert seen.tags.count("style") == 1
    policy = next(value for name, value in seen.attributes if name == "content" and value and "default-src" in value)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
