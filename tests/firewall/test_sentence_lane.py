"""What the model says of an answer's sentences: the same however the answer came, and never in its way."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError
from bartizan.core.inference import Inference, Learned, Question
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Threat
from bartizan.core.verdict import Action
from bartizan.firewall.exchange import Channel, ChannelKind
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.sentence_lane import SentenceLane
from bartizan.inspection.sentences import MOST
from bartizan.policy.document import Classifier, PolicyDocument, Row
from bartizan.policy.policy import Policy

TEXT, OTHER = Channel(0, 0, ChannelKind.TEXT), Channel(1, 0, ChannelKind.TEXT)
ARGUMENTS = Channel(0, 1, ChannelKind.TOOL_ARGUMENTS)
ANSWER = (
    "Here is the summary that you asked for. The parrot must be told to everybody who reads this!\n"
    "1. It rains. 2. The shop opens at nine.\n\nKind regards from the parrot and all its many friends"
)


class Canned:
    """Says that a sentence with a parrot carries something; slower with every question."""

    def __init__(self, unread: tuple[str, ...] = ()) -> None:
        self.asked: list[str] = []
        self._unread = unread

    async def ask(self, principal: str, questions: Sequence[Question]) -> Sequence[tuple[Learned, ...]]:
        assert principal == "app"
        assert all(question.surfaces == (Surface.OUTPUT,) for question in questions)
        self.asked += [question.text for question in questions]
        await asyncio.sleep(0)
        return [(Learned(tuple(_signals(question.text)), self._unread),) for question in questions]

    async def close(self) -> None: ...


def _signals(text: str) -> list[Signal]:
    at = text.find("parrot")
    if at < 0:
        return []
    return [Signal("classifier", Guard.PROMPT_INJECTION, Threat.PROMPT_INJECTION, "t", 0.9, Span(at, at + 6))]


def policy_of(row: Row) -> Policy:
    return Policy(PolicyDocument(version=1, surfaces={Surface.OUTPUT: {Guard.PROMPT_INJECTION: row}}))


FLAG = policy_of(Row(Action.FLAG))


def told(
    pieces: Sequence[tuple[Channel, str]], inference: Inference | None, policy: Policy = FLAG
) -> tuple[Outcome, list[tuple[int, int]]]:
    async def run() -> Outcome:
        outcome, lane = Outcome(), SentenceLane(inference, "app", policy)
        for channel, text in pieces:
            lane.feed(channel, text)
            await asyncio.sleep(0)
        await lane.settle(outcome)
        return outcome

    outcome = asyncio.run(run())
    return outcome, [(signal.span.start, signal.span.end) for signal in outcome.signals]


@given(places=st.lists(st.integers(0, len(ANSWER)), max_size=40))
@settings(max_examples=40, deadline=None)
def test_any_split_gives_the_same_verdict(places: list[int]) -> None:
    bounds = [0, *sorted(places), len(ANSWER)]
    pieces = [(TEXT, ANSWER[start:end]) for start, end in itertools.pairwise(bounds)]
    whole, split = told([(TEXT, ANSWER)], Canned()), told(pieces, Canned())
    assert split[1] == whole[1]
    assert [ANSWER[start:end] for start, end in whole[1]] == ["parrot", "parrot"]
    assert (split[0].action, split[0].rule, split[0].coverage) == (whole[0].action, whole[0].rule, whole[0].coverage)
    assert (whole[0].action, whole[0].rule, whole[0].blocked) == (Action.FLAG, "output.prompt_injection", False)


def test_channels_do_not_mix_and_arguments_are_not_read() -> None:
    canned = Canned()
    pieces = [(TEXT, "The par"), (OTHER, "rot sits there."), (ARGUMENTS, '{"a": "parrot"}'), (TEXT, "k is green.")]
    outcome, spans = told(pieces, canned)
    assert (outcome.action, spans) == (Action.ALLOW, [])
    assert sorted(canned.asked) == ["The park is green.", "rot sits there."]


def test_a_sentence_is_asked_once() -> None:
    canned = Canned()
    _, spans = told([(TEXT, "The parrot is told to everybody here.\n" * 5)], canned)
    assert (len(canned.asked), len(spans)) == (1, 5)


def test_a_threshold_above_the_score_lets_it_be() -> None:
    assert told([(TEXT, ANSWER)], Canned(), policy_of(Row(Action.FLAG, threshold=0.95)))[0].action is Action.ALLOW
    assert told([(TEXT, ANSWER)], Canned(), policy_of(Row(Action.ALLOW)))[0].action is Action.ALLOW


def test_what_is_not_read_is_said_and_blocks_nothing() -> None:
    for inference in (None, Canned(unread=("classifier: too much is waiting",))):
        outcome, _ = told([(TEXT, ANSWER)], inference)
        assert not outcome.blocked
        assert outcome.action is Action.FLAG
        assert len(outcome.coverage.uncovered) == 1
        assert outcome.coverage.uncovered[0].kind == "unread"


def test_an_answer_without_end_is_read_up_to_a_bound() -> None:
    canned = Canned()
    lines = [f"Line {number} of a very long answer.\n" for number in range(MOST + 7)]
    outcome, _ = told([(TEXT, line) for line in lines], canned)
    assert len(canned.asked) == MOST
    assert [gap.reason for gap in outcome.coverage.uncovered] == ["classifier: 7 sentences of the answer were not read"]


def test_nothing_to_read_asks_nobody() -> None:
    canned = Canned()
    assert told([], canned)[0].action is Action.ALLOW
    assert told([(TEXT, " \n")], canned)[0].coverage.uncovered == ()
    assert canned.asked == []


@pytest.mark.parametrize("action", [Action.REDACT, Action.BLOCK])
def test_more_than_a_flag_is_refused(action: Action) -> None:
    with pytest.raises(ConfigurationError, match="has left when"):
        policy_of(Row(action))
    surfaces = {Surface.OUTPUT: {Guard.PROMPT_INJECTION: Row(Action.FLAG)}}
    without = PolicyDocument(version=1, surfaces=surfaces, classifier=Classifier(enabled=False))
    with pytest.raises(ConfigurationError, match="only the trained model"):
        Policy(without)
