"""When an audit may say that a model withstood: the one rule that all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from bartizan.reporting.audit import AuditResult, Measure, Outcome
from bartizan.robustness.interface import Access

_SHOWN = 3


def settled(said: str, control: bool, cut: Iterable[str] = (), unsure: Iterable[str] = ()) -> tuple[Outcome, str]:
    """The outcome of an attack that did not succeed, and its reason.

    Args:
        said: what the figures say, in words.
        control: the same attack succeeded on a model known to be weak.
        cut: what time or budget ended before it was done.
        unsure: why the figures cannot carry the statement, such as an interval that reaches the mark.
    """
    ended, doubts = list(islice(cut, _SHOWN)), list(unsure)
    if ended:
        return Outcome.INCONCLUSIVE, f"cut short ({'; '.join(ended)}): {said}"
    if not control:
        return Outcome.INCONCLUSIVE, f"the attack failed against a weak model too, its positive control: {said}"
    if doubts:
        return Outcome.INCONCLUSIVE, f"{said}: {'; '.join(doubts)}"
    return Outcome.WITHSTOOD, said


def reaching(figure: Measure, mark: float, what: str = "the interval") -> tuple[str, ...]:
    """The doubt about a figure whose interval reaches the mark from below; nothing where it stays below for sure."""
    top = figure.interval[1] if figure.interval else figure.value
    return (f"{what} reaches {mark:g} (up to {top:.3f}), use more rows",) if top >= mark else ()


def supported(result: AuditResult, wavering: str = "") -> str:
    """Why a result may not stand as "withstood": empty where it may, or where it says something else.

    Args:
        wavering: how the model's answers to the same rows differ; empty where they do not.
    """
    if result.outcome is not Outcome.WITHSTOOD:
        return ""
    if wavering:
        return f"{wavering}, and who asks again may reach more"
    if result.control is None:
        return "no positive control was run"
    return "" if result.control.succeeded else "the attack failed against a weak model too, its positive control"


def reconciled(results: Sequence[AuditResult]) -> list[AuditResult]:
    """The results of one run, each held against the ``doubt`` of the others.

    What attacks with gradients did not reach is no sign of strength where the gradients are masked: such a result is
    not "withstood". A weakness that was found stands, and says that its figure is too kind.
    """
    return [_doubted(one, [two for two in results if two.doubt and two is not one]) for one in results]


def _doubted(result: AuditResult, doubting: Sequence[AuditResult]) -> AuditResult:
    if not doubting or result.access != Access.GRADIENTS or not result.gradients:
        return result
    said = "; ".join(f"{one.audit}: {one.doubt}" for one in doubting)
    untested = (f"Attacks with gradients say little here, the figures are upper bounds ({said}).", *result.untested)
    if result.outcome is not Outcome.WITHSTOOD:
        return msgspec.structs.replace(result, untested=untested)
    reason = f"{result.reason}: an upper bound that gradients cannot carry ({said})"
    return msgspec.structs.replace(result, outcome=Outcome.INCONCLUSIVE, reason=reason, untested=untested)
