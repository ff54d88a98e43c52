"""Tree ensembles of XGBoost and LightGBM in their own text formats, which hold no code; the libraries must be there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.interface import Floats
from bartizan.robustness.models.base import BaseModel


class BoosterModel(BaseModel):
    """A booster's probabilities.

    Args:
        path: ``.json`` or ``.ubj`` of XGBoost, ``.txt`` of LightGBM.
        shape: of one row.
        classes: how many there are.
        bounds: smallest and largest legal value.

    Raises:
        UnusableModelError: the library is not installed, or it does not read the file.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, ...],
        classes: int,
        bounds: tuple[Floats | float, Floats | float] = (-np.inf, np.inf),
    ) -> None:
        library = "lightgbm" if path.suffix == ".txt" else "xgboost"
        try:
            raw = path.read_bytes()
            self._predict, self._thresholds = _lightgbm(path) if library == "lightgbm" else _xgboost(path)
        except ImportError:
            raise UnusableModelError(f"{path.name} needs {library}", f"install it: pip install {library}") from None
        except Exception as error:  # both raise classes of their own
            raise UnusableModelError(f"{library} does not read {path.name}: {_line(error)}") from None
        super().__init__(path.name, shape, classes, bounds, f"sha256:{hashlib.sha256(raw).hexdigest()}")

    def predict_proba(self, x: Floats, /) -> Floats:
        """As the objective gives them: one probability for two classes, or one for each class."""
        try:
            found = np.asarray(self._predict(x.reshape(len(x), -1)), np.float64).reshape(len(x), -1)
        except Exception as error:  # as above
            raise UnusableModelError(f"{self.name} fails: {_line(error)}") from None
        if found.shape[1] == 1 and self.classes == 2:
            return np.hstack([1 - found, found])
        return found

    def splits(self) -> list[Floats] | None:
        """Sorted thresholds of each column; None where the library's dump is not what is known of it."""
        found: list[list[float]] = [[] for _ in range(int(np.prod(self.shape)))]
        try:
            for column, threshold in self._thresholds():
                found[column].append(threshold)
        except (KeyError, IndexError, TypeError, ValueError):
            return None
        return [np.unique(np.asarray(one, float)) for one in found]


Thresholds = Callable[[], Iterable[tuple[int, float]]]
"""Reads column and threshold of each numeric split; a row goes left where its value is at most the threshold."""


def _xgboost(path: Path) -> tuple[Any, Thresholds]:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(str(path))
    names = {name: column for column, name in enumerate(booster.feature_names or ())}

    def thresholds() -> Iterator[tuple[int, float]]:
        for text in booster.get_dump(dump_format="json"):
            for node in _inner(json.loads(text), "children"):
                name, threshold = str(node["split"]), node["split_condition"]
                if isinstance(threshold, int | float):  # categories have a list
                    # XGBoost goes left below the threshold, in single precision: at most the number before it.
                    before = np.nextafter(np.float32(threshold), np.float32(-np.inf))
                    yield names[name] if name in names else int(name.removeprefix("f")), float(before)

    return (lambda x: booster.inplace_predict(x, validate_features=False)), thresholds


def _lightgbm(path: Path) -> tuple[Any, Thresholds]:
    import lightgbm

    booster = lightgbm.Booster(model_file=str(path))

    def thresholds() -> Iterator[tuple[int, float]]:
        for tree in booster.dump_model()["tree_info"]:
            for node in _inner(tree["tree_structure"], "left_child", "right_child"):
                if node["decision_type"] == "<=":  # categories have "=="
                    yield int(node["split_feature"]), float(node["threshold"])

    return booster.predict, thresholds


def _inner(node: dict[str, Any], *below: str) -> Iterator[dict[str, Any]]:
    """Nodes that have others below them; deep trees take no deep stack."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        found = [one[name] for name in below if name in one]
        if found:
            yield one
            waiting += found[0] if isinstance(found[0], list) else found


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
