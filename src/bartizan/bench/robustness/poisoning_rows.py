"""Poisoned rows named in the training sets of the benchmark's models, beside ART's defences on the same models."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from bartizan.bench.robustness.poisoning_models import HELD_OUT, SHAPE, Case
from bartizan.bench.table import Row
from bartizan.core.stats import Rate
from bartizan.robustness.interface import AuditData, Labels, ModelUnderTest, Samples
from bartizan.robustness.models.torch_training import TorchTrainer
from bartizan.robustness.poisoning.behaviour import triggered
from bartizan.robustness.poisoning.hunt import hunt
from bartizan.robustness.poisoning.influence import head_of
from bartizan.robustness.poisoning.neural_cleanse import Recovered, search
from bartizan.robustness.poisoning.references import References, train_references

OURS: Final = "Bartizan"
INFLUENCE: Final = "Bartizan, influence, as many rows as were planted"
CLUSTERING, SPECTRAL = "ART activation clustering", "ART spectral signatures"


class Named(msgspec.Struct, frozen=True):
    """The rows that one method names in one training set."""

    kind: str
    subject: str
    hits: int
    named: int
    planted: int

    @property
    def reaches(self) -> bool:
        """A precision of 50% at a recall of 80%."""
        return 2 * self.hits >= self.named > 0 and self.hits >= 0.8 * self.planted


def rows_of(
    cases: Sequence[Case],
    data: AuditData,
    trainer: TorchTrainer,
    keep: Path | None,
    progress: Callable[[str], None],
    until: float,
) -> list[Row]:
    """Precision and recall of each method, by kind; methods see the same models and rows."""
    if not cases:
        return []
    trusted = data.test[: len(data.test) - HELD_OUT]
    held = data.test[len(data.test) - HELD_OUT :]
    references: References | None = None
    found: list[Named] = []
    for case in cases:
        path = keep / f"{case.slug}.rows.json" if keep is not None else None
        if path is not None and path.exists():
            found += msgspec.json.decode(path.read_bytes(), type=list[Named])
            continue
        if time.monotonic() >= until:
            continue
        progress(f"rows of {case.kind}, {case.number}")
        references = references or train_references(trainer, trusted, 10, 0)
        made = _named(case, case.model(keep), references, held)
        if path is not None:
            path.write_bytes(msgspec.json.encode(made))
        found += made
    return _table(found)


def _named(case: Case, model: ModelUnderTest, references: References, held: Samples) -> list[Named]:
    samples, planted = case.poisoned
    triggers = search(model, held[:300], 0)
    ours = hunt(model, samples, references, triggers, held, 0).suspects
    named: dict[str, Labels] = {
        OURS: ours,
        INFLUENCE: _influential(case, model, held, triggers),
        **_art(model, samples),
    }
    return [
        Named(case.kind, subject, len(np.intersect1d(rows, planted)), len(rows), len(planted))
        for subject, rows in named.items()
    ]


def _influential(case: Case, model: ModelUnderTest, held: Samples, triggers: Sequence[Recovered]) -> Labels:
    """By the recovered trigger of the class that was attacked."""
    assert case.plan is not None
    samples, planted = case.poisoned
    behaviour = triggered(held[:300], triggers[case.plan[1]].trigger, case.plan[1])
    return np.argsort(-behaviour.support(head_of(model, samples), model), kind="stable")[: len(planted)].astype(
        np.int64
    )


def _art(model: Any, samples: Samples) -> dict[str, Labels]:
    """ART's defences as its documentation uses them; nothing where ART is not installed."""
    try:
        version("adversarial-robustness-toolbox")
    except PackageNotFoundError:
        return {}
    import torch
    from art.defences.detector.poison import ActivationDefence, SpectralSignatureDefense
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(model.module, torch.nn.CrossEntropyLoss(), SHAPE, 10, clip_values=(0.0, 1.0))
    hot = np.eye(10, dtype=np.float32)[samples.y]
    with contextlib.redirect_stdout(io.StringIO()):
        _, clusters = ActivationDefence(classifier, samples.x, hot).detect_poison(
            nb_clusters=2, nb_dims=10, reduce="PCA"
        )
        _, spectra = SpectralSignatureDefense(
            classifier, samples.x, hot, expected_pp_poison=0.05, batch_size=128, eps_multiplier=1.5
        ).detect_poison()
    return {CLUSTERING: np.flatnonzero(np.asarray(clusters) == 0), SPECTRAL: np.flatnonzero(np.asarray(spectra) == 0)}


def _table(found: Sequence[Named]) -> list[Row]:
    rows: list[Row] = []
    for kind in dict.fromkeys(one.kind for one in found):
        for subject in dict.fromkeys(one.subject for one in found):
            own = [one for one in found if (one.kind, one.subject) == (kind, subject)]
            if not own:
                continue
            target = 50.0 if subject == OURS and kind.startswith("badnets") else None
            precisions = [one.hits / max(one.named, 1) for one in own]
            recalls = [one.hits / one.planted for one in own]
            for what, values, floor in (
                (f"poisoned rows, median precision, {kind}", precisions, target),
                (f"poisoned rows, median recall, {kind}", recalls, 80.0 if target else None),
            ):
                rows.append(
                    Row(
                        what, 100 * float(np.median(values)), "%", len(own), target=floor, at_least=True,
                        low=100 * min(values), high=100 * max(values), subject=subject,
                    )
                )  # fmt: skip
            rate = Rate(sum(one.reaches for one in own), len(own))
            low, high = rate.interval
            what = f"models with precision ≥ 50% at recall ≥ 80%, {kind}"
            rows.append(Row(what, 100 * rate.value, "%", rate.n, low=100 * low, high=100 * high, subject=subject))
    return rows
