from __future__ import annotations

import pytest

from bartizan.core.errors import ConfigurationError
from bartizan.core.interfaces import Seen
from bartizan.core.passage import Origin, Passage, Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Threat
from bartizan.core.verdict import Action, Coverage, Mode, Uncovered
from bartizan.policy.document import PolicyDocument, Row, UncoveredRows
from bartizan.policy.policy import Policy


def signal(guard: Guard = Guard.PROMPT_INJECTION, score: float = 0.9, rule: str = "r") -> Signal:
    return Signal("d", guard, Threat.PROMPT_INJECTION, "t", score, Span(0, 4), rule=rule)


def seen(*signals: Signal, surface: Surface = Surface.USER) -> list[Seen]:
    return [Seen(Passage("text", Origin.USER, (surface,), ("messages", 0, "content")), surface, signals)]


def policy(**rows: Row) -> Policy:
    return Policy(PolicyDocument(version=1, surfaces={Surface.USER: {Guard(k): row for k, row in rows.items()}}))


def test_a_signal_below_its_threshold_is_recorded_and_allowed() -> None:
    verdict = policy(prompt_injection=Row(Action.BLOCK, 0.95)).decide(seen(signal()), Coverage())
    assert verdict.action is Action.ALLOW
    assert len(verdict.signals) == 1


def test_the_strictest_row_decides_and_is_named() -> None:
    verdict = policy(prompt_injection=Row(Action.FLAG), secret=Row(Action.BLOCK)).decide(
        seen(signal(), signal(Guard.SECRET)), Coverage()
    )
    assert (verdict.action, verdict.rule) == (Action.BLOCK, "user.secret")


def test_ties_go_to_the_first_met() -> None:
    rows = policy(prompt_injection=Row(Action.FLAG), secret=Row(Action.FLAG))
    assert rows.decide(seen(signal(Guard.SECRET), signal()), Coverage()).rule == "user.secret"


def test_a_row_in_monitor_mode_flags_and_says_what_it_would_have_done() -> None:
    verdict = policy(prompt_injection=Row(Action.BLOCK, mode=Mode.MONITOR)).decide(seen(signal()), Coverage())
    assert (verdict.action, verdict.observed) == (Action.FLAG, Action.BLOCK)


def test_the_whole_policy_in_monitor_mode_blocks_nothing() -> None:
    document = PolicyDocument(version=1, mode=Mode.MONITOR)
    verdict = Policy(document).decide(
        seen(signal()), Coverage(uncovered=(Uncovered(("input",), "no guard reads video", "video"),))
    )
    assert (verdict.action, verdict.observed) == (Action.FLAG, Action.BLOCK)


def test_redactions_carry_path_span_and_replacement() -> None:
    verdict = policy(secret=Row(Action.REDACT)).decide(seen(signal(Guard.SECRET, rule="aws")), Coverage())
    (redaction,) = verdict.redactions
    assert redaction.path == ("messages", 0, "content")
    assert redaction.replacement == "[REDACTED:aws]"


def test_a_guard_without_a_row_does_nothing() -> None:
    assert policy().decide(seen(signal()), Coverage()).action is Action.ALLOW


def test_uncovered_content_is_decided_by_its_row_and_unknown_kinds_block() -> None:
    rules = policy()
    image = Coverage(uncovered=(Uncovered(("a",), "pixels", "image"),))
    odd = Coverage(uncovered=(Uncovered(("a",), "?", "hologram"),))
    bound = Coverage(uncovered=(Uncovered(("a",), "?", "max_blob_bytes"),))
    assert (rules.decide([], image).action, rules.decide([], image).rule) == (Action.FLAG, "uncovered.image")
    assert rules.decide([], odd).action is Action.BLOCK
    assert rules.decide([], bound).action is Action.BLOCK


def test_obfuscation_never_blocks_alone_and_text_cannot_be_asked_about() -> None:
    with pytest.raises(ConfigurationError, match="never blocks alone"):
        policy(obfuscation=Row(Action.BLOCK))
    with pytest.raises(ConfigurationError, match="asked"):
        policy(secret=Row(Action.ASK))


@pytest.mark.parametrize("action", [Action.REDACT, Action.ASK])
def test_what_nobody_reads_can_only_pass_or_be_blocked(action: Action) -> None:
    with pytest.raises(ConfigurationError, match=r"uncovered\.image"):
        Policy(PolicyDocument(version=1, uncovered=UncoveredRows(image=action)))


def test_an_origin_left_out_of_policy_is_read_as_content() -> None:
    rules = Policy(PolicyDocument(version=1, origins={}))
    assert rules.surfaces(Origin.SYSTEM) == (Surface.CONTENT,)
    assert Guard.SECRET in rules.guards(Surface.OUTPUT)
    assert rules.threshold(Surface.OUTPUT, Guard.SECRET) == 0.5
    assert rules.threshold(Surface.OUTPUT, Guard.PROMPT_INJECTION) is None
