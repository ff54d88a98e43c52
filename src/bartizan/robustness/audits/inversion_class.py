"""Model inversion, by gradient and by scores, against averages that need no model."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from bartizan.core.stats import clopper_pearson
from bartizan.core.stats.tails import binomial_tail
from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Measure, Outcome, Picture
from bartizan.robustness.errors import AuditError, BudgetSpentError, UnusableDataError
from bartizan.robustness.evasion.ensemble import Deadline
from bartizan.robustness.interface import Access, AuditContext, Floats, Labels, ModelUnderTest, audit
from bartizan.robustness.models.parzen import ParzenModel, ParzenTrainer
from bartizan.robustness.privacy.inversion import by_gradient, by_scores
from bartizan.robustness.privacy.similarity import nearest, ssim
from bartizan.robustness.settling import reaching, settled

_SURE: Final = 0.02
_FEWEST: Final = 6
_MOST: Final = 0.8
"""Share of classes that a model which withstands shows better than averages less often than, for sure."""
_ROWS: Final = 200
_STEPS: Final = 200
_NARROW: Final = 0.25
"""Width of the memorising model's bumps: with wider ones the peaks lie between rows."""


class _Ground(NamedTuple):
    """What reconstructions are measured against."""

    classes: Labels
    members: list[Floats]
    """Training rows of each class."""
    averages: Floats
    """Of public rows of each class: what can be drawn without the model."""
    start: Floats
    """The average of all public rows."""
    pictures: bool


@audit
class InversionClass:
    """Draws a row of each class and asks whether it shows training rows better than their average does."""

    id: Final = "inversion.class"
    threat: Final = Threat.DATA_LEAKAGE
    needs: Final = Access.SCORES
    title: Final = "Inversion: rows drawn from the model"
    lasts: Final = 3

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        ground = _ground(context)
        now = time.monotonic()
        drawn, cut = _drawn(context, context.model, ground, now + 0.4 * max(context.until - now, 0.0))
        plain = _likeness(ground.averages, ground)
        members = np.concatenate(ground.members)
        controls, late = _controls(context, ground, members, plain, list(drawn))
        cut += late
        drawn = {kind: rows for kind, rows in drawn.items() if kind in controls and controls[kind].succeeded}
        if not drawn and cut:
            raise BudgetSpentError("; ".join(cut), "raise --seconds or --budget")
        failed = [f"inversion by {kind}, whose control failed" for kind in controls if kind not in drawn]
        if not drawn:
            raise AuditError(
                "inversion draws nothing better than averages even from a model that remembers every row: nothing can "
                "be said"
            )
        measures: list[Measure] = [_mean("average/likeness", plain, ground)]
        best, name, share = 1.0, "", 0
        for kind, rows in drawn.items():
            likeness = _likeness(rows, ground)
            wins = int((likeness > plain).sum())
            chance = binomial_tail(wins, len(plain), 0.5)
            distance, _ = nearest(rows, members)
            measures += [
                _mean(f"{kind}/likeness", likeness, ground),
                Measure(
                    name=f"{kind}/better_than_average",
                    value=wins / len(plain),
                    n=len(plain),
                    interval=clopper_pearson(wins, len(plain)),
                    note=f"classes; by chance p = {chance:.2g}",
                ),
                Measure(
                    name=f"{kind}/nearest_training_row",
                    value=float(distance.mean()),
                    n=len(plain),
                    unit="rms per value",
                    note=f"average without the model: {float(nearest(ground.averages, members)[0].mean()):.4f}",
                ),
            ]
            if chance < best or not name:
                best, name, share = chance, kind, wins
        weak = best * len(drawn) < _SURE
        verb = "shows" if weak else "does not show"
        said = (
            f"inversion ({name}) {verb} training rows better than averages of public rows: "
            f"{share} of {len(plain)} classes"
        )
        better = [one for one in measures if one.name.endswith("/better_than_average")]
        held, reason = settled(said, True, cut, [doubt for one in better for doubt in reaching(one, _MOST, one.name)])
        return AuditResult(
            audit=self.id, title=self.title, threat=self.threat,
            outcome=Outcome.WEAK if weak else held,
            severity=Severity.MEDIUM if weak else Severity.INFO,
            reason=said if weak else reason,
            threat_model="Has the model or its scores and public rows of each class, wants a picture of training rows.",
            techniques=("MITRE-ATLAS-2026.09:AML.T0024.001", "NIST-AI-100-2-e2025:NISTAML.032"),
            algorithm="MI-Face on the logit with Adam; differences in random directions",
            papers=("Fredrikson et al., Model Inversion Attacks, ACM CCS 2015",),
            access=str(Access.GRADIENTS if "gradient" in drawn else Access.SCORES),
            settings={"steps": str(_STEPS), "queries": str(context.effort.queries), "classes": str(len(plain))},
            seed=context.seed, measures=tuple(measures), control=controls[name],
            untested=(
                *cut,
                *failed,
                "generative priors, which draw what is plausible and not only what the model knows",
                "single training rows: classes are drawn",
            ),
            remediation=(
                "Regularise or train with differential privacy; do not serve logits of classes that are one person."
            ),
            pictures=_pictures(drawn, ground),
        )  # fmt: skip


