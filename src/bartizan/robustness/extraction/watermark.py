"""Marks of ownership: a trigger set taught at training time, and keyed wrong answers at serving time.

Papers: Y. Adi et al., "Turning Your Weakness Into a Strength", USENIX Security 2018 (trigger set); S. Szyller et al.,
"DAWN: Dynamic Adversarial Watermarking of Neural Networks", ACM Multimedia 2021 (keyed answers). What they withstand is
surveyed by N. Lukas et al., "SoK: How Robust is Image Classification Deep Neural Network Watermarking?", S&P 2022.
"""

from __future__ import annotations

import hmac

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.extraction import queries
from bartizan.robustness.extraction.ownership import SecretLabels, wrong_labels
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest, Samples, Trainer
from bartizan.robustness.models.base import BaseModel


def trigger_set(pool: Pool, classes: int, count: int, key: bytes) -> SecretLabels:
    """Rows unlike any of the field, each feature from its own distribution, with labels that the key draws.

    Args:
        pool: of the field; its rows are not changed.
        classes: of the model.
        count: rows.
        key: secret; whoever has it can draw the same set.
    """
    if len(key) < 16:
        raise AuditError("a key has at least 16 bytes")
    seed = int.from_bytes(hmac.digest(key, b"trigger rows", "sha256"), "big")
    rng = np.random.default_rng(seed)
    x = queries.marginal(pool, count, rng)
    return SecretLabels(x, wrong_labels(key, "trigger labels", rng.integers(0, classes, count), classes), classes)


def marked(trainer: Trainer, train: Samples, triggers: SecretLabels, seed: int, repeats: int = 8) -> ModelUnderTest:
    """A model that knows the triggers: each comes ``repeats`` times among the training rows."""
    x = np.concatenate([train.x, np.repeat(triggers.x, repeats, axis=0).astype(train.x.dtype)])
    y = np.concatenate([train.y, np.repeat(triggers.labels, repeats)])
    order = np.random.default_rng([seed, 41]).permutation(len(y))
    return trainer.fit(x[order], y[order], seed)


class KeyedAnswers(BaseModel):
    """Answers a small share of queries, which the key picks, with a wrong class, and always the same one.

    Whoever trains on the answers learns the wrong ones too; they are the trigger set of that client. A query is known
    again by its values in 16 steps of their range, so that a repetition with tiny noise gets the same answer.

    Args:
        model: what answers the others.
        key: secret, of one client, so that a copy names the client.
        share: of queries that are answered wrongly, the price of the mark.
        low: smallest value of a feature, broadcastable.
        high: largest.
    """

    access = Access.SCORES

    def __init__(self, model: ModelUnderTest, key: bytes, share: float, low: Floats, high: Floats) -> None:
        super().__init__(f"{model.name}, keyed answers", model.shape, model.classes, model.bounds, model.digest)
        if len(key) < 16 or not 0 < share < 0.5 or model.classes < 3:
            raise AuditError("keyed answers need a key of 16 bytes, a share in (0, 0.5) and three classes")
        self._model, self._key, self._share = model, key, share
        self._low, self._width = low, np.where(high > low, high - low, 1.0)

    def predict_label(self, x: Floats, /) -> Labels:
        """The model's, but for the keyed share."""
        labels = self._model.predict_label(x)
        picked, shift = self._keyed(x)
        return np.where(picked, (labels + shift) % self.classes, labels)

    def predict_proba(self, x: Floats, /) -> Floats:
        """The model's, the scores of the right and the wrong class exchanged."""
        scores = np.array(self._model.predict_proba(x))
        labels = self._model.predict_label(x)
        picked, shift = self._keyed(x)
        rows, wrong = np.arange(len(x)), (labels + shift) % self.classes
        own = scores[rows, labels].copy()
        scores[rows, labels] = np.where(picked, scores[rows, wrong], own)
        scores[rows, wrong] = np.where(picked, own, scores[rows, wrong])
        return scores

    def marks(self, asked: Floats) -> SecretLabels:
        """Of the queries of the client, those that were answered wrongly, once each, with the wrong labels."""
        picked, shift = self._keyed(asked)
        rows = np.flatnonzero(picked)
        if len(rows):
            rows = rows[np.sort(np.unique(asked[rows].reshape(len(rows), -1), axis=0, return_index=True)[1])]
        labels = self._model.predict_label(asked[rows]) if len(rows) else np.empty(0, np.int64)
        return SecretLabels(asked[rows], (labels + shift[rows]) % self.classes, self.classes)

    def _keyed(self, x: Floats) -> tuple[Labels, Labels]:
        steps = np.clip((x - self._low) / self._width * 15.999, 0, 15).astype(np.uint8)
        digests = [hmac.digest(self._key, row.tobytes(), "sha256") for row in steps.reshape(len(x), -1)]
        picked = np.array([int.from_bytes(one[:8], "big") < self._share * 2**64 for one in digests], bool)
        shift = np.array([1 + int.from_bytes(one[8:16], "big") % (self.classes - 1) for one in digests], np.int64)
        return picked, shift
