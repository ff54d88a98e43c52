"""Redaction leaves nothing of a span and makes nothing new."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Threat
from bartizan.inspection.redaction import edits, redact


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], "0123456789"),
        ([(2, 4, "*")], "01*456789"),
        ([(2, 4, "a"), (6, 8, "b")], "01a45b89"),
        ([(6, 8, "b"), (2, 4, "a")], "01a45b89"),
        ([(2, 8, "wide"), (3, 5, "x")], "01wide89"),
        ([(2, 5, "a"), (4, 8, "b")], "01[REDACTED]89"),
        ([(2, 4, "a"), (4, 6, "b")], "01ab6789"),
        ([(2, 2, "nothing")], "0123456789"),
        ([(8, 99, "end")], "01234567end"),
        ([(-5, 2, "start")], "start23456789"),
        ([(3, 6, "")], "012[REDACTED]6789"),
        ([(0, 10, "all")], "all"),
        ([(2, 4, "one"), (2, 4, "two")], "01one456789"),
    ],
)
def test_redact(spans: list[tuple[int, int, str]], expected: str) -> None:
    assert redact("0123456789", [(Span(start, end), text) for start, end, text in spans]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SECRET(https://evil.com)", "“x”(https://evil.com)"),
        ("SECRET[ref]", "“x”[ref]"),
        ("SECRET: see", "“x”: see"),
        ("!SECRET", "!“x”"),
        ("[a]SECRET", "[a]“x”"),
        ("a SECRET.", "a [x]."),
        ("SECRET", "[x]"),
    ],
)
def test_a_marker_never_becomes_a_link(text: str, expected: str) -> None:
    start = text.index("SECRET")
    assert redact(text, [(Span(start, start + 6), "[x]")]) == expected


def test_round_markers_do_not_follow_a_bracket() -> None:
    assert redact("[a]SECRET", [(Span(3, 9), "(https://evil.com)")]) == "[a]“https://evil.com”"


def test_neighbouring_markers_do_not_become_a_link() -> None:
    assert redact("abcd", [(Span(0, 2), "[x]"), (Span(2, 4), "[y]")]) == "[x]“y”"
    assert redact("abcd", [(Span(0, 2), "[x]"), (Span(2, 4), "(removed)")]) == "[x]“removed”"


def test_edits_of_signals() -> None:
    signal = Signal("d", Guard.SECRET, Threat.DATA_LEAKAGE, "t", 1.0, Span(0, 2), rule="github_token")
    assert edits([signal]) == [(Span(0, 2), "[REDACTED:github_token]")]
    bare = Signal("d", Guard.SECRET, Threat.DATA_LEAKAGE, "t", 1.0, Span(0, 2), replacement="***")
    assert edits([bare]) == [(Span(0, 2), "***")]


@given(
    st.text(alphabet="abcdef", max_size=40),
    st.lists(st.tuples(st.integers(-3, 45), st.integers(-3, 45)), max_size=8),
)
def test_nothing_of_a_span_survives_and_the_rest_does(text: str, spans: list[tuple[int, int]]) -> None:
    covered = {at for start, end in spans for at in range(max(0, start), min(len(text), end))}
    out = redact(text, [(Span(start, end), "#") for start, end in spans])
    kept = out.replace("[REDACTED]", "").replace("#", "")
    assert kept == "".join(character for at, character in enumerate(text) if at not in covered)
