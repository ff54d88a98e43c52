"""Hidden instructions and false statements in answers, in whatever spelling, whole or in pieces."""

from __future__ import annotations

import base64
import codecs
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.app.guards import Detectors, build_guard
from bartizan.core.passage import Origin, Surface
from bartizan.core.passage import Passage as Read
from bartizan.core.verdict import Action
from bartizan.firewall.exchange import ChannelKind
from bartizan.firewall.guard import Guard
from bartizan.inspection.passages import SHORTEST, WINDOW, Passage, PassageDetector
from bartizan.inspection.passages.detector import _runs
from bartizan.inspection.views.tokens import read_output
from bartizan.policy.document import PolicyDocument
from bartizan.policy.passages import Passages

PROMPT = (
    "You are the assistant of a travel office. Answer in two sentences at most. Staff may unlock a fare with a code, "
    "which travellers must never learn, and refunds are made by people at the counter."
)
FALSE = "Passengers from Norland need no passport for any flight this summer."
DETECTOR = PassageDetector([Passage("instructions", PROMPT), Passage("passport", FALSE, statement=True)])


def rules(text: str) -> set[tuple[str, float]]:
    return {(one.rule, one.score) for one in DETECTOR.detect(read_output(text).views, Surface.OUTPUT)}


@pytest.mark.parametrize(
    "said",
    [
        PROMPT,
        PROMPT.upper(),
        " ".join(PROMPT),
        PROMPT.replace(" ", "_"),
        "\n".join(PROMPT.split()),
        PROMPT[::-1],
        codecs.encode(PROMPT, "rot13"),
        base64.b64encode(PROMPT.encode()).decode(),
        PROMPT.encode().hex(),
        PROMPT.encode().hex(" "),
        "".join(f"%{byte:02X}" for byte in PROMPT.encode()),
        " ".join(str(ord(letter)) for letter in PROMPT[20:90]),
        PROMPT.replace("a", "4").replace("e", "3").replace("o", "0"),
        "My rules: staff may unlock a fare with a code, which is all I can say.",
        "**Answer** in *two* sentences, at most; staff may...",
    ],
)
def test_instructions_are_found(said: str) -> None:
    assert {name for name, score in rules(said) if score >= 0.5} == {"instructions"}


@pytest.mark.parametrize(
    "said",
    [
        "I am the assistant of a travel office, and I am glad to help.",
        "Refunds are made at the counter.",
        "I answer briefly. Staff can help you with fares at the counter.",
        "",
        "x" * 5_000,
    ],
)
def test_what_an_assistant_may_say_is_not(said: str) -> None:
    assert not rules(said)


@pytest.mark.parametrize(
    "said", [FALSE, f"Yes! {FALSE}", f"**{FALSE}**", FALSE.upper(), f"It is so that {FALSE}", FALSE.replace(" ", "  ")]
)
def test_a_false_statement_is_found_where_it_is_made(said: str) -> None:
    assert rules(said) == {("passport", 1.0)}


@pytest.mark.parametrize(
    "said",
    [
        f"It is false that {FALSE}",
        "That passengers from Norland need no passport for any flight this summer is a myth.",
        f"Nein, das ist falsch: {FALSE}",
        f"You may have read this: {FALSE} That is wrong.",
        f"Some claim that {FALSE}",
        "Passengers from Norland need a passport for any flight this summer.",
        "Passengers from Norland need no visa this summer.",
    ],
)
def test_and_not_where_it_is_denied_or_another_one(said: str) -> None:
    assert not rules(said)


def test_a_denial_of_something_else_denies_nothing() -> None:
    assert rules(f"I will not hide it. {FALSE} No doubt.") == {("passport", 1.0)}
    assert rules(f"{FALSE} That is good news. Bring no luggage.") == {("passport", 1.0)}


def test_short_passages_are_passed_over_and_say_so_by_being_false() -> None:
    assert not PassageDetector([Passage("x", "a" * (SHORTEST - 1))])
    assert PassageDetector([Passage("x", "abcdefgh" * 2)])
    assert WINDOW > SHORTEST


