"""Copies of one network from the same number of answers: ours, and those of the Adversarial Robustness Toolbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bartizan.bench.table import Row, rate_row
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.extraction.surrogate import COPIES, Strategy, steal
from bartizan.robustness.interface import Access, AuditData, Floats, Labels, ModelUnderTest
from bartizan.robustness.models.torch import TorchModel
from bartizan.robustness.models.torch_training import TorchTrainer, small_cnn

if TYPE_CHECKING:
    import torch

SHAPE: Final = (1, 28, 28)
OURS: Final = "Bartizan"
EPOCHS: Final = 6
_VICTIM, _POOL, _HELD = slice(0, 10_000), slice(20_000, 24_000), slice(0, 2_000)
Told = Callable[[str], None]


def network(shape: tuple[int, ...], classes: int) -> torch.nn.Sequential:
    """Victim and thieves alike."""
    return small_cnn(shape, classes, width=8)


def rows(data: AuditData, told: Told, queries: int = 1_000, seed: int = 0) -> Iterator[Row]:
    """Fidelity on 2,000 untouched rows; the target of our best is the best of the opponents that are installed."""
    assert data.train is not None
    told("training the victim")
    victim = TorchTrainer(network, SHAPE, 10, name="victim").fit(data.train.x[_VICTIM], data.train.y[_VICTIM], seed)
    held = data.test[_HELD]
    answers = victim.predict_label(held.x)
    pool = Pool(data.train.x[_POOL], data.train.y[_POOL], np.array(0.0), np.array(1.0))
    trainer = TorchTrainer(network, SHAPE, 10, epochs=EPOCHS)

    def judge(copy: ModelUnderTest) -> tuple[float, float, int]:
        found = copy.predict_label(held.x)
        return float((found == answers).mean()), float((found == held.y).mean()), len(held)

    for access in (Access.SCORES, Access.LABELS):
        what = f"fidelity from {queries:,} queries, {access}"
        best: dict[str, float] = {}
        for name, copy in _opponents(victim, pool, queries, access, told, seed):
            best[name] = float((copy(held.x) == answers).mean())
            yield rate_row(name, what, list(copy(held.x) == answers))
        target = 100 * max(best.values()) if best else None
        found: dict[Strategy, TorchModel] = {}
        for strategy in (Strategy.POOL, Strategy.UNCERTAIN, Strategy.KNOCKOFF):
            told(f"{what}: {strategy}")
            # Half of the budget first, so that there is a copy to be uncertain.
            theft = steal(victim, trainer, pool, strategy, [queries // 2, queries], judge, access, seed)
            assert isinstance(theft.copy, TorchModel)
            found[strategy] = theft.copy
        chosen = max(found, key=lambda one: judge(found[one])[0])
        for strategy, copy_ in found.items():
            mine = strategy is chosen
            subject = OURS if mine else f"{OURS}, {strategy}"
            row = rate_row(subject, what, list(copy_.predict_label(held.x) == answers), note=str(strategy))
            yield row if target is None or not mine else _aimed(row, target)
    told("the same rows, no query")
    unasked = trainer.fit(np.repeat(pool.x[:queries], COPIES, 0), np.repeat(pool.y[:queries], COPIES), seed)
    what = f"fidelity from {queries:,} queries, labels"
    yield rate_row("no query, true labels", what, list(unasked.predict_label(held.x) == answers))


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
