"""Plain scalars follow the YAML 1.2 core schema."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.workspace.scalars import ScalarError, resolve

NUMBERS = {"0": 0, "-12": -12, "+3": 3, "0xFf": 255, "0o17": 15, "1.": 1.0, ".5": 0.5, "-1.5e-3": -0.0015, "1e3": 1e3}
WORDS = ["yes", "1_000", "0b11", "1:20", "-", ".", "0x", "-0x1", "1e", "\u0663", "2026-11-22", "nan"]
OTHERS = {"": None, "~": None, "Null": None, "true": True, "FALSE": False}


@pytest.mark.parametrize(("text", "value"), [*NUMBERS.items(), *OTHERS.items(), *zip(WORDS, WORDS, strict=True)])
def test_core_schema(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", [".nan", ".INF", "-.inf", "012", "-007", "1e400", "9" * 65, str(2**63), "0x" + "f" * 17]
)
def test_numbers_that_readers_disagree_about_are_refused(text: str) -> None:
    with pytest.raises(ScalarError) as caught:
        resolve(text)
    assert len(caught.value.args) == 2


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_come_back(number: int) -> None:
    assert resolve(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back(number: float) -> None:
    assert resolve(repr(number)) == number
    assert math.isfinite(float(json.dumps(number)))


@given(st.text(max_size=80))
def test_anything_is_a_scalar_or_refused(text: str) -> None:
    try:
        value = resolve(text)
    except ScalarError:
        return
    assert value is None or isinstance(value, (str, int, float, bool))
