"""Thresholds of tree ensembles of scikit-learn, column by column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bartizan.robustness.interface import Floats


def splits(estimator: Any, columns: int) -> list[Floats] | None:
    """Sorted thresholds of each column; a row goes left where its value is at most the threshold.

    Args:
        estimator: a fitted decision tree, forest, extra trees, gradient boosting or histogram gradient boosting.
        columns: how many features there are.

    Returns:
        None for what is no ensemble of trees.
    """
    found: list[list[float]] = [[] for _ in range(columns)]
    any_tree = False
    for features, thresholds in _nodes(estimator):
        any_tree = True
        for feature, threshold in zip(features, thresholds, strict=True):
            found[int(feature)].append(float(threshold))
    if not any_tree:
        return None
    return [np.unique(np.asarray(one, float)) for one in found]


def _nodes(estimator: Any) -> Iterator[tuple[Any, Any]]:
    if hasattr(estimator, "tree_"):
        tree = estimator.tree_
        inner = tree.children_left != tree.children_right
        yield tree.feature[inner], tree.threshold[inner]
    elif hasattr(estimator, "_predictors"):  # histogram gradient boosting
        for stage in estimator._predictors:
            for predictor in stage:
                inner = predictor.nodes[(predictor.nodes["is_leaf"] == 0) & (predictor.nodes["is_categorical"] == 0)]
                yield inner["feature_idx"], inner["num_threshold"]
    elif hasattr(estimator, "estimators_"):
        for part in np.asarray(estimator.estimators_, dtype=object).ravel():
            yield from _nodes(part)
