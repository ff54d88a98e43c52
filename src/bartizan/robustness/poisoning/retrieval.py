"""Poisoned retrieval (Zou et al. 2024, PoisonedRAG): passages written to be found, carrying an order or a falsehood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats, Labels

Embed: TypeAlias = Callable[[Sequence[str]], Floats]
"""Texts to rows ``(n, width)`` whose cosines rank passages: what the retriever under test uses."""


def crafted(question: str, payload: str, share: float = 1.0) -> str:
    """The question's words, then the payload: the attack of the paper that needs no access to the retriever.

    Args:
        question: that the passage shall be found for.
        payload: an order to the model, or a false answer.
        share: of the question's words that are kept, from its start: fewer are harder to see, and rank lower.
    """
    words = question.split()
    return f"{' '.join(words[: max(1, round(share * len(words)))])} {payload}"


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Similarities of questions to a corpus; made once, asked for each attack."""

    questions: Floats
    """``(questions, width)``, of unit length."""
    corpus: Floats
    """``(passages, width)``, of unit length."""

    @classmethod
    def of(cls, embed: Embed, questions: Sequence[str], corpus: Sequence[str]) -> Retrieval:
        """Raises UnusableDataError for no questions or passages, or where the embedder answers with NaN or nothing."""
        if not questions or not corpus:
            raise UnusableDataError("retrieval needs questions and passages")
        return cls(_unit(embed(questions)), _unit(embed(corpus)))

    def ranks(self, planted: Floats) -> Labels:
        """Place of each question's planted passage among the corpus, from 1; a tie goes to the corpus.

        Args:
            planted: one embedding a question, ``(questions, width)``.
        """
        own = (self.questions * _unit(planted)).sum(1)
        return np.asarray(1 + (self.questions @ self.corpus.T >= own[:, None]).sum(1), np.int64)

    def nearness(self, passages: Floats) -> Floats:
        """Largest cosine of each passage to any question, ``(n,)``: crafted passages are nearer than honest ones."""
        return np.asarray((_unit(passages) @ self.questions.T).max(1))

    def limit(self, fpr: float) -> float:
        """The nearness above which at most ``fpr`` of the corpus lies.

        Raises:
            UnusableDataError: the corpus is too small for so small a share.
        """
        found = np.sort(self.nearness(self.corpus))[::-1]
        rank = int(fpr * (len(found) + 1))
        if rank < 1 or not 0 < fpr < 1:
            raise UnusableDataError(f"{len(found)} passages cannot carry a false-positive rate of {fpr:g}")
        return float(found[rank - 1])


def _unit(rows: Floats) -> Floats:
    found = np.asarray(rows, float)
    if found.ndim != 2 or not np.isfinite(found).all():
        raise UnusableDataError("the embedder answers with no rows of finite numbers")
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
