"""Tables: constraints are kept, trees are searched exactly, and files that contradict themselves are refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression

from bartizan.core.errors import BartizanError
from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.errors import AuditError
from bartizan.robustness.evasion.constraints import Column, Constraints, Rule, Space, guessed, read
from bartizan.robustness.evasion.tabular import Limits, attack, random_rows
from bartizan.robustness.interface import Access, AuditContext, AuditData, Effort, ModelUnderTest, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.sklearn import SklearnModel, from_estimator
from bartizan.robustness.runner import chosen, run

rng = np.random.default_rng(0)
N = 400
NAMES = ("age", "income", "debt", "job_a", "job_b", "job_c", "children", "risk")
JOBS = np.eye(3)[rng.integers(0, 3, N)]
X = np.column_stack([
    rng.integers(18, 80, N), rng.uniform(10, 100, N), rng.uniform(0, 10, N), JOBS, rng.integers(0, 5, N),
    rng.choice([1, 2, 3], N)
]).astype(float)  # fmt: skip
Y = ((X[:, 1] / 100 - X[:, 2] / 10 + 0.3 * JOBS[:, 1] + 0.1 * rng.normal(size=N)) > 0.1).astype(np.int64)
FILE = """\
columns:
  age: {change: never}
  income: {change: decrease, low: 0}
  children: {change: increase, integer: true, low: 0, high: 6}
  risk: {values: [1, 2, 3]}
categories:
  - [job_a, job_b, job_c]
rules:
  - weights: {debt: 1, income: -0.2}
    at_most: 8
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "constraints.yaml"
    path.write_text(FILE)
    return path


def space(file: Path) -> Space:
    return Space(read(file), NAMES, X)


def forest(kind: type = RandomForestClassifier, **more: object) -> ModelUnderTest:
    fitted = kind(random_state=0, **more).fit(X[:200], Y[:200])
    return from_estimator(fitted, (8,), 2)


def check(found: np.ndarray, origin: np.ndarray, legal: Space, limits: Limits) -> None:
    """By hand, not with the code under test."""
    assert (found[:, 0] == origin[:, 0]).all()
    assert (found[:, 1] <= origin[:, 1]).all()
    assert (found[:, 6] >= origin[:, 6]).all()
    assert (found[:, 6] == found[:, 6].round()).all()
    assert (found[:, 6] <= 6).all()
    assert np.isin(found[:, 7], [1, 2, 3]).all()
    assert (np.sort(found[:, 3:6], axis=1) == [0, 0, 1]).all()
    broke = (origin[:, 2] - 0.2 * origin[:, 1]) > 8
    assert ((found[:, 2] - 0.2 * found[:, 1] <= 8 + 1e-6) | broke).all()
    spans = legal.high - legal.low
    for index in (1, 2, 6):
        assert (np.abs(found - origin)[:, index] <= limits.share * spans[index] + 1e-5).all()
    decisions = (np.abs(found - origin) > 1e-9)[:, [0, 1, 2, 6, 7]].sum(1) + (found[:, 3:6] != origin[:, 3:6]).any(1)
    assert decisions.max() <= limits.columns


@pytest.mark.parametrize("access", [Access.SCORES, Access.LABELS])
@pytest.mark.parametrize("known", [True, False])
def test_constraints_are_kept(file: Path, access: Access, known: bool) -> None:
    model, limits, legal = forest(n_estimators=20), Limits(2, 0.3), space(file)
    rows = np.flatnonzero((model.predict_label(X) == Y) & legal.legal(X))[-60:]
    splits = model.splits() if known and isinstance(model, SklearnModel) else None
    found = attack(MeteredModel(model, access), X[rows], Y[rows], legal, limits, 600, rng, splits)
    check(found, X[rows], legal, limits)
    assert (model.predict_label(found) != Y[rows]).mean() > 0.2
    check(random_rows(X[rows], legal, limits, rng), X[rows], legal, limits)


@pytest.mark.parametrize(
    "kind", [RandomForestClassifier, ExtraTreesClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier]
)
def test_one_column_is_searched_exactly_where_splits_are_known(kind: type) -> None:
    """Against brute force over all thresholds of all columns."""
    more = {"max_iter": 8} if kind is HistGradientBoostingClassifier else {"n_estimators": 8}
    model = forest(kind, **more)
    assert isinstance(model, SklearnModel)
    free = Space(Constraints({name: Column() for name in NAMES}), NAMES, X)
    splits = model.splits()
    assert splits is not None
    assert sum(map(len, splits)) > 8
    rows = np.flatnonzero(model.predict_label(X) == Y)[:40]
    found = attack(model, X[rows], Y[rows], free, Limits(1, 0.25), 10**6, rng, splits)
    evaded = model.predict_label(found) != Y[rows]
    spans = free.high - free.low
    for row, hit in zip(rows, evaded, strict=True):
        possible = False
        for column, cuts in enumerate(splits):
            low = max(X[row, column] - 0.25 * spans[column], free.low[column])
            high = min(X[row, column] + 0.25 * spans[column], free.high[column])
            edges = np.unique([low, *[c for c in cuts if low < c < high], high])
            middles = (edges[1:] + edges[:-1]) / 2
            tried = np.repeat(X[row][None], len(middles), 0)
            tried[:, column] = middles
            possible |= len(middles) > 0 and bool((model.predict_label(tried) != Y[row]).any())
        assert hit or not possible


