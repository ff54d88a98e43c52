"""Which training rows were poisoned: a quarantine list, and who contributed them."""

from __future__ import annotations

from bartizan.core.stats import clopper_pearson
from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Measure, Outcome
from bartizan.robustness.errors import NotOfferedError
from bartizan.robustness.interface import Access, AuditContext, Floats, ModelUnderTest, audit
from bartizan.robustness.poisoning.clustering import clustering_scores
from bartizan.robustness.poisoning.control import Planted
from bartizan.robustness.poisoning.early_loss import early_scores
from bartizan.robustness.poisoning.examination import Examination, examine
from bartizan.robustness.poisoning.hunt import LEVEL, Hunt
from bartizan.robustness.poisoning.neighbours import neighbour_scores
from bartizan.robustness.poisoning.ownership import named_rows, owner_measures
from bartizan.robustness.poisoning.ranking import best_precision, combined
from bartizan.robustness.poisoning.recovery import recovery
from bartizan.robustness.poisoning.references import DOUBT
from bartizan.robustness.poisoning.spectral import spectral_scores
from bartizan.robustness.settling import settled


@audit
class Rows:
    """Labels that models of trusted rows contradict, and rows that rely on a recovered trigger."""

    id = "poisoning.rows"
    threat = Threat.DATA_POISONING
    needs = Access.LABELS
    title = "Poisoned training rows: contradicted labels and carried triggers"
    spreads = True

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`. The option ``provenance`` names a CSV of contributors."""
        examined = examine(context)
        found = examined.found
        control, baselines = _control(context, examined)
        outcome, severity, reason = _verdict(found, control)
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            severity=severity,
            reason=reason,
            threat_model="Whoever contributed some training rows gave them wrong labels, with or without a trigger. "
            "The auditor has the training rows and trusted rows of the same kind.",
            techniques=(
                "NIST-AI-100-2-e2025:NISTAML.013",
                "NIST-AI-100-2-e2025:NISTAML.023",
                "MITRE-ATLAS-2026.09:AML.T0020",
            ),
            algorithm="Fisher's exact test on labels that models of trusted rows contradict, class by class; rows that "
            "lose their label under a recovered trigger's mask",
            papers=(
                "Wang et al. 2019, Neural Cleanse, IEEE S&P",
                "Northcutt et al. 2021, Confident Learning, JAIR 70",
                "Tran et al. 2018, Spectral Signatures, NeurIPS",
                "Chen et al. 2018, Activation Clustering, arXiv:1811.03728",
                "Li et al. 2021, Anti-Backdoor Learning, NeurIPS",
                "Peri et al. 2020, Deep k-NN Defense, ECCV workshops",
            ),
            settings={
                "level": f"{LEVEL:g}",
                "contradicted below": f"{DOUBT:g}",
                "trusted rows": str(len(examined.rows.learn)),
                **({"provenance": context.options["provenance"]} if "provenance" in context.options else {}),
            },
            measures=(*_measures(examined), *owner_measures(context, examined.train, found.suspects)),
            baselines=baselines,
            control=control,
            untested=(
                "clean-label poisoning that models of trusted rows find plausible",
                "fewer poisoned rows than stand out from ordinary mistakes in labels",
                "training rows that differ from the trusted ones for honest reasons: those are named too",
            ),
            remediation="Look at the named rows, set them aside, retrain and audit again (poisoning.cleanse); look at "
            "everything else that their contributors sent.",
            suspects=tuple(map(int, found.suspects)),
            named=named_rows(examined.train, found.suspects, found.doubts),
        )


def _verdict(found: Hunt, control: Comparison) -> tuple[Outcome, Severity, str]:
    if len(found.classes):
        named = "all classes" if len(found.classes) == len(found.excess) - 1 else f"class {_listed(found.classes)}"
        how = f"; in class {_listed(found.carried)} they carry a recovered trigger" if found.carried else ""
        severity = Severity.HIGH if found.carried else Severity.MEDIUM
        least = found.excess.min()
        return Outcome.WEAK, severity, (
            f"{len(found.suspects)} rows of {named}: labels are contradicted more often than in trusted rows "
            f"(p = {least:.2g}){how}"
        )  # fmt: skip
    least = found.excess.min()
    outcome, reason = settled(
        f"no class has more contradicted labels than trusted rows (p = {least:.2g})", control.succeeded
    )
    return outcome, Severity.INFO, reason


def _listed(classes: object) -> str:
    return ", ".join(str(one) for one in classes)  # type: ignore[attr-defined]


def _measures(examined: Examination) -> tuple[Measure, ...]:
    found, train, references = examined.found, examined.train, examined.references
    named, n = len(found.suspects), len(train)
    worst = int(found.excess[:-1].argmin())
    own = found.doubts[train.y == worst] > 1 - DOUBT
    made = [
        Measure(name="suspects", value=named / n, n=n, interval=clopper_pearson(named, n), note=f"{named} rows"),
        Measure(name="p_value", value=float(found.excess.min()), n=n, unit="p"),
    ]
    if len(own):
        hits = int(own.sum())
        made.append(
            Measure(
                name="contradicted_labels", value=hits / len(own), n=len(own),
                interval=clopper_pearson(hits, len(own)), note=f"class {worst}, training rows",
            )
        )  # fmt: skip
    wrong, seen = int(references.wrong[worst]), int(references.seen[worst])
    made.append(
        Measure(
            name="contradicted_labels_trusted", value=wrong / seen, n=seen, interval=clopper_pearson(wrong, seen),
            note=f"class {worst}, trusted rows",
        )
    )  # fmt: skip
    if found.expected and named:
        share = max(0.0, 1 - found.expected / named)
        note = "estimated from the rate in trusted rows"
        made.append(Measure(name="estimated_precision", value=share, n=named, note=note))
    return tuple(made)


def _control(context: AuditContext, examined: Examination) -> tuple[Comparison, tuple[Comparison, ...]]:
    """The same hunt on rows that were not named, with a backdoor planted into a twentieth of them; and how well other
    ways to rank rows do there."""
    shown = recovery(context, examined)
    context.in_time()
    return shown.control, _others(context, examined, shown.weak, shown.found)


def _others(context: AuditContext, examined: Examination, weak: Planted, found: Hunt) -> tuple[Comparison, ...]:
    samples, trusted = weak.poisoned.samples, examined.rows.learn
    features = _features(weak.model, samples.x)
    scores = {
        "spectral signatures": spectral_scores(features, samples.y),
        "activation clustering": clustering_scores(features, samples.y, context.seed),
        "early loss": early_scores(examined.trainer, samples, context.seed, workers=context.effort.workers),
        "nearest trusted rows": neighbour_scores(samples.x, samples.y, trusted.x, trusted.y),
        "contradiction alone": found.doubts,
    }
    scores["all of these, mean rank"] = combined(scores, samples.y)
    note = "precision at the best cut with a recall of 80%, on the planted rows"
    planted_rows = len(weak.poisoned.planted)
    return tuple(
        Comparison(
            what=what,
            measure=Measure(
                name="precision", value=best_precision(one, weak.poisoned.planted), n=planted_rows, note=note
            ),
        )
        for what, one in scores.items()
    )


def _features(model: ModelUnderTest, x: Floats) -> Floats:
    """Inner ones where the model shows them, else its scores."""
    try:
        return model.features(x)
    except NotOfferedError:
        return model.predict_proba(x)
