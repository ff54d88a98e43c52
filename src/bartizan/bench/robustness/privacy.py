"""What models remember of their rows: our attacks beside ART's, and what each defence takes away at which cost.

Rounding and the top class alone are asked of the overfit model. Each is attacked twice: as if nobody knew of it
(static: the threshold on the loss that most tools run), and adaptively, with whatever works best against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from bartizan.bench.robustness.kept import kept, versions
from bartizan.bench.robustness.privacy_canaries import canary_rows
from bartizan.bench.robustness.privacy_models import OVERFIT, PRIVATE, rows, trainers
from bartizan.bench.table import Row, rate_row
from bartizan.core.stats import clopper_pearson, newcombe
from bartizan.robustness.interface import AuditData, Floats, Labels, ModelUnderTest
from bartizan.robustness.privacy import lira
from bartizan.robustness.privacy.bavaria import bavaria
from bartizan.robustness.privacy.game import Game, game
from bartizan.robustness.privacy.labels import Steadiness, calibrated
from bartizan.robustness.privacy.limits import RoundedModel, TopModel
from bartizan.robustness.privacy.rmia import rmia
from bartizan.robustness.privacy.roc import Roc, roc
from bartizan.robustness.privacy.shadows import Shadows, train
from bartizan.robustness.privacy.signals import Signal, confidence, probability

SAMPLES: Final = 2_000
RATE: Final = 0.001
FEW: Final = 4
_HOUR: Final = 3600.0
_WHAT: Final = f"members found at {RATE:.1%} false positives: "
STATIC: Final = "threshold on the loss"
ADAPTIVE: Final = "adaptive"
NOTES: Final = (
    f"Fashion-MNIST, one hidden layer of 64, 4,000 training rows, {SAMPLES:,} members and {SAMPLES:,} others attacked; "
    "intervals are Clopper-Pearson, 95%",
    "shadow models train on 4,000 rows of the same pool, half of the attacked rows each; one spread for all rows",
    "adaptive: the best of LiRA through the limit and calibrated label-only queries; for models, of all attacks; it is "
    "chosen on the rows that it is measured on",
)


def _rounded(model: ModelUnderTest, x: Floats, y: Labels) -> Floats:
    return confidence(RoundedModel(model), x, y)


def _top(model: ModelUnderTest, x: Floats, y: Labels) -> Floats:
    return confidence(TopModel(model), x, y)


SIGNALS: Final[Mapping[str, Signal]] = {
    "scores": confidence,
    "rounded": _rounded,
    "top": _top,
    "labels": Steadiness(copies=2),
}


class Leak(NamedTuple):
    """One model's attacked rows."""

    played: Game
    target: Mapping[str, Floats]
    """By signal, attacked rows then population."""
    shadows: Shadows
    accuracy: float
    model: ModelUnderTest
    data: AuditData


def run(
    progress: Callable[[str], None], shadows: int = 8, seed: int = 0, workers: int = 2, keep: Path | None = None
) -> list[Row]:
    """All rows. Needs the extras torch and dp; ``keep`` is a folder of figures, from which a later run goes on."""
    data = rows(seed=seed)
    facts = {"shadows": shadows, "seed": seed, **versions("adversarial-robustness-toolbox", "opacus")}
    by_model: dict[str, list[Row]] = {}
    for name, make in trainers().items():
        measure = partial(_measured, name, make, data, shadows, seed, workers, progress)
        by_model[name] = kept(keep, f"privacy {name}", facts, measure)
    progress("canaries")
    canaries = kept(keep, "privacy canaries", facts, partial(canary_rows, seed))
    return [*chain(*by_model.values()), *less_rows(by_model[OVERFIT], by_model[PRIVATE]), *canaries]


def _measured(
    name: str,
    make: Callable[[], object],
    data: AuditData,
    shadows: int,
    seed: int,
    workers: int,
    progress: Callable[[str], None],
) -> Iterator[Row]:
    """One model; the overfit one behind output limits and under ART's audit too."""
    progress(f"{name}: {shadows} shadow models")
    one = leak(make, data, shadows, seed, workers)
    yield from model_rows(name, one)
    if name == OVERFIT:
        yield from limit_rows(one)
        progress("ART")
        yield from art_rows(one)


def leak(make: Callable[[], object], data: AuditData, shadows: int, seed: int, workers: int) -> Leak:
    """Trains the model under test and its shadow models, and asks all of them."""
    trainer = make()
    played = game(data, SAMPLES, seed)
    assert data.train is not None
    model = trainer.fit(data.train.x, data.train.y, 10_000 + seed)  # type: ignore[attr-defined]
    made = train(trainer, played, shadows, _HOUR, workers, seed, SIGNALS)  # type: ignore[arg-type]
    target = {name: signal(model, played.x, played.y) for name, signal in SIGNALS.items()}
    correct = model.predict_label(data.test.x) == data.test.y
    return Leak(played, target, made, float(correct.mean()), model, data)


def curves(one: Leak) -> dict[str, Roc]:
    """Every attack with scores."""
    n, member = one.played.n, one.played.member
    keep, all_shadows = one.shadows.keep, one.shadows.signals["scores"]
    target = one.target["scores"]
    fixed = len(keep) < lira.FEW
    scores = {
        STATIC: target[:n],
        "LiRA online": lira.online(target[:n], all_shadows[:, :n], keep, fixed),
        "LiRA offline": lira.one_sided(target[:n], all_shadows[:, :n], keep, fixed),
        "RMIA": rmia(
            probability(target[:n]), probability(all_shadows[:, :n]), keep,
            probability(target[n:]), probability(all_shadows[:, n:]),
        ),
        f"LiRA online, {FEW} models": lira.online(target[:n], all_shadows[:FEW, :n], keep[:FEW], True),
        f"BaVarIA-style t, {FEW} models": bavaria(target[:n], all_shadows[:FEW, :n], keep[:FEW]),
        f"BaVarIA-style n, {FEW} models": bavaria(target[:n], all_shadows[:FEW, :n], keep[:FEW], heavy=False),
        "labels alone, calibrated": labels_alone(one),
    }  # fmt: skip
    return {name: roc(score, member) for name, score in scores.items()}


