from __future__ import annotations

import json

import pytest

from bartizan.bench.table import Row, as_json, over_rounds, percentile, show


@pytest.mark.parametrize(
    ("value", "target", "at_least", "missed"),
    [(1.7, 1.6, False, True), (1.6, 1.6, False, False), (29.0, 30.0, True, True), (30.0, 30.0, True, False)],
)
def test_a_target_is_a_ceiling_or_a_floor(value: float, target: float, at_least: bool, missed: bool) -> None:
    assert Row("x", value, "×", 1, target, at_least).missed is missed


def test_the_error_of_a_float_misses_no_target() -> None:
    apart = abs(100 * 0.55 - 100 * 0.5)
    assert apart > 5.0  # 5.000000000000007
    assert not Row("x", apart, "points", 20, target=5.0).missed
    assert not Row("x", 100 * 0.29, "%", 20, target=29.0, at_least=True).missed  # 28.999999999999996
    assert Row("x", 5.000001, "points", 20, target=5.0).missed
    assert Row("x", float("nan"), "points", 20, target=5.0).missed
    assert Row("x", float("inf"), "points", 20, target=5.0).missed


def test_a_row_without_target_misses_nothing() -> None:
    assert not Row("x", 1e9, "µs", 1).missed


def test_rounds_give_their_median_and_range() -> None:
    row = over_rounds("x", [3.0, 1.0, 2.0], "µs", 30, target=2.5)
    assert (row.value, row.low, row.high, row.n, row.missed) == (2.0, 1.0, 3.0, 30, False)


def test_percentiles() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([], 0.5)) == (51.0, 100.0, 0.0)


def test_shown_to_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Row("slow", 2.0, "×", 5, target=1.0), Row("fast", 0.5, "×", 5, target=1.0)]
    show("bench", rows, ["a note"])
    shown = capsys.readouterr().out
    assert "missed" in shown
    assert "a note" in shown
    document = json.loads(as_json("gateway", rows, ["a note"]))
    assert document["schema"] == "bartizan/bench/v1"
    assert [row["missed"] for row in document["rows"]] == [True, False]
