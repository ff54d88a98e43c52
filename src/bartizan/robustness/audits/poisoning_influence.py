"""Which training rows a suspect behaviour rests on, and whether it goes when they are set aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bartizan.core.stats import clopper_pearson
from bartizan.core.stats.tails import hypergeometric_tail
from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Measure, Outcome
from bartizan.robustness.errors import AuditError, UnusableDataError
from bartizan.robustness.interface import Access, AuditContext, Floats, Labels, ModelUnderTest, audit
from bartizan.robustness.poisoning.behaviour import Behaviour, asked, triggered
from bartizan.robustness.poisoning.examination import Examination, examine
from bartizan.robustness.poisoning.influence import Head, head_of
from bartizan.robustness.poisoning.ownership import named_rows, owner_measures
from bartizan.robustness.poisoning.recovery import recovery
from bartizan.robustness.settling import settled

_AGREES: Final = 0.8
"""Share of training rows on which the refitted head must answer as the model does."""
_LEVEL: Final = 0.01
_MODELS: Final = 5
"""Retrained models for the answer to one input; a trigger is tried on many inputs of one model."""


@audit
class Influence:
    """Influence functions on the last layer, judged by retraining without the rows that they name."""

    id = "poisoning.influence"
    threat = Threat.DATA_POISONING
    needs = Access.GRADIENTS
    title = "Influence: the training rows that a suspect behaviour rests on"
    spreads = True

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`. The option ``row`` asks about the answer to one test row,
        ``count`` says how many rows are set aside, ``provenance`` names a CSV of contributors."""
        examined = examine(context)
        probe, judged = asked(context, examined)
        count = _count(context, examined)
        head = head_of(context.model, examined.train, context.in_time)
        agreement = _agreement(head, context.model, examined)
        support = probe.support(head, context.model, context.in_time)
        order = np.argsort(-support, kind="stable")
        top = order[:count]
        context.in_time()
        before = _shown(judged, [context.model], "behaviour_before")
        after = _shown(judged, _without(context, examined, judged, top), "behaviour_left")
        chance = _shown(judged, _without(context, examined, judged, _random(context, examined, top)), "behaviour_left")
        control = _control(context, examined)
        outcome, severity, reason = _verdict(judged, count, len(examined.train), after, chance, control)
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            severity=severity,
            reason=reason,
            threat_model="Whoever contributed some training rows taught the model a behaviour with them. The auditor "
            "has the training rows and the parameters, and can retrain.",
            techniques=(
                "NIST-AI-100-2-e2025:NISTAML.023",
                "NIST-AI-100-2-e2025:NISTAML.024",
                "MITRE-ATLAS-2026.09:AML.T0020",
            ),
            algorithm="Influence functions on a softmax head refitted to the model's last features; retraining without "
            "the rows named",
            papers=(
                "Koh and Liang 2017, Influence Functions, ICML",
                "Yeh et al. 2018, Representer Point Selection, NeurIPS",
            ),
            settings={
                "set aside": str(count),
                **{key: context.options[key] for key in ("row", "count", "provenance") if key in context.options},
            },
            measures=(
                after, before, *_overlap(top, examined), agreement, *owner_measures(context, examined.train, top),
            ),
            baselines=(Comparison(what="as many rows of the same labels set aside at random", measure=chance),),
            control=control,
            untested=(
                "what the layers before the last one learned from a row",
                "whether the rows named are wrong: inputs of a rare kind are answered from few rows honestly",
            ),
            remediation="Look at the named rows and at what else their contributors sent; set them aside, retrain and "
            "audit again.",
            suspects=tuple(map(int, np.sort(top))) if outcome is Outcome.WEAK else (),
            named=named_rows(examined.train, top, support),
        )  # fmt: skip


