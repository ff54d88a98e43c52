"""Copies of one network from the same number of answers: ours, and those of the Adversarial Robustness Toolbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bartizan.bench.robustness.kept import kept_as, versions
from bartizan.bench.table import Row, rate_row
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.extraction.surrogate import COPIES, Strategy, steal
from bartizan.robustness.interface import Access, AuditData, Floats, Labels, ModelUnderTest
from bartizan.robustness.models.torch_training import TorchTrainer, small_cnn

if TYPE_CHECKING:
    import torch

SHAPE: Final = (1, 28, 28)
OURS: Final = "Bartizan"
OPPONENT: Final = "adversarial-robustness-toolbox"
EPOCHS: Final = 6
_RATE, _HOLD = 4e-3, 0.5
"""How our thief learns from labels; chosen on other victims and on rows that no figure is of."""
_VICTIM, _POOL, _HELD = slice(0, 10_000), slice(20_000, 24_000), slice(0, 2_000)
Told = Callable[[str], None]


def network(shape: tuple[int, ...], classes: int) -> torch.nn.Sequential:
    """Victim and thieves alike."""
    return small_cnn(shape, classes, width=8)


Hits = list[tuple[str, str, list[bool]]]
"""Who, which figure, and the rows on which copy and victim answer alike."""


def rows(data: AuditData, told: Told, queries: int = 1_000, seeds: int = 5, keep: Path | None = None) -> Iterator[Row]:
    """Fidelity on 2,000 untouched rows, of so many victims together; the target of our best is the best opponent.

    ``keep`` is a folder of figures, from which a later run goes on victim by victim.
    """
    hits: dict[tuple[str, str], list[bool]] = {}
    for seed in range(seeds):
        facts = {"queries": queries, **versions(OPPONENT)}
        for subject, what, found in kept_as(
            Hits, keep, f"extraction copies {seed}", facts, partial(_measured, data, told, queries, seed)
        ):
            hits.setdefault((subject, what), []).extend(found)
    for what in dict.fromkeys(what for _, what in hits):
        shares = {one: 100 * sum(found) / len(found) for (one, other), found in hits.items() if other == what}
        theirs = [share for one, share in shares.items() if one.startswith("ART")]
        mine = [one for one in shares if one.startswith(OURS)]
        best = max(mine, key=lambda one: shares[one], default=None)
        for subject in shares:
            found = hits[subject, what]
            per_seed = [100 * sum(part) / len(part) for part in _parts(found, seeds)]
            note = f"{seeds} victims: " + ", ".join(f"{one:.1f}" for one in per_seed)
            row = rate_row(OURS if subject == best else subject, what, found, note=note)
            yield _aimed(row, max(theirs)) if subject == best and theirs else row


def _parts(found: list[bool], count: int) -> Iterator[list[bool]]:
    size = len(found) // count
    yield from (found[at * size : (at + 1) * size] for at in range(count))


def _measured(data: AuditData, told: Told, queries: int, seed: int) -> Hits:
    """One victim, and what each thief made of it."""
    return list(_thefts(data, told, queries, seed))


def _thefts(data: AuditData, told: Told, queries: int, seed: int) -> Iterator[tuple[str, str, list[bool]]]:
    assert data.train is not None
    told("training the victim")
    victim = TorchTrainer(network, SHAPE, 10, name="victim").fit(data.train.x[_VICTIM], data.train.y[_VICTIM], seed)
    held = data.test[_HELD]
    answers = victim.predict_label(held.x)
    pool = Pool(data.train.x[_POOL], data.train.y[_POOL], np.array(0.0), np.array(1.0))
    trainer = TorchTrainer(network, SHAPE, 10, epochs=EPOCHS, rate=_RATE, hold=_HOLD)

    def judge(copy: ModelUnderTest) -> tuple[float, float, int]:
        found = copy.predict_label(held.x)
        return float((found == answers).mean()), float((found == held.y).mean()), len(held)

    for access in (Access.SCORES, Access.LABELS):
        what = f"fidelity from {queries:,} queries, {access}"
        for name, copy in _opponents(victim, pool, queries, access, told, seed):
            yield name, what, (copy(held.x) == answers).tolist()
        for strategy in (Strategy.POOL, Strategy.UNCERTAIN, Strategy.KNOCKOFF):
            told(f"{what}: {strategy}, victim {seed}")
            # Half of the budget first, so that there is a copy to be uncertain.
            theft = steal(victim, trainer, pool, strategy, [queries // 2, queries], judge, access, seed)
            yield f"{OURS}, {strategy}", what, (theft.copy.predict_label(held.x) == answers).tolist()
    told("the same rows, no query")
    unasked = trainer.fit(np.repeat(pool.x[:queries], COPIES, 0), np.repeat(pool.y[:queries], COPIES), seed)
    what = f"fidelity from {queries:,} queries, labels"
    yield "no query, true labels", what, (unasked.predict_label(held.x) == answers).tolist()


def _aimed(row: Row, target: float) -> Row:
    import msgspec

    return msgspec.structs.replace(row, target=target, at_least=True)


def _opponents(
    victim: ModelUnderTest, pool: Pool, queries: int, access: Access, told: Told, seed: int
) -> Iterator[tuple[str, Callable[[Floats], Labels]]]:
    """Names and classifiers. As many steps of training as ours: each answer of ours comes four times."""
    try:
        import torch
        from art.attacks.extraction import CopycatCNN, KnockoffNets
        from art.estimators.classification import BlackBoxClassifier, PyTorchClassifier
    except ImportError:
        return

    scores = access.allows(Access.SCORES)
    black_box = BlackBoxClassifier(lambda x: np.asarray(victim.predict_proba(x)), SHAPE, 10, clip_values=(0.0, 1.0))
    for name, attack in (("ART CopycatCNN", CopycatCNN), ("ART KnockoffNets", KnockoffNets)):
        told(f"{name}, {access}")
        torch.manual_seed(seed + len(name))
        np.random.seed(seed + len(name))
        module = network(SHAPE, 10)
        thief = PyTorchClassifier(
            module,
            torch.nn.CrossEntropyLoss(),
            SHAPE,
            10,
            torch.optim.Adam(module.parameters(), lr=2e-3),
            clip_values=(0.0, 1.0),
        )
        extraction = attack(
            black_box,
            batch_size_fit=128,
            batch_size_query=500,
            nb_epochs=EPOCHS * COPIES,
            nb_stolen=queries,
            use_probability=scores,
        )
        stolen = extraction.extract(pool.x, thieved_classifier=thief)
        yield name, _labels_of(stolen)


def _labels_of(classifier: Any) -> Callable[[Floats], Labels]:
    def labels(x: Floats) -> Labels:
        found: Labels = np.asarray(classifier.predict(x)).argmax(axis=1).astype(np.int64)
        return found

    return labels
