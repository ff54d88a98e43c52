"""``extraction.dimension``: do scores of many classes give away the width of the last hidden layer?"""

from __future__ import annotations

import numpy as np

from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Curve, Measure, Outcome
from bartizan.robustness.errors import AuditError
from bartizan.robustness.extraction import queries
from bartizan.robustness.extraction.dimension import Spectrum, spectrum, unexplained
from bartizan.robustness.extraction.limits import Rounded
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.extraction.setting import TECHNIQUES
from bartizan.robustness.interface import Access, AuditContext, Floats, ModelUnderTest, audit
from bartizan.robustness.models.sklearn import DenseModel
from bartizan.robustness.settling import settled


@audit
class Dimension:
    """Reads the width of the last hidden layer off the rank of the scores."""

    id = "extraction.dimension"
    threat = Threat.MODEL_EXTRACTION
    needs = Access.SCORES
    title = "Width of the last hidden layer read from scores"

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        model, test = context.model, context.data.test
        rng = np.random.default_rng([context.seed, 21])
        low, high = model.bounds
        pool = Pool(test.x, test.y, low, high)
        count = 2 * model.classes + 16
        rows, others = queries.around(pool, count, rng), queries.around(pool, count, rng)
        found = spectrum(model, rows)
        rest = unexplained(found, model, others)
        weak, width = _narrow(model, pool, rng)
        control = _control(weak, width, rows, _decimals(model.predict_proba(rows)))
        if found.found and control.succeeded:
            outcome = Outcome.WEAK
            reason = f"scores span {found.rank} directions of {found.most} possible: the last hidden layer's width"
        else:
            outcome, reason = settled(
                f"scores span {found.rank} of the {found.most} directions that {model.classes} classes can show",
                control.succeeded,
            )
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            severity=Severity.MEDIUM if outcome is Outcome.WEAK else Severity.INFO,
            reason=reason,
            threat_model="A client who sees scores of every class, and knows the shape and range of inputs.",
            techniques=TECHNIQUES,
            algorithm="singular values of centred logarithms of scores",
            papers=("N. Carlini et al., ICML 2024", "M. Finlayson et al., COLM 2024"),
            access=str(Access.SCORES),
            settings={"queries": str(count)},
            measures=(
                Measure(name="rank", value=found.rank, n=count, note=f"of at most {found.most}"),
                Measure(name="fall_after_rank", value=found.gap, n=count, note="1 where there is none"),
                Measure(
                    name="variance_unexplained",
                    value=rest,
                    n=count,
                    note="of scores of other rows, outside the span that the first rows gave",
                ),
                *_under_rounding(model, rows, found),
            ),
            baselines=(
                Comparison(
                    what="what the number of classes says without a query: the width is at least one",
                    measure=Measure(name="rank", value=1, n=0),
                ),
            ),
            control=control,
            untested=(
                "a width of classes - 1 or more, which no number of queries shows",
                "models whose scores are not a softmax of a linear layer",
                "answers with the top few scores only, from which the paper recovers the others by biasing logits",
            ),
            remediation="Give labels or the top score where clients need no more; rounding hides the fall.",
            curves=(
                Curve(
                    chart="Singular values of the scores",
                    name=model.name,
                    x=tuple(float(place) for place in range(1, found.most + 1)),
                    y=tuple(map(float, found.values[: found.most] / found.values[0])),
                    x_label="place",
                    y_label="singular value, of the first",
                    log_y=True,
                ),
            ),
        )


def _control(weak: DenseModel, width: int, rows: Floats, decimals: int | None) -> Comparison:
    """The same search in scores of a known network, given to as many decimals as those of the model."""
    what = f"a network with a last hidden layer of {width}, random weights and as many classes"
    asked: ModelUnderTest = weak
    if decimals is not None:
        asked, what = Rounded(weak, decimals), f"{what}, its scores to {decimals} decimals"
    try:
        known = spectrum(asked, rows)
    except AuditError:
        return Comparison(what=what, measure=Measure(name="width", value=0, n=len(rows)), succeeded=False)
    return Comparison(
        what=what,
        measure=Measure(name="width", value=known.rank, n=len(rows)),
        succeeded=known.found and known.rank == width,
    )


def _decimals(scores: Floats) -> int | None:
    """To how many decimals scores are given; None where they are not rounded to at most ten."""
    for decimals in range(1, 11):
        if np.abs(scores - scores.round(decimals)).max() < 1e-13:
            return decimals
    return None


def _narrow(model: ModelUnderTest, pool: Pool, rng: np.random.Generator) -> tuple[DenseModel, int]:
    """A network whose last hidden layer is half as wide as the classes could show."""
    width = max(2, (model.classes - 1) // 2)
    features = int(np.prod(model.shape))
    deviation = np.maximum(pool.x.std(axis=0).ravel(), 1e-3)
    weights: list[Floats] = [
        rng.standard_normal((features, 32)) / deviation[:, None] / np.sqrt(features),
        rng.standard_normal((32, width)) / np.sqrt(32),
        rng.standard_normal((width, model.classes)),
    ]
    biases: list[Floats] = [
        -pool.x.reshape(len(pool.x), -1).mean(axis=0) @ weights[0],
        rng.standard_normal(width),
        rng.standard_normal(model.classes),
    ]
    return DenseModel(weights, biases, "tanh", model.shape, model.bounds, "narrow network"), width


def _under_rounding(model: ModelUnderTest, rows: Floats, found: Spectrum) -> tuple[Measure, ...]:
    """The rank that rounded scores show, beside the true one."""
    if not found.found:
        return ()
    measures = []
    for decimals in (2, 4, 6):
        try:
            shown = spectrum(Rounded(model, decimals), rows)
            value, note = float(shown.rank if shown.found else shown.most), "" if shown.found else "no fall: hidden"
        except AuditError as error:
            value, note = 0.0, f"nothing recovered: {error.cause}"
        measures.append(
            Measure(
                name=f"rank_rounded_{decimals}", value=value, n=len(rows), note=note or f"scores to {decimals} decimals"
            )
        )
    return tuple(measures)
