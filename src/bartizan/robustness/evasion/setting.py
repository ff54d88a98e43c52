"""What the audits of evasion share: options, the rows attacked, the weak model of the positive control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from bartizan.robustness.errors import AuditError, UnusableDataError
from bartizan.robustness.interface import AuditContext, ModelUnderTest, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.sklearn import from_estimator

LEAST = 30
"""Rows that the model must classify rightly before anything is said."""
WHITE_BOX = ("NIST-AI-100-2-e2025:NISTAML.022", "MITRE-ATLAS-2026.09:AML.T0015", "MITRE-ATLAS-2026.09:AML.T0043")
BLACK_BOX = ("NIST-AI-100-2-e2025:NISTAML.025", "MITRE-ATLAS-2026.09:AML.T0015", "MITRE-ATLAS-2026.09:AML.T0043")
UPPER_BOUND = (
    "Robust accuracy under attack is an upper bound: a better attack may find more (RobustBench's leader fell from "
    "75.28 to 73.10 under adaptive re-evaluation). Only a certificate is a lower bound."
)


@dataclass(frozen=True, slots=True)
class Options:
    """Numbers that the command line may set."""

    values: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]


def options(context: AuditContext, **defaults: float) -> Options:
    """Each default, or what the command line gave.

    Raises:
        AuditError: a misspelt option, or a value that is no finite number. Other names belong to other audits.
    """
    for name in context.options:
        near = get_close_matches(name, defaults, 1, 0.8)
        if name not in defaults and near:
            raise AuditError(f"this audit has no option {name}", f"{near[0]}?")
    found = dict(defaults)
    for name, text in context.options.items():
        if name not in defaults:
            continue
        try:
            found[name] = float(text)
        except ValueError as error:
            raise AuditError(f"{name}={text} is no number") from error
        if not np.isfinite(found[name]):
            raise AuditError(f"{name}={text} is no finite number")
    return Options(found)


def rows(context: AuditContext) -> Samples:
    """Test rows drawn by the seed, at most as many as the effort allows.

    Raises:
        UnusableDataError: a row lies outside the legal values, where no attack could keep it legal.
    """
    test = context.data.test
    drawn = np.sort(np.random.default_rng(context.seed).permutation(len(test))[: context.effort.samples])
    found = test[drawn]
    low, high = context.model.bounds
    if ((found.x < low - 1e-6) | (found.x > high + 1e-6)).any():
        raise UnusableDataError(
            f"rows reach from {found.x.min():g} to {found.x.max():g}, outside the legal values of the model",
            "scale the data as in training, or state the bounds",
        )
    return Samples(np.clip(found.x, low, high).astype(found.x.dtype, copy=False), found.y)


def enough(correct: int) -> None:
    """Raises AuditError where fewer rows are classified rightly than a statement needs."""
    if correct < LEAST:
        raise AuditError(f"the model is right about {correct} of the rows, and {LEAST} such rows are needed")


def weak_model(context: AuditContext) -> tuple[str, MeteredModel]:
    """What the positive control attacks, with a description: the model given, or a linear one fitted to the same data.

    A linear model without regularisation has no defence but the distance between the classes.
    """
    access = context.model.access
    if context.weak is not None:
        offered = access if context.weak.access.allows(access) else context.weak.access
        return f"{context.weak.name}, given as weak", MeteredModel(context.weak, offered)
    return "a linear model of the same rows", MeteredModel(linear(context), access)


def linear(context: AuditContext) -> ModelUnderTest:
    """Logistic regression on at most 2,000 training rows, or on the test rows where there are no others."""
    from sklearn.linear_model import LogisticRegression

    source = context.data.train or context.data.test
    drawn = np.random.default_rng(context.seed + 1).permutation(len(source))[:2_000]
    x, y = source.x[drawn].reshape(len(drawn), -1), source.y[drawn]
    if len(np.unique(y)) < 2:
        raise UnusableDataError("rows for the positive control have one class")
    spread = np.maximum(x.std(axis=0), 1e-6)
    fitted = LogisticRegression(C=100.0, max_iter=100, solver="lbfgs")
    with np.errstate(all="ignore"):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted.fit(x / spread, y)
    fitted.coef_ = fitted.coef_ / spread
    return from_estimator(fitted, context.model.shape, context.model.classes, context.model.bounds, "linear model")
