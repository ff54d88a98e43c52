"""Runs of base64 that turn out to be none."""

from __future__ import annotations

from bartizan.inspection.views.base64_runs import _decode


def test_a_run_with_other_characters_in_it_is_no_base64() -> None:
    text = "honburg-Waldenburg" + " " * 170 + "|"
    assert _decode(text, 0, len(text)) is None
