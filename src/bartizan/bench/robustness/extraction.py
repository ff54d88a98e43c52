"""Model extraction in figures: equations, copies beside ART's, the guard of query streams, marks of ownership."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from bartizan.bench.robustness import extraction_copies, extraction_marks, extraction_streams
from bartizan.bench.robustness.kept import kept, versions
from bartizan.bench.table import Row
from bartizan.robustness.data import load
from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.extraction import linear
from bartizan.robustness.models.sklearn import from_estimator

FASHION: Final = Path("/usr/share/datasets/fashion-mnist")
NOTES: Final = (
    "fidelity: share of 2,000 untouched rows with the victim's label; as many steps of training on both sides",
    "ART: CopycatCNN and KnockoffNets (random), from the same pool of 4,000 rows, with the same network",
    "ours is the best of three strategies, chosen on the rows it is reported on; each of them has its row",
    "streams of 512 queries; calibrated on other rows; n is the number of streams",
    "two kinds of stream are thieves that look like clients, and have no target",
    "claims stand from a p-value of 0.001 down: 3 of -log10",
)


def run(progress: Callable[[str], None], folder: Path = FASHION, keep: Path | None = None) -> list[Row]:
    """Rows of the table; ``keep`` is a folder of figures, from which a later run goes on.

    Raises:
        UnusableModelError: torch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise UnusableModelError("the benchmark trains with torch", "pip install 'bartizan[torch]'") from error
    torch.set_num_threads(1)
    data = load(folder)
    found = [*equations(), *extraction_copies.rows(data, progress, keep=keep)]
    facts = versions()
    for name, part in (("streams", extraction_streams.rows), ("marks", extraction_marks.rows)):
        found += kept(keep, f"extraction {name}", facts, partial(part, data, progress))
    return found


def equations() -> Iterator[Row]:
    """Largest error of the scores of a logistic regression stolen from as many answers as it has unknowns."""
    from sklearn.datasets import load_breast_cancer, load_digits
    from sklearn.linear_model import LogisticRegression

    for name, loaded in (("breast cancer", load_breast_cancer()), ("digits", load_digits())):
        x = (loaded.data - loaded.data.mean(axis=0)) / np.maximum(loaded.data.std(axis=0), 1e-9)
        y = loaded.target.astype(np.int64)
        model = from_estimator(LogisticRegression(max_iter=2_000).fit(x, y), x.shape[1:], int(y.max()) + 1)
        queries = x.shape[1] + 1
        asked = np.random.default_rng(0).normal(size=(queries, x.shape[1])) / 2
        stolen = linear.from_scores(model, asked).model(model)
        wrong = float(np.abs(stolen.predict_proba(x) - model.predict_proba(x)).max())
        what = f"largest error of stolen scores, {name}, {queries} queries"
        yield Row(what, wrong * 1e12, "1e-12", len(x), 1_000.0, subject=extraction_copies.OURS)
