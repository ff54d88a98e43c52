"""What an attacker reads off a model's answer to a labelled row: one number a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest

Signal: TypeAlias = Callable[[ModelUnderTest, Floats, Labels], Floats]
"""A model, rows and their labels to one number a row."""


def scaled_logits(logits: Floats, y: Labels) -> Floats:
    """``log(p / (1 - p))`` of the true class's probability p, ``(n,)``: nearly normal over models, which p is not.

    Taken from the logits, so that it does not saturate where p rounds to one. Source: Carlini et al., IEEE S&P 2022,
    section VI-A ("stable" form).
    """
    rows = np.arange(len(y))
    found = logits.astype(np.float64)
    others = found.copy()
    others[rows, y] = -np.inf
    top = others.max(axis=1)
    return found[rows, y] - top - np.log(np.exp(others - top[:, None]).sum(axis=1))


def confidence(model: ModelUnderTest, x: Floats, y: Labels) -> Floats:
    """The scaled logit; a monotone function of the loss, so that a threshold on either is the same attack."""
    return scaled_logits(model.logits(x), y)


def negative_entropy(model: ModelUnderTest, x: Floats, y: Labels) -> Floats:
    """Minus the modified entropy (Song and Mittal, "Systematic Evaluation of Privacy Risks", USENIX Security 2021):
    like the entropy, but sure and wrong counts as uncertain."""
    rows = np.arange(len(y))
    p = model.predict_proba(x).astype(np.float64).clip(1e-30, 1 - 1e-15)
    true = p[rows, y]
    parts = p * np.log1p(-p)
    return (1 - true) * np.log(true) + parts.sum(axis=1) - parts[rows, y]


def probability(scaled: Floats) -> Floats:
    """Scaled logits back to the true class's probability."""
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(scaled, dtype=np.float64)))
