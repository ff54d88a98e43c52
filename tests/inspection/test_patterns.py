"""The pattern detector: offsets, views, checks, bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.signal import Span
from bartizan.core.threat import Guard, Threat
from bartizan.inspection import patterns
from bartizan.inspection.interface import Extent, Pattern, View
from bartizan.inspection.patterns import PatternDetector, PatternScanner, restore_case


def pattern(name: str = "key", regex: str = r"\bsk-[a-z0-9]{4,8}\b", **changes: object) -> Pattern:
    fields: dict[str, object] = {
        "id": name,
        "guard": Guard.SECRET,
        "threat": Threat.DATA_LEAKAGE,
        "technique": "secret_disclosure",
        "regex": regex,
        "extent": Extent.TOKEN,
        "max_length": 40,
    }
    return Pattern(**(fields | changes))  # type: ignore[arg-type]


@given(st.text(max_size=40), st.text(max_size=40))
def test_offsets_are_code_points(before: str, after: str) -> None:
    text = f"{before} sk-abcd1 {after}"
    for found in PatternScanner([pattern(literals=("sk-",))]).scan(text):
        assert text[found.start : found.end] == found.matched
    assert any(found.start == len(before) + 1 for found in PatternScanner([pattern(literals=("sk-",))]).scan(text))


@given(st.text(max_size=60))
def test_any_text_is_survived_including_lone_surrogates(text: str) -> None:
    found = list(PatternScanner([pattern(literals=("sk-",))]).scan(text + "\ud800 1 sk-abcd1 \udfff"))
    assert found[-1].matched == "sk-abcd1"
    assert found[-1].start == len(text) + 4


def test_several_matches_on_non_ascii_text() -> None:
    text = "é sk-aaaa1 日本 sk-bbbb2 🦉 sk-cccc3"
    found = [hit.matched for hit in PatternScanner([pattern()]).scan(text)]
    assert found == ["sk-aaaa1", "sk-bbbb2", "sk-cccc3"]


def test_a_pattern_without_literals_needs_a_digit() -> None:
    scanner = PatternScanner([pattern()])
    assert not list(scanner.scan("sk-abcde"))
    assert list(scanner.scan("sk-abcde and 1"))


def test_the_span_is_the_group_hit() -> None:
    row = pattern(regex=r"(?i)pass: (?P<hit>\w{3,9})", stems=("pass:",), extent=Extent.STEM)
    (found,) = PatternScanner([row]).scan("PASS: hunter")
    assert found.matched == "hunter"


def test_a_failed_check_does_not_hide_an_overlapping_match() -> None:
    row = pattern(regex=r"\b\d\d \d\d\b", check=lambda text: text == "22 33", extent=Extent.GROUPS)
    assert [hit.matched for hit in PatternScanner([row]).scan("11 22 33")] == ["22 33"]


@pytest.mark.parametrize("text", ["a-1234", "1234-a", "9.1234", "1234.9", "x1234", "1234_", "1/1234", "1234/1"])
def test_apart_drops_pieces_of_something_longer(text: str) -> None:
    assert not list(PatternScanner([pattern(regex=r"\d{4}", apart=True)]).scan(text))


@pytest.mark.parametrize(
    "text", ["1234", "(1234)", "1234.", "n:1234", "id=1234&", "a/1234", "No.1234", "ж1234ж", "-1234-"]
)
def test_apart_keeps_what_stands_alone(text: str) -> None:
    assert list(PatternScanner([pattern(regex=r"\d{4}", apart=True)]).scan(text))


def test_near_misses_are_believed_past_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "MOST_REJECTED", 3)
    row = pattern(regex=r"\b\d{4}\b", check=lambda text: False)
    assert len(list(PatternScanner([row]).scan("1234 " * 5))) == 2


def test_what_stands_there_often_is_checked_once() -> None:
    checked: list[str] = []
    row = pattern(regex=r"\b\d{4}\b", check=lambda text: checked.append(text) is not None)
    assert not list(PatternScanner([row]).scan("1234 5678 " * 500))
    assert sorted(checked) == ["1234", "5678"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([pattern(regex="(")], "pattern key"),
        ([pattern(), pattern()], "share an id"),
        ([pattern(regex="(a)b")], "no group but hit"),
    ],
)
def test_bad_patterns_are_refused(rows: list[Pattern], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        PatternScanner(rows)


def test_a_detector_takes_patterns_of_its_guard_only() -> None:
    with pytest.raises(ConfigurationError, match="guard"):
        PatternDetector("x", Guard.CANARY, [pattern()])


def test_no_patterns_find_nothing() -> None:
    assert not list(PatternScanner([]).scan("sk-abcd1"))


def test_views_map_back_and_one_place_is_told_once() -> None:
    text = "s\u200bk-ABCD1"
    row = pattern(regex=r"\bsk-[A-Z0-9]{4,8}\b", literals=("sk-",), replace=lambda matched: matched[:3])
    views = [View("original", text), View("folded", "sk-abcd1", (0, 2, 3, 4, 5, 6, 7, 8, 9), 1)]
    detector = PatternDetector("secrets", Guard.SECRET, [row])
    (signal,) = detector.detect(views, Surface.OUTPUT)
    assert (signal.span, signal.view, signal.rule, signal.replacement) == (Span(0, 9), "folded", "key", "sk-")
    plain = View("original", "é sk-ABCD1")
    (once,) = detector.detect([plain, View("folded", "e sk-abcd1", None, 1)], Surface.OUTPUT)
    assert once.view == "original"


def test_views_that_say_nothing_new_are_skipped() -> None:
    detector = PatternDetector("secrets", Guard.SECRET, [pattern(literals=("sk-",))], skip=frozenset({"leet"}))
    original = View("original", "nothing")
    assert not detector.detect([original, View("folded", "sk-abcd1", None, 0)], Surface.OUTPUT)
    assert not detector.detect([original, View("folded", "sk-abcd1", None, 3)], Surface.OUTPUT)
    assert not detector.detect([original, View("base64>leet", "sk-abcd1", (0,) * 9, 3)], Surface.OUTPUT)
    assert detector.detect([original, View("base64", "sk-abcd1", (0,) * 9, 3)], Surface.OUTPUT)


def test_restore_case_keeps_the_length() -> None:
    view = View("folded", "ａbßx"[1:], (1, 2, 3, 4), 1)
    assert restore_case("AB\u1e9ex", view) == "Bßx"
