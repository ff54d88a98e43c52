"""What a request may ask for, in every family."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streams import REQUESTS

from bartizan.core.errors import WireError
from bartizan.core.verdict import Mode
from bartizan.firewall.asking import bound_request
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.exchange import ApiFamily, Request
from bartizan.policy.answers import Answers
from bartizan.policy.document import PolicyDocument

DIALECTS = build_dialects(PolicyDocument(version=1).origins)
FIELD = {
    "openai.chat": "max_completion_tokens",
    "openai.completions": "max_tokens",
    "openai.responses": "max_output_tokens",
    "anthropic.messages": "max_tokens",
}


def asked(family: str, answers: Answers, mode: Mode = Mode.ENFORCE, **fields: Any) -> Request:
    document = {key: value for key, value in REQUESTS[family].items() if key != "max_tokens"} | fields
    if family == "anthropic.messages":
        document.setdefault("max_tokens", 9_000)
    request = DIALECTS[ApiFamily(family)].request(document)
    bound_request(request, PolicyDocument(version=1, mode=mode, answers=answers))
    return request


@pytest.mark.parametrize("family", sorted(FIELD))
def test_a_request_gets_the_limit(family: str) -> None:
    field = FIELD[family]
    assert asked(family, Answers(max_tokens=500)).document[field] == 500
    for much in (501, 10**9, -1, -2):
        request = asked(family, Answers(max_tokens=500), **{field: much})
        assert request.document[field] == request.max_output_tokens == 500
    less = asked(family, Answers(max_tokens=500), **{field: 20})
    assert less.document[field] == less.max_output_tokens == 20
    assert FIELD[family] not in asked("openai.chat", Answers()).document or family == "openai.chat"
    with pytest.raises(WireError, match=field):
        asked(family, Answers(max_tokens=500, larger="refuse"), **{field: 501})


def test_without_limits_and_in_monitor_mode_nothing_changes() -> None:
    assert "max_completion_tokens" not in asked("openai.chat", Answers()).document
    assert asked("openai.chat", Answers(max_tokens=5), Mode.MONITOR, max_tokens=10**6).document["max_tokens"] == 10**6


def test_what_no_request_names_is_set_and_never_refused() -> None:
    answers = Answers(max_tokens=500, larger="refuse")
    assert asked("openai.chat", answers).document["max_completion_tokens"] == 500
    named = asked("openai.chat", Answers(max_tokens=500, chat_field="max_tokens")).document
    assert named["max_tokens"] == 500
    assert "max_completion_tokens" not in named
    given_one = asked("openai.chat", answers, max_tokens=7).document
    assert given_one["max_tokens"] == 7
    assert "max_completion_tokens" not in given_one


@pytest.mark.parametrize("alias", ["n_predict", "max_new_tokens", "min_tokens", "num_predict", "max_length"])
@given(value=st.one_of(st.integers(), st.floats(allow_nan=False), st.text(max_size=6), st.booleans()))
def test_other_names_of_servers_are_no_way_around(alias: str, value: Any) -> None:
    document = asked("openai.chat", Answers(max_tokens=500), **{alias: value}).document
    said = document[alias]
    assert type(said) in (int, float)
    assert 0 <= said <= 500
    assert said == value or said == 500


def test_choices() -> None:
    answers = Answers(max_choices=2)
    assert asked("openai.chat", answers, n=128).document["n"] == 2
    assert asked("openai.completions", answers, n=2, best_of=20).document["best_of"] == 2
    assert "n" not in asked("openai.chat", answers).document
    with pytest.raises(WireError, match="n: at most 2"):
        asked("openai.chat", Answers(max_choices=2, larger="refuse"), n=3)


def test_thinking_stays_below_the_limit() -> None:
    thinking = {"type": "enabled", "budget_tokens": 8_000}
    assert asked("anthropic.messages", Answers(max_tokens=2_000), thinking=thinking).document["thinking"] == {
        "type": "enabled",
        "budget_tokens": 1_999,
    }
    off = asked("anthropic.messages", Answers(max_tokens=1_000), thinking=thinking).document["thinking"]
    assert off == {"type": "disabled"}
    kept = asked("anthropic.messages", Answers(max_tokens=20_000), thinking=thinking).document["thinking"]
    assert kept == thinking