def _count(context: AuditContext, examined: Examination) -> int:
    text, most = context.options.get("count", ""), len(examined.train) // 4
    if text:
        if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:18]) <= most:
            raise UnusableDataError(f"the option count is {text[:40]!r}, not a number from 1 to {most}")
        return int(text)
    if "row" in context.options:
        return max(15, len(examined.train) // 100)
    return min(len(examined.found.suspects), most)


def _agreement(head: Head, model: ModelUnderTest, examined: Examination) -> Measure:
    """Raises AuditError where the head does not stand for the model."""
    said = (head.rows @ head.weights).argmax(1)
    hits, n = int((said == model.predict_label(examined.train.x)).sum()), len(said)
    if hits < _AGREES * n:
        raise AuditError(f"a head refitted to the last features answers as the model does on {hits} of {n} rows only")
    return Measure(name="head_agreement", value=hits / n, n=n, interval=clopper_pearson(hits, n))


def _without(context: AuditContext, examined: Examination, judged: Behaviour, rows: Labels) -> list[ModelUnderTest]:
    kept = examined.train[np.setdiff1d(np.arange(len(examined.train)), rows)]
    made = []
    for number in range(_MODELS if len(judged.x) == 1 else 1):
        context.in_time()
        made.append(examined.trainer.fit(kept.x, kept.y, context.seed + number))
    return made


def _random(context: AuditContext, examined: Examination, top: Labels) -> Labels:
    rng, chosen = np.random.default_rng(context.seed), []
    for label, count in zip(*np.unique(examined.train.y[top], return_counts=True), strict=True):
        free = np.flatnonzero(examined.train.y == label)
        chosen.append(rng.choice(free, count, replace=False))
    return np.concatenate(chosen).astype(np.int64)


def _shown(judged: Behaviour, models: Sequence[ModelUnderTest], name: str) -> Measure:
    hits, n = sum(judged.shown(one) for one in models), len(models) * len(judged.x)
    note = f"{judged.what}, in {len(models)} models" if len(models) > 1 else judged.what
    return Measure(name=name, value=hits / n, n=n, interval=clopper_pearson(hits, n), note=note)


def _overlap(top: Labels, examined: Examination) -> tuple[Measure, ...]:
    if not len(examined.found.suspects):
        return ()
    hits, n = len(np.intersect1d(top, examined.found.suspects)), len(top)
    note = "of the rows named here"
    return (Measure(name="named_by_poisoning_rows", value=hits / n, n=n, interval=clopper_pearson(hits, n), note=note),)


def _control(context: AuditContext, examined: Examination) -> Comparison:
    """As many most influential rows as were planted: how many of them are."""
    weak = recovery(context, examined).weak
    planted, samples = weak.poisoned.planted, weak.poisoned.samples
    head: Head = head_of(weak.model, samples, context.in_time)
    behaviour = triggered(examined.rows.probe, weak.trigger, weak.target)
    support: Floats = behaviour.support(head, weak.model, context.in_time)
    top = np.argsort(-support, kind="stable")[: len(planted)]
    hits, n = len(np.intersect1d(top, planted)), len(planted)
    measure = Measure(name="precision", value=hits / n, n=n, interval=clopper_pearson(hits, n))
    what = f"rows planted for a backdoor to class {weak.target}, among as many that it rests on most"
    return Comparison(what=what, measure=measure, succeeded=hits >= 0.5 * n)


def _verdict(
    judged: Behaviour, count: int, rows: int, after: Measure, chance: Measure, control: Comparison
) -> tuple[Outcome, Severity, str]:
    left, usual = round(after.value * after.n), round(chance.value * chance.n)
    p_value = hypergeometric_tail(usual, usual + left, chance.n, chance.n + after.n)
    said = f"without the {count} of {rows} rows that it rests on most, {judged.what} holds in {left} of {after.n}"
    usually = f"{usual} of {chance.n} without as many at random"
    if p_value <= _LEVEL and 2 * left < usual:
        severity = Severity.MEDIUM if len(judged.x) == 1 else Severity.HIGH
        return Outcome.WEAK, severity, f"{said}, and in {usually} (p = {p_value:.2g})"
    if len(judged.x) > 1:
        return Outcome.INCONCLUSIVE, Severity.INFO, f"{said}, and in {usually}: it rests on other rows, or on more"
    unsure = [] if left == after.n else [f"retrained models differ, in {usually}"]
    outcome, reason = settled(said, control.succeeded, unsure=unsure)
    return outcome, Severity.INFO, reason
