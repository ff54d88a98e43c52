"""0.5 is the threshold, scores rise with logits, and a wrong file does not load."""

from __future__ import annotations

import json

import msgspec
import pytest
import tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.errors import ArtefactError
from bartizan.inspection.classifier.artefact import HEADS
from bartizan.inspection.classifier.calibration import (
    BRIEF,
    GROUPS,
    LENGTHS,
    Brief,
    Calibration,
    load,
    parse,
    script_group,
)

ROWS = {head: {"other": (0.0, 1.0, 2.0, 3.0), "cyrillic": (4.0, 4.5, 5.0, 5.5)} for head in HEADS}
CALIBRATION = Calibration("any", ROWS, {"user": Brief(0.5, (4.0, 2.0))})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=12,
)


@pytest.mark.parametrize(("windows", "threshold"), [(1, 0), (2, 1), (4, 1), (5, 2), (12, 2), (13, 3), (10**9, 3)])
def test_the_threshold_of_a_length_scores_a_half(windows: int, threshold: float) -> None:
    assert CALIBRATION.score("user", "latin", windows, threshold) == 0.5


def test_a_group_with_a_row_has_thresholds_of_its_own() -> None:
    assert CALIBRATION.score("user", "cyrillic", 1, 4.0) == 0.5
    assert CALIBRATION.score("user", "cyrillic", 1, 0.0) < CALIBRATION.score("user", "greek", 1, 0.0)


@given(st.sampled_from(HEADS), st.sampled_from(GROUPS), st.integers(1, 40), st.floats(-1e30, 1e30), st.floats(0, 1e30))
def test_scores_rise_with_logits_and_stay_within_bounds(
    head: str, group: str, windows: int, logit: float, more: float
) -> None:
    score, higher = (CALIBRATION.score(head, group, windows, value) for value in (logit, logit + more))
    assert 0.0 <= score <= higher <= 1.0


@given(st.sampled_from(HEADS), st.floats(-30, 30), st.floats(0.01, 5))
def test_a_higher_logit_is_a_higher_score_where_it_matters(head: str, logit: float, more: float) -> None:
    assert CALIBRATION.score(head, "other", 1, logit) < CALIBRATION.score(head, "other", 1, logit + more)


@pytest.mark.parametrize(("tokens", "threshold"), [(1, 4), (BRIEF[0], 4), (BRIEF[0] + 1, 2), (BRIEF[1], 2)])
def test_brief_texts_have_thresholds_for_the_sum_of_both_stages(tokens: int, threshold: float) -> None:
    assert CALIBRATION.score_brief("user", tokens, threshold - 1.5, 3.0) == 0.5
    assert CALIBRATION.score_brief("user", tokens, threshold, -0.1) < 0.5  # type: ignore[operator]


def test_longer_texts_and_other_heads_have_none() -> None:
    assert CALIBRATION.score_brief("user", BRIEF[1] + 1, 9.0, 9.0) is None
    assert CALIBRATION.score_brief("content", 1, 9.0, 9.0) is None


@given(st.integers(1, BRIEF[1]), st.floats(-1e30, 1e30), st.floats(-1e30, 1e30), st.floats(0, 1e30))
def test_scores_of_brief_texts_rise_with_both_stages(tokens: int, logit: float, first: float, more: float) -> None:
    score = CALIBRATION.score_brief("user", tokens, logit, first)
    for higher in (
        CALIBRATION.score_brief("user", tokens, logit + more, first),
        CALIBRATION.score_brief("user", tokens, logit, first + more),
    ):
        assert score is not None
        assert higher is not None
        assert 0.0 <= score <= higher <= 1.0


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("Read this", "latin"),
        ("Прочти это", "cyrillic"),
        ("Διάβασε αυτό", "greek"),
        ("اقرأ هذا", "arabic"),
        ("קרא את זה", "hebrew"),
        ("इसे पढ़ें", "indic"),
        ("これを読んで", "cjk"),
        ("读这个", "cjk"),
        ("이것을 읽으세요", "cjk"),
        ("ይህን አንብብ", "other"),
        ("12 + 30 😀", "other"),
        ("", "other"),
        ("\ud800\udfff", "other"),
        ("Das Wort мир heißt Frieden", "latin"),
    ],
)
def test_the_script_of_most_letters(text: str, group: str) -> None:
    assert script_group(text) == group


def test_a_short_beginning_does_not_name_a_long_text() -> None:
    assert script_group("мир " * 600 + "peace " * 2_000) == "latin"


def test_the_sample_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def group(char: str) -> str:
        asked.append(char)
        return "latin"

    monkeypatch.setattr("bartizan.inspection.classifier.calibration._group", group)
    script_group("ab" * 500_000)
    assert 0 < len(asked) <= 2_000


@pytest.mark.parametrize(
    "changed",
    [
        {"schema": "another/v1"},
        {"thresholds": {}},
        {"thresholds": {"user": {"other": [0, 0, 0, 0]}}},
        {"thresholds": {head: {"latin": [0, 0, 0, 0]} for head in HEADS}},
        {"thresholds": {head: {"other": [0, 0, 0]} for head in HEADS}},
        {"thresholds": {head: {"other": [0, 0, 0, "1"]} for head in HEADS}},
        {"thresholds": {head: {"other": [0, 0, 0, 0], "klingon": [0, 0, 0, 0]} for head in HEADS}},
        {"thresholds": {head: {"other": [0, 0, 0, 0]} for head in (*HEADS, "mood")}},
        {"more": 1},
        {"brief": {"mood": {"weight": 1, "thresholds": [0, 0]}}},
        {"brief": {"user": {"weight": 1, "thresholds": [0]}}},
        {"brief": {"user": {"weight": -1, "thresholds": [0, 0]}}},
        {"brief": {"user": {"weight": 1, "thresholds": [0, 0], "more": 1}}},
        {"brief": [1]},
    ],
)
def test_a_wrong_file_is_refused(changed: dict[str, object]) -> None:
    whole = json.loads(tiny_model.calibration()) | changed
    with pytest.raises(ArtefactError) as caught:
        parse(json.dumps(whole).encode())
    assert caught.value.hint


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999", b"null"])
def test_thresholds_are_finite(number: bytes) -> None:
    with pytest.raises(ArtefactError):
        parse(tiny_model.calibration().replace(b"0.0", number, 1))


@given(st.one_of(st.binary(max_size=200), JSON.map(msgspec.json.encode), st.just(b"[" * 100_000)))
@settings(max_examples=200, deadline=None)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ArtefactError):
        parse(content)


def test_thresholds_for_brief_texts_are_not_left_out() -> None:
    whole = json.loads(tiny_model.calibration())
    del whole["brief"]
    with pytest.raises(ArtefactError):
        parse(json.dumps(whole).encode())


def test_a_missing_file_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ArtefactError, match=r"calibration\.json"):
        load(tmp_path / "calibration.json")


def test_there_is_one_threshold_for_each_length() -> None:
    assert all(len(row["other"]) == len(LENGTHS) for row in parse(tiny_model.calibration()).thresholds.values())
