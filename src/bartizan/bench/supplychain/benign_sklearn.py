"""Models of scikit-learn for `build_benign`, which imports this as a script does."""

# mypy: ignore-errors
# ruff: noqa: E501
# Runs under another Python, with libraries that have no types.

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

SEED = 20261127
_SLOW = frozenset({"GaussianProcessClassifier", "SequentialFeatureSelector", "RFECV"})


def sklearn_models(numpy: Any) -> Iterator[tuple[str, Any]]:
    """Every estimator that fits on small data."""
    from sklearn.utils import all_estimators

    random = numpy.random.RandomState(SEED)
    x = numpy.abs(random.rand(60, 5))
    y = (x[:, 0] + x[:, 1] > 1).astype(int)
    for name, kind in all_estimators():
        if name in _SLOW:
            continue
        for data, target in (
            (x, y),
            (x, x[:, :2]),
            (x[:, 0], y),
            ([["a", "b"]] * 60, y),
            (["good text", "bad text"] * 30, y),
        ):
            try:
                estimator = _made(kind)
                yield name, estimator.fit(data, target)
                break
            except (TypeError, ValueError, AttributeError, IndexError, KeyError):  # other data may suit it
                continue


def _made(kind: Any) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    for arguments in ({}, {"estimator": LogisticRegression()}, {"estimator": Ridge()},
                      {"estimators": [("a", LogisticRegression()), ("b", LogisticRegression(C=2.0))]},
                      {"estimators": [("a", Ridge()), ("b", Ridge(2.0))]},
                      {"estimator": Ridge(), "param_grid": {"alpha": [1.0, 2.0]}},
                      {"transformer_list": [("a", "passthrough")]},
                      {"transformers": [("a", "passthrough", [0, 1])]},
                      {"steps": [("a", LogisticRegression())]}, {"n_components": 2}):  # fmt: skip
        try:
            return kind(**arguments)
        except TypeError:
            continue
    raise ValueError("cannot be made")


def sklearn_composed(numpy: Any) -> Iterator[tuple[str, Any]]:
    """Pipelines and searches as people build them."""
    from scipy import stats
    from sklearn import (
        compose,
        ensemble,
        feature_extraction,
        feature_selection,
        linear_model,
        model_selection,
        naive_bayes,
        neighbors,
        pipeline,
        preprocessing,
        svm,
    )

    random = numpy.random.RandomState(SEED)
    x, y = random.rand(80, 4), random.randint(0, 2, 80)
    yield "pipeline", pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC(probability=True)).fit(x, y)
    yield "grid", model_selection.GridSearchCV(svm.SVC(), {"C": [1, 2], "kernel": ["rbf"]}, cv=2).fit(x, y)
    yield "random", model_selection.RandomizedSearchCV(
        ensemble.RandomForestClassifier(5), {"max_depth": stats.randint(2, 5), "ccp_alpha": stats.uniform(0, 0.1)},
        n_iter=2, cv=2, random_state=1).fit(x, y)  # fmt: skip
    yield "columns", compose.ColumnTransformer(
        [("a", preprocessing.StandardScaler(), [0, 1]), ("b", preprocessing.FunctionTransformer(numpy.log1p), [2])]).fit(x)  # fmt: skip
    yield "union", pipeline.FeatureUnion([("a", preprocessing.StandardScaler()), ("b", feature_selection.SelectKBest(feature_selection.f_classif, k=2))]).fit(x, y)  # fmt: skip
    texts = ["red apple", "green pear", "blue plum", "black fig"] * 5
    for name, vector in (("count", feature_extraction.text.CountVectorizer()), ("tfidf", feature_extraction.text.TfidfVectorizer()),
                         ("hash", feature_extraction.text.HashingVectorizer(n_features=16))):  # fmt: skip
        yield f"text-{name}", pipeline.make_pipeline(vector, linear_model.SGDClassifier()).fit(texts, [0, 1] * 10)
    yield (
        "calibrated",
        importlib.import_module("sklearn.calibration").CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2).fit(x, y),
    )
    for algorithm in ("kd_tree", "ball_tree"):
        yield f"knn-{algorithm}", neighbors.KNeighborsClassifier(algorithm=algorithm).fit(x, y)
    yield "metric", neighbors.NearestNeighbors(metric="minkowski", p=3, algorithm="ball_tree").fit(x)
    yield "forest-oob", ensemble.RandomForestRegressor(10, oob_score=True, bootstrap=True).fit(x, x[:, 0])