def test_two_columns_come_near_brute_force() -> None:
    model = forest(GradientBoostingClassifier, n_estimators=6, max_depth=2)
    assert isinstance(model, SklearnModel)
    free, splits = Space(Constraints(), NAMES, X), model.splits()
    assert splits is not None
    rows = np.flatnonzero(model.predict_label(X) == Y)[:60]
    found = attack(model, X[rows], Y[rows], free, Limits(2, 1.0), 10**6, rng, splits)
    evaded = model.predict_label(found) != Y[rows]
    middles = [np.concatenate([[c - 1e-3, c + 1e-3] for c in cuts]) if len(cuts) else np.empty(0) for cuts in splits]
    best = []
    for row in rows:
        tried = [
            (one, a, other, b)
            for one, other in product(range(8), range(8)) if one < other
            for a, b in product([*middles[one], X[row, one]], [*middles[other], X[row, other]])
        ]  # fmt: skip
        block = np.repeat(X[row][None], len(tried), 0)
        for number, (one, a, other, b) in enumerate(tried):
            block[number, one], block[number, other] = a, b
        block = np.clip(block, free.low, free.high)
        best.append(bool((model.predict_label(block) != Y[row]).any()))
    assert evaded.sum() >= 0.95 * np.sum(best)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_only_reachable_rows_are_said_to_be(seed: int) -> None:
    chance = np.random.default_rng(seed)
    legal = Space(
        Constraints({"a": Column(integer=True), "b": Column(values=(0, 1))}), ("a", "b"), np.array([[0, 0], [5, 1.0]])
    )
    rows = chance.choice([0, 0.5, 1, 5, 6], (30, 2))
    expected = [(a in (0, 1, 5)) and (b in (0, 1)) for a, b in rows]
    assert legal.legal(rows).tolist() == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns: {ages: {change: never}}\n", "'ages'"),
        ("columns: {age: {change: sometimes}}\n", "sometimes"),
        ("columns: {age: {changes: never}}\n", "changes"),
        ("columns: {age: {low: 9, high: 1}}\n", "is empty"),
        ("categories: [[job_a, job_b], [job_b, job_c]]\n", "overlap"),
        ("rules: [{weights: {wealth: 1}, at_most: 0}]\n", "'wealth'"),
        ("columns: [\n", "constraints.yaml"),
    ],
)
def test_files_that_say_nothing_sensible_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "constraints.yaml"
    path.write_text(text)
    with pytest.raises(BartizanError, match=said):
        Space(read(path), NAMES, X)


def test_without_a_file_whole_numbers_stay_whole() -> None:
    found = guessed(X, NAMES)
    assert found.columns["age"].integer
    assert found.columns["job_a"].values == (0, 1)
    assert "income" not in found.columns


def audited(model: ModelUnderTest, data: AuditData, **options: str) -> AuditResult:
    context = AuditContext(model, data, effort=Effort(samples=60, queries=300), options=options)
    (found,) = run(context, chosen(ids=["evasion.tabular"]))
    return found


DATA = AuditData(Samples(X[:200], Y[:200]), Samples(X[200:], Y[200:]), columns=NAMES)


def test_the_audit_of_a_forest(file: Path) -> None:
    found = audited(forest(n_estimators=20), DATA, constraints=str(file), share="0.4")
    figures = {one.name: one for one in found.measures}
    assert found.outcome in (Outcome.WEAK, Outcome.INCONCLUSIVE)
    assert figures["robust_accuracy"].value < figures["accuracy"].value - 0.15
    assert figures["columns_changed"].value <= 3
    assert found.settings["constraints"] == str(file)
    assert "each split" in found.algorithm
    assert found.baselines[0].measure.value > figures["robust_accuracy"].value
    labels = audited(MeteredModel(forest(n_estimators=20), Access.LABELS), DATA)
    assert "grid" in labels.algorithm


def test_breast_cancer_is_weak_to_few_columns() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    x = (x - x.mean(0)) / x.std(0)
    model = from_estimator(LogisticRegression(max_iter=500).fit(x[:300], y[:300]), (30,), 2)
    found = audited(model, AuditData(Samples(x[:300], y[:300]), Samples(x[300:], y[300:])), columns="5", share="0.5")
    assert found.outcome is Outcome.WEAK
    assert found.control is not None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"columns": "0"}, "at least 1"),
        ({"share": "2"}, "between 0 and 1"),
        ({"constraints": "missing.yaml"}, "missing.yaml"),
    ],
)
def test_options_that_are_none(options: dict[str, str], said: str) -> None:
    found = audited(forest(n_estimators=3), DATA, **options)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert said in found.reason


def test_rows_that_break_their_own_constraints_are_no_ground(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("columns: {age: {high: 20}}\n")
    found = audited(forest(n_estimators=3), DATA, constraints=str(path))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "break the constraints" in found.reason


def test_an_error_names_the_column() -> None:
    with pytest.raises(AuditError, match="nobody"):
        Space(Constraints(rules=(Rule({"nobody": 1.0}, 0),)), NAMES, X)