def labels_alone(one: Leak) -> Floats:
    """The attack that no output limit takes away."""
    n = one.played.n
    return calibrated(one.target["labels"][:n], one.shadows.signals["labels"][:, :n], one.shadows.keep)


def model_rows(name: str, one: Leak) -> Iterator[Row]:
    """Utility beside leakage."""
    hits = round(one.accuracy * len(one.data.test))
    low, high = clopper_pearson(hits, len(one.data.test))
    yield Row("accuracy", 100 * one.accuracy, "%", len(one.data.test), low=100 * low, high=100 * high, subject=name)
    found = curves(one)
    yield _area(name, found["LiRA online"])
    for attack, curve in found.items():
        yield _point(name, attack, curve)
    yield _point(name, ADAPTIVE, max(found.values(), key=_finds))


def less_rows(plain: Sequence[Row], private: Sequence[Row]) -> Iterator[Row]:
    """What DP-SGD takes away: the lower end of the interval of the difference must be above nothing.

    Args:
        plain: of :func:`model_rows`, of the model that remembers.
        private: of the private one.
    """
    for attack in ("LiRA online", ADAPTIVE):
        (a, members), (b, others) = (_found(rows_, attack) for rows_ in (plain, private))
        low, high = newcombe(a, members, b, others)
        yield Row(
            f"fewer members found under DP-SGD, at least: {attack}", 100 * low, "points", members, target=0.0,
            at_least=True, note=f"{a} and {b} found", low=100 * low, high=100 * high, subject=PRIVATE,
        )  # fmt: skip


def _found(of: Sequence[Row], attack: str) -> tuple[int, int]:
    """Members found, and how many there are."""
    row = next(row for row in of if row.what == _WHAT + attack)
    return round(row.value * row.n / 100), row.n


def limit_rows(one: Leak) -> Iterator[Row]:
    """What an output limit hides from a threshold, and what it does not hide."""
    n, keep = one.played.n, one.shadows.keep
    label_curve = roc(labels_alone(one), one.played.member)
    for name, signal, limited in (
        ("answers in tenths", "rounded", RoundedModel(one.model, 1)),
        ("top class alone", "top", TopModel(one.model)),
    ):
        through = roc(
            lira.online(one.target[signal][:n], one.shadows.signals[signal][:, :n], keep, True), one.played.member
        )
        yield _accuracy(name, limited, one.data)
        yield _area(name, through)
        yield _point(name, STATIC, roc(one.target[signal][:n], one.played.member))
        yield _point(name, "LiRA online", through)
        yield _point(name, "labels alone, calibrated", label_curve)
        yield _point(name, ADAPTIVE, max(through, label_curve, key=_finds))
    yield _accuracy("labels alone", one.model, one.data)
    yield _point("labels alone", STATIC, roc((one.target["labels"][:n] >= 1).astype(float), one.played.member))
    yield _point("labels alone", "labels alone, calibrated", label_curve)
    yield _point("labels alone", ADAPTIVE, label_curve)


def _accuracy(subject: str, model: ModelUnderTest, data: AuditData) -> Row:
    return rate_row(subject, "accuracy", list(model.predict_label(data.test.x) == data.test.y))


def art_rows(one: Leak) -> Iterator[Row]:
    """ART's black-box audit of the same model on the same rows, trained on other members and others; if installed."""
    try:
        from art.attacks.inference.membership_inference import MembershipInferenceBlackBox
        from art.estimators.classification import BlackBoxClassifier
    except ImportError:
        return
    played = one.played
    known = played.rest[:SAMPLES], played.rest[-SAMPLES:]
    shown = BlackBoxClassifier(one.model.predict_proba, one.model.shape, one.model.classes, (0.0, 1.0))
    attacked = played.pool[played.attacked]
    for kind, name in (("rf", "ART black box, random forest"), ("nn", "ART black box, network")):
        attack = MembershipInferenceBlackBox(shown, attack_model_type=kind)
        attack.fit(*(part for rows_ in known for part in (played.pool.x[rows_], played.pool.y[rows_])))
        scores = np.asarray(attack.infer(attacked.x, attacked.y, probabilities=True)).reshape(len(attacked), -1)[:, -1]
        yield _point(OVERFIT, name, roc(scores.astype(np.float64), played.member))


def _finds(curve: Roc) -> int:
    return curve.at(RATE).found


def _point(subject: str, attack: str, curve: Roc, target: float | None = None) -> Row:
    point = curve.at(RATE)
    low, high = point.interval
    return Row(
        _WHAT + attack, 100 * point.value, "% of members", point.members, target=target,
        note=f"{point.false} of {point.outsiders} false, {curve.tied():.1%} tied, by chance p = {point.chance:.2g}",
        low=100 * low, high=100 * high, subject=subject,
    )  # fmt: skip


def _area(subject: str, curve: Roc) -> Row:
    area, (low, high) = curve.auc()
    return Row(
        "AUC of LiRA online", area, "", len(curve.inside) + len(curve.outside), low=low, high=high, subject=subject
    )
