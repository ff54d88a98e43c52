"""What the guards of tensors found, and how it joins the verdict on the texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.core.verdict import Action, Verdict
from bartizan.policy.models import TensorGuards, TensorRow
from bartizan.policy.policy import Policy, Ruling

MOST_SIGNALS = 16
"""Of one guard on one request."""
_NOWHERE = Span(0, 0)
_KINDS: dict[Guard, tuple[Threat, str, Severity]] = {
    Guard.DECLARED: (Threat.ADVERSARIAL_INPUT, "undeclared_tensor", Severity.LOW),
    Guard.DISTRIBUTION: (Threat.ADVERSARIAL_INPUT, "out_of_distribution_input", Severity.MEDIUM),
    Guard.SIMILARITY: (Threat.ADVERSARIAL_INPUT, "query_based_evasion", Severity.HIGH),
    Guard.EXTRACTION: (Threat.MODEL_EXTRACTION, "extraction_queries", Severity.HIGH),
}


class Found(NamedTuple):
    """A guard that fired."""

    guard: Guard
    rules: Sequence[str]
    """What in particular, such as ``x.max``."""
    score: float = 1.0
    """In [0, 1]."""


def joined(text: Verdict, found: Iterable[Found], guards: TensorGuards, policy: Policy) -> Verdict:
    """The verdict on a request: the strictest action; ties go to the texts."""
    verdict = text
    for one in found:
        row: TensorRow = getattr(guards, one.guard)
        ruling = policy.enforce(row.action, row.mode, f"models.{one.guard}")
        verdict = _with(verdict, ruling, [_signal(one, rule) for rule in one.rules[:MOST_SIGNALS]])
    return verdict


def _with(verdict: Verdict, ruling: Ruling, signals: list[Signal]) -> Verdict:
    stricter = ruling.action.rank > verdict.action.rank
    return replace(
        verdict,
        action=ruling.action if stricter else verdict.action,
        rule=ruling.rule if stricter else verdict.rule,
        observed=max(verdict.observed, ruling.observed, key=_rank),
        signals=(*signals, *verdict.signals),
    )


def _signal(found: Found, rule: str) -> Signal:
    threat, technique, severity = _KINDS[found.guard]
    return Signal(
        detector=f"tensors.{found.guard}",
        guard=found.guard,
        threat=threat,
        technique=technique,
        score=found.score,
        span=_NOWHERE,
        view="tensor",
        rule=rule,
        severity=severity,
    )


def _rank(action: Action) -> int:
    return action.rank
