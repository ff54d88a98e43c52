"""Attribute inference, as the excess over imputation."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from bartizan.core.stats import clopper_pearson, mcnemar
from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Measure, Outcome
from bartizan.robustness.errors import AuditError, NotApplicableError, UnusableDataError
from bartizan.robustness.interface import Access, AuditContext, Labels, ModelUnderTest, Samples, audit
from bartizan.robustness.models.sklearn import from_estimator
from bartizan.robustness.privacy.attributes import Attacker, Attribute, Guesses, attribute
from bartizan.robustness.privacy.verdict import must_vary
from bartizan.robustness.settling import settled

_SURE: Final = 0.01
_COLUMNS: Final = 3
_FEWEST: Final = 50
_TREES: Final = 60
_ATTACKS: Final = ("liked", "learnt")
_MARK: Final = 0.1
"""Accuracy that a model which withstands adds to imputation less than, for sure."""


@audit
class AttributeInference:
    """Guesses a hidden column of training rows with and without the model."""

    id: Final = "attribute.inference"
    threat: Final = Threat.DATA_LEAKAGE
    needs: Final = Access.SCORES
    title: Final = "Attribute inference: what the model adds to imputation"

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`. Option ``column``: names or numbers, separated by commas;
        otherwise the columns with the fewest values."""
        members, public, others = _split(context)
        hidden = _hidden(context, public)
        must_vary(context.model, members.x)
        measures: list[Measure] = []
        best, excess, where = 1.0, 0.0, ""
        controls: dict[str, Comparison] = {}
        highest: dict[str, float] = {}
        begun, cut = time.monotonic(), []
        for at, one in enumerate(hidden):
            name = _name(context, one)
            now = time.monotonic()
            if now > context.until or (at and now + (now - begun) / at > context.until):
                cut.append(f"column {name}: no time was left for it")
                continue
            attacker = Attacker(context.model, public, one, context.seed)
            guesses = {"members": attacker.guess(members), "others": attacker.guess(others)}
            for who, found in guesses.items():
                measures.append(_rate(f"{name}/imputation/{who}", found.imputed, found.truth))
                measures += [_rate(f"{name}/{kind}/{who}", getattr(found, kind), found.truth) for kind in _ATTACKS]
            for kind in _ATTACKS:
                gain, chance = _gain(guesses["members"], kind)
                elsewhere, _ = _gain(guesses["others"], kind)
                measures.append(
                    Measure(
                        name=f"{name}/{kind}/excess",
                        value=gain,
                        n=len(members),
                        unit="points of accuracy",
                        note=f"by chance p = {chance:.2g}; among non-members {elsewhere:+.3f}",
                    )
                )
                if chance < best or not where:
                    best, excess, where = chance, gain, f"{name}, {kind}"
                highest[name] = max(highest.get(name, -1.0), _upper(guesses["members"], kind))
            controls[name] = _control(context, members, public, one)
        if not controls:
            context.in_time()
        control = max(controls.values(), key=lambda one: (one.succeeded, one.measure.value))
        weak = best * len(hidden) * len(_ATTACKS) < _SURE
        if not weak and not control.succeeded:
            ended = f"cut short ({'; '.join(cut)}): " if cut else ""
            raise AuditError(
                f"{ended}the attack adds nothing to imputation even on a model that remembers every row "
                f"({control.measure.value:+.3f}): nothing can be said",
                "imputation may already be perfect; choose another column with the option column",
            )
        told = [name for name, shown in controls.items() if shown.succeeded]
        doubts = [
            f"of {name} up to {highest[name]:+.3f} are possible, use more rows"
            for name in told
            if highest[name] >= _MARK
        ]
        held, reason = settled(
            f"the model adds no more than chance to imputation of {', '.join(told)} (best: {excess:+.3f}, {where})",
            control.succeeded,
            cut,
            doubts,
        )
        return AuditResult(
            audit=self.id, title=self.title, threat=self.threat,
            outcome=Outcome.WEAK if weak else held,
            severity=(Severity.MEDIUM if excess >= 0.05 else Severity.LOW) if weak else Severity.INFO,
            reason=(
                f"with the model {excess:+.3f} of members' values are guessed more than without ({where})"
                if weak else reason
            ),
            threat_model=(
                "Knows a training row but for one attribute, its label, and public rows; asks for scores, wants the "
                "attribute."
            ),
            techniques=("MITRE-ATLAS-2026.09:AML.T0024.001", "NIST-AI-100-2-e2025:NISTAML.032"),
            algorithm="imputer's log-probability plus the model's confidence; imputer that sees confidences",
            papers=(
                "Jayaraman and Evans, Are Attribute Inference Attacks Just Imputation?, ACM CCS 2022",
                "Fredrikson et al., Model Inversion Attacks, ACM CCS 2015",
            ),
            settings={"columns": ", ".join(_name(context, one) for one in hidden), "public rows": str(len(public))},
            seed=context.seed, measures=tuple(measures), control=control,
            untested=(
                *cut,
                *(f"column {name}, whose control failed" for name, shown in controls.items() if not shown.succeeded),
                "columns that were not chosen",
                "attackers without the other attributes, or with other public rows",
            ),
            remediation=(
                "What imputation alone guesses is no secret of the model. Against the excess: regularise, train with "
                "differential privacy, and do not train on attributes that the task does not need."
            ),
        )  # fmt: skip