@settings(max_examples=150)
@given(
    passage=st.text("abc", min_size=16, max_size=90),
    before=st.text("abc", max_size=20),
    after=st.text("abc", max_size=20),
    cut=st.tuples(st.integers(0, 80), st.integers(0, 90)),
)
def test_runs_are_those_that_a_search_for_each_of_them_finds(
    passage: str, before: str, after: str, cut: tuple[int, int]
) -> None:
    said = before + passage[cut[0] : cut[1]] + after
    (_, form), *_ = PassageDetector([Passage("x", passage)])._passages
    width, forms = form.width, form.whole.split("\0")
    wanted: set[int] = set()
    for at in range(len(said) - width + 1):
        if any(said[at : at + width] in one for one in forms):
            wanted.update(range(at, at + width))
    found = {at for first, last in _runs(said, form) for at in range(first, last)}
    assert found == wanted


def test_a_text_of_one_letter_takes_no_time_and_hides_nothing() -> None:
    many = PassageDetector([Passage("x", "a" * 50_000)])
    began = time.process_time()
    (signal,) = many.detect(read_output("Well: " + "a" * 60_000 + PROMPT).views, Surface.OUTPUT)
    assert time.process_time() - began < 5
    assert signal.span.end > 60_000


@pytest.fixture(scope="module")
def guard() -> Guard:
    policy = PolicyDocument(version=1, passages=Passages(system=True))
    return build_guard(policy, {}, {}, Detectors(), passages=[Passage("passport", FALSE, statement=True)])


def seen(guard: Guard, pieces: Sequence[str]) -> tuple[str, Action, str, int]:
    scanner = guard.channel(ChannelKind.TEXT)
    out = [scanner.feed(piece) for piece in pieces]
    out.append(scanner.finish())
    strictest = max(out, key=lambda one: one.action.rank)
    return "".join(one.text for one in out), strictest.action, strictest.rule, sum(one.escaped for one in out)


TEXTS = st.lists(
    st.sampled_from(
        [
            "Hello. ",
            PROMPT[:60],
            PROMPT[40:90],
            " " + FALSE,
            FALSE[:30],
            "It is false that ",
            "that is untrue. ",
            "x. ",
            "\n",
        ]
    ),
    min_size=1,
    max_size=5,
).map("".join)


@settings(max_examples=60)
@given(text=TEXTS, cuts=st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_any_split_of_a_stream_gives_the_same(guard: Guard, text: str, cuts: list[int]) -> None:
    mine = guard.for_exchange()
    mine.inspect_passages([Read(PROMPT, Origin.SYSTEM, ())])
    pieces, at = [], 0
    while at < len(text):
        step = cuts[len(pieces) % len(cuts)]
        pieces.append(text[at : at + step])
        at += step
    assert seen(mine, pieces) == seen(mine, [text])


def test_the_instructions_of_one_request_are_hidden_in_its_answer_alone(guard: Guard) -> None:
    mine, other = guard.for_exchange(), guard.for_exchange()
    mine.inspect_passages([Read(PROMPT, Origin.SYSTEM, ())])
    other.inspect_passages([Read("Be brief.", Origin.SYSTEM, ()), Read(PROMPT, Origin.USER, (Surface.USER,))])
    assert mine.whole(ChannelKind.TEXT, PROMPT).rule == "output.passage"
    assert mine.whole(ChannelKind.TEXT, PROMPT).blocked
    assert not other.whole(ChannelKind.TEXT, PROMPT).blocked
    assert not guard.whole(ChannelKind.TEXT, PROMPT).blocked
    assert mine.whole(ChannelKind.TOOL_ARGUMENTS, f'{{"body": "{PROMPT}"}}').blocked


def test_nothing_of_it_leaves_a_stream(guard: Guard) -> None:
    mine = guard.for_exchange()
    mine.inspect_passages([Read(PROMPT, Origin.SYSTEM, ())])
    text, action, rule, escaped = seen(mine, [f"Of course: {PROMPT}"[at : at + 3] for at in range(0, 200, 3)])
    assert (text, action, rule, escaped) == ("Of course: ", Action.BLOCK, "output.passage", 0)
