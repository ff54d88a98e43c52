"""Ids, times, errors, verdicts and paths."""

from __future__ import annotations

import datetime
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.clock import rfc3339, utc_now
from bartizan.core.control import Reference
from bartizan.core.errors import BartizanError, ConfigurationError, DocumentError, Place, UpstreamError, WireError
from bartizan.core.ids import new_id, uuid7
from bartizan.core.passage import render_path
from bartizan.core.problem import Problem, SelfChecking
from bartizan.core.system import System
from bartizan.core.verdict import Action, Coverage, Uncovered


def test_uuid7_has_version_variant_and_time() -> None:
    before = time.time_ns() // 1_000_000
    made = [uuid7() for _ in range(200)]
    after = time.time_ns() // 1_000_000
    assert len(set(made)) == 200
    for value in made:
        assert value.version == 7
        assert value.variant == uuid.RFC_4122
        assert before <= value.int >> 80 <= after


def test_ids_sort_by_time_and_carry_their_prefix() -> None:
    first = new_id("req")
    time.sleep(0.002)
    second = new_id("req")
    assert first < second
    assert first.startswith("req_")
    assert len(first) == 4 + 32


def test_now_is_aware() -> None:
    assert utc_now().utcoffset() == datetime.timedelta(0)


@given(st.datetimes(timezones=st.timezones(), min_value=datetime.datetime(1971, 1, 1)))  # noqa: DTZ001
def test_times_are_written_in_utc_and_read_back(moment: datetime.datetime) -> None:
    text = rfc3339(moment)
    assert text.endswith("Z")
    assert len(text) == 27
    assert datetime.datetime.fromisoformat(text) == moment.astimezone(datetime.UTC)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        rfc3339(datetime.datetime(2026, 1, 1))  # noqa: DTZ001


def test_errors_say_cause_and_hint() -> None:
    assert str(BartizanError("broken")) == "broken"
    assert str(ConfigurationError("broken", "mend it")) == "broken (mend it)"
    error = DocumentError(Place("a.yaml", 3, 7), "x", "y", "z")
    assert str(error) == "a.yaml:3:7: found x, expected y (z)"
    assert (error.place.line, error.found, error.expected) == (3, "x", "y")
    assert isinstance(error, ConfigurationError)
    assert (WireError("w").status, WireError("w", status=413).status, UpstreamError("u").status) == (400, 413, 502)


def test_actions_are_ordered_from_harmless_to_strict() -> None:
    order = [Action.ALLOW, Action.FLAG, Action.REDACT, Action.ASK, Action.BLOCK]
    assert sorted({*order}, key=lambda action: action.rank) == order


def test_coverage_is_complete_without_gaps() -> None:
    assert Coverage().complete
    assert not Coverage(uncovered=(Uncovered(("a",), "image"),)).complete


def test_paths_are_rendered() -> None:
    assert render_path(("messages", 0, "content")) == "messages[0].content"
    assert render_path((2, "a")) == "[2].a"
    assert render_path(()) == ""


def test_references_name_their_edition() -> None:
    assert str(Reference("OWASP-LLM", "2026", "LLM03")) == "OWASP-LLM-2026:LLM03"


def test_self_checking_is_recognised_by_its_method() -> None:
    assert isinstance(System(version=1, name="s"), SelfChecking)
    assert not isinstance(Problem((), "a", "b"), SelfChecking)