def _split(context: AuditContext) -> tuple[Samples, Samples, Samples]:
    """Members, public rows, and as many others that are neither."""
    train, test = context.data.train, context.data.test
    if train is None:
        raise UnusableDataError("attributes of training rows cannot be attacked without them", "give x_train, y_train")
    rng = np.random.default_rng([context.seed, 0xA771])
    order = rng.permutation(len(test))
    public, others = test[order[: len(test) // 2]], test[order[len(test) // 2 :]]
    members = train[rng.permutation(len(train))[: context.effort.samples]]
    if min(len(members), len(public), len(others)) < _FEWEST:
        raise UnusableDataError(
            f"{len(members)} members, {len(public)} public rows, {len(others)} others; {_FEWEST} of each are the fewest"
        )
    return members, public, others[np.arange(min(len(others), context.effort.samples))]


def _hidden(context: AuditContext, public: Samples) -> list[Attribute]:
    named = context.options.get("column", "")
    if public.x.ndim != 2:
        raise NotApplicableError(f"rows of shape {public.x.shape[1:]} are no table", "attributes are columns")
    if named:
        return [attribute(public.x, _number(context, one.strip())) for one in named.split(",")]
    counts = [len(np.unique(column)) for column in public.x.T]
    fewest = sorted((count, at) for at, count in enumerate(counts) if count > 1)[:_COLUMNS]
    if not fewest:
        raise UnusableDataError("every column has one value alone")
    return [attribute(public.x, at) for _, at in fewest]


def _number(context: AuditContext, named: str) -> int:
    if named in context.data.columns:
        return context.data.columns.index(named)
    if not named.isdecimal():
        raise UnusableDataError(
            f"there is no column {named}", f"columns: {', '.join(context.data.columns) or 'by number'}"
        )
    return int(named)


def _name(context: AuditContext, one: Attribute) -> str:
    return context.data.columns[one.column] if one.column < len(context.data.columns) else f"column {one.column}"


def _rate(name: str, guessed: Labels, truth: Labels) -> Measure:
    hits = int((guessed == truth).sum())
    return Measure(name=name, value=hits / len(truth), n=len(truth), interval=clopper_pearson(hits, len(truth)))


def _gain(found: Guesses, kind: str) -> tuple[float, float]:
    """Difference of accuracies, and McNemar's one-sided probability that the model helps no more than chance."""
    ours, plain = getattr(found, kind) == found.truth, found.imputed == found.truth
    won, lost = int((ours & ~plain).sum()), int((plain & ~ours).sum())
    test = mcnemar(won, lost)
    return (won - lost) / len(ours), test.exact / 2 if won > lost else 1.0


def _upper(found: Guesses, kind: str) -> float:
    """The upper end of the 95% interval of the gain: Agresti and Min, Statistics in Medicine 24 (2005), who add half a
    pair to each way to differ, so that a few discordant pairs are no certainty."""
    ours, plain = getattr(found, kind) == found.truth, found.imputed == found.truth
    won, lost, n = (ours & ~plain).sum() + 0.5, (plain & ~ours).sum() + 0.5, len(ours) + 2
    gain = (won - lost) / n
    return float(gain + 1.96 * np.sqrt(max((won + lost) / n - gain**2, 0.0) / n))


def _control(context: AuditContext, members: Samples, public: Samples, one: Attribute) -> Comparison:
    """Whole trees on the members alone, which hold every row."""
    from sklearn.ensemble import ExtraTreesClassifier

    trees = ExtraTreesClassifier(_TREES, random_state=0, n_jobs=1).fit(members.x, members.y)
    name = f"model that remembers every row ({_TREES} whole trees)"
    weak: ModelUnderTest = from_estimator(trees, context.model.shape, context.model.classes)
    found = Attacker(weak, public, one, context.seed).guess(members)
    tried = [_gain(found, kind) for kind in _ATTACKS]
    gain, chance = min(tried, key=lambda pair: pair[1])
    return Comparison(
        what=f"the same attack on a {name}",
        measure=Measure(name="excess", value=gain, n=len(members), unit="points of accuracy"),
        succeeded=chance * len(_ATTACKS) < _SURE,
    )