def _ground(context: AuditContext) -> _Ground:
    train, test = context.data.train, context.data.test
    if train is None:
        raise UnusableDataError("whether inversion shows training rows needs training rows", "give x_train and y_train")
    classes = np.intersect1d(np.unique(train.y), np.unique(test.y))
    if len(classes) < _FEWEST:
        raise UnusableDataError(
            f"{len(classes)} classes: with fewer than {_FEWEST} better reconstructions happen by chance"
        )
    members = [train.x[train.y == label][:_ROWS] for label in classes]
    averages = np.stack([test.x[test.y == label].mean(axis=0) for label in classes])
    shape = context.model.shape
    pictures = len(shape) == 3 and shape[0] in (1, 3)
    return _Ground(classes, members, averages, test.x.mean(axis=0), pictures)


def _drawn(
    context: AuditContext, model: ModelUnderTest, ground: _Ground, until: float
) -> tuple[dict[str, Floats], list[str]]:
    """By each way, and what time or budget ended before it was drawn."""
    timed, cut = Deadline(model, until), list[str]()
    found: dict[str, Floats] = {}
    ways: dict[str, Callable[[], Floats]] = {
        "gradient": lambda: by_gradient(timed, ground.start, ground.classes, _STEPS),
        "scores": lambda: by_scores(timed, ground.start, ground.classes, context.effort.queries, context.seed),
    }
    for kind, draw in ways.items():
        if kind == "gradient" and not model.access.allows(Access.GRADIENTS):
            continue
        try:
            found[kind] = draw()
        except BudgetSpentError as spent:
            cut.append(f"inversion by {kind}: {spent.cause}")
    return found, cut


def _likeness(rows: Floats, ground: _Ground) -> Floats:
    """Of each class's drawing to the training row of its class that it is most like: SSIM, or minus the distance."""
    if not ground.pictures:
        return np.asarray([-nearest(row[None], own)[0][0] for row, own in zip(rows, ground.members, strict=True)])
    return np.asarray(
        [ssim(np.broadcast_to(row, own.shape), own).max() for row, own in zip(rows, ground.members, strict=True)]
    )


def _controls(
    context: AuditContext, ground: _Ground, members: Floats, plain: Floats, kinds: list[str]
) -> tuple[dict[str, Comparison], list[str]]:
    """Of each way to draw that ended in time, and which did not."""
    labels = np.repeat(ground.classes, [len(own) for own in ground.members])
    width = ParzenTrainer(members, context.model.classes, _NARROW).width
    weak = ParzenModel(members, labels, context.model.classes, width)
    weak.bounds = context.model.bounds
    drawn, cut = _drawn(context, weak, ground, context.until)
    n = len(plain)
    found = {}
    for kind in (kind for kind in kinds if kind in drawn):
        wins = int((_likeness(drawn[kind], ground) > plain).sum())
        found[kind] = Comparison(
            what=f"inversion by {kind} of a {weak.name} (Parzen windows): classes drawn better than by averages",
            measure=Measure(name="better_than_average", value=wins / n, n=n, interval=clopper_pearson(wins, n)),
            succeeded=binomial_tail(wins, n, 0.5) < _SURE,
        )
    return found, [f"control of {one}" for one in cut]


def _mean(name: str, likeness: Floats, ground: _Ground) -> Measure:
    unit = "SSIM" if ground.pictures else "minus rms per value"
    return Measure(
        name=name, value=float(likeness.mean()), n=len(likeness), unit=unit, note="to the training row it is most like"
    )


def _pictures(drawn: dict[str, Floats], ground: _Ground) -> tuple[Picture, ...]:
    if not ground.pictures:
        return ()
    found = []
    for at, label in enumerate(ground.classes):
        shown = {"average of public rows": ground.averages[at], **{kind: rows[at] for kind, rows in drawn.items()}}
        for kind, rows in drawn.items():
            like = ssim(np.broadcast_to(rows[at], ground.members[at].shape), ground.members[at]).argmax()
            shown[f"training row most like {kind}"] = ground.members[at][like]
        found += [_picture(f"class {label}", caption, one) for caption, one in shown.items()]
    return tuple(found)


def _picture(group: str, caption: str, x: Floats) -> Picture:
    pixels = (np.clip(x, 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    return Picture(group=group, caption=caption, width=x.shape[2], height=x.shape[1], pixels=pixels.tobytes())
