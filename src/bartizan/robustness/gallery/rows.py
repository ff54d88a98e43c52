"""Data of the gallery: scikit-learn's small sets, and Fashion-MNIST where Debian's package put it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from bartizan.robustness import data
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import AuditData, Samples

FASHION: Final = Path("/usr/share/datasets/fashion-mnist")


def rows(name: str) -> AuditData:
    """``digits``, ``breast-cancer`` or ``wine``, every second row for training; or ``fashion-mnist`` as it is split.

    Features are scaled to [0, 1] by the training rows. Raises UnusableDataError for other names or missing files.
    """
    if name == "fashion-mnist":
        if not FASHION.is_dir():
            raise UnusableDataError(f"there is no {FASHION}", "on Debian: apt install dataset-fashion-mnist")
        return data.load(FASHION)
    if name not in _LOADERS:
        raise UnusableDataError(f"there is no {name} in the gallery", f"there are {', '.join(_LOADERS)}, fashion-mnist")
    found = _loader(_LOADERS[name])()
    order = np.random.default_rng(0).permutation(len(found.target))
    x, y = found.data[order].astype(np.float64), found.target[order].astype(np.int64)
    low, high = x[::2].min(axis=0), x[::2].max(axis=0)
    x = np.clip((x - low) / np.where(high > low, high - low, 1), 0, 1)
    if name == "digits":
        x = x.reshape(-1, 1, 8, 8)
    train, test = Samples(x[::2], y[::2]), Samples(x[1::2], y[1::2])
    names = tuple(str(one) for one in found.feature_names) if name != "digits" else ()
    return AuditData(train, test, data.digest(train.x, train.y, test.x, test.y), names)


_LOADERS: Final = {"digits": "load_digits", "breast-cancer": "load_breast_cancer", "wine": "load_wine"}


def _loader(name: str) -> Callable[[], Any]:
    from sklearn import datasets

    found: Callable[[], Any] = getattr(datasets, name)
    return found
