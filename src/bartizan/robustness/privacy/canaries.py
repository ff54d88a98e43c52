"""Exposure of planted secrets: how far up a language model ranks what it was trained on among all it could have been.

N. Carlini, C. Liu, Ú. Erlingsson, J. Kos, D. Song, "The Secret Sharer: Evaluating and Testing Unintended Memorization
in Neural Networks", USENIX Security 2019. Secrets are drawn uniformly, so the rank of one never seen is uniform too:
``rank / space`` is an exact p-value, and exposure is its logarithm. Ranks are exact where the space can be
enumerated symbol by symbol; otherwise they are ranks among drawn secrets, and say no more than so many can.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bartizan.robustness.errors import UnusableDataError, UnusableModelError
from bartizan.robustness.interface import Floats
from bartizan.robustness.privacy.language import LanguageModel

QUESTIONS: Final = 12_000
"""What one rank may cost; spaces that cost more to enumerate are drawn from."""
_FEWEST: Final = 100
_BATCH: Final = 512
_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Canary:
    """A secret that was planted in training text, or is feared to be in it."""

    prefix: str
    """What stands before it."""
    secret: str
    alphabet: str
    """Every symbol of the secret was drawn from these, uniformly and by itself."""
    copies: int = 0
    """How often it was planted, where that is known."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.secret) <= _LONGEST or not set(self.secret) <= set(self.alphabet):
            raise UnusableDataError(
                f"a secret has 1 to {_LONGEST} symbols, all of its alphabet",
                f"{len(self.secret)} symbols, alphabet {self.alphabet!r}",
            )
        if not 2 <= len(set(self.alphabet)) == len(self.alphabet):
            raise UnusableDataError("an alphabet has two symbols or more, each once", f"alphabet {self.alphabet!r}")

    @property
    def bits(self) -> float:
        """Logarithm of the number of secrets it could have been."""
        return len(self.secret) * math.log2(len(self.alphabet))


@dataclass(frozen=True, slots=True)
class Exposure:
    """Where the secret stands."""

    rank: int
    """From 1; a tie counts against the attacker."""
    of: int
    """Secrets compared, this one included."""
    exact: bool
    """All there are; otherwise drawn ones."""

    @property
    def bits(self) -> float:
        """``log2(of) - log2(rank)``; 1.44 on average for a secret that was never seen."""
        return math.log2(self.of) - math.log2(self.rank)

    @property
    def chance(self) -> float:
        """How probable such a rank or a better one is for a secret that the model never saw."""
        return self.rank / self.of


def exposure(model: LanguageModel, canary: Canary, seed: int = 0, budget: int = QUESTIONS) -> Exposure:
    """The rank of a secret among all of its space, or among as many drawn ones as ``budget`` questions pay for.

    Raises:
        UnusableDataError: the budget pays for too few to rank among.
        UnusableModelError: the model gives no probability at all for what could follow.
    """
    symbols, length = len(canary.alphabet), len(canary.secret)
    questions = sum(symbols**level for level in range(length)) if length * math.log2(symbols) < 40 else math.inf
    if questions <= budget:
        scores = _all(model, canary)
        own = 0
        for symbol in canary.secret:
            own = own * symbols + canary.alphabet.index(symbol)
        return Exposure(int((scores >= scores[own]).sum()), len(scores), True)
    drawn = budget // length
    if drawn < _FEWEST:
        raise UnusableDataError(
            f"{budget} questions pay for {drawn} drawn secrets of {length} symbols, {_FEWEST} are the fewest",
            "allow more questions",
        )
    rng = np.random.default_rng([seed, 0xCA7A])
    others = ["".join(rng.choice(list(canary.alphabet), length)) for _ in range(drawn)]
    scores = _these(model, canary, [canary.secret, *others])
    return Exposure(1 + int((scores[1:] >= scores[0]).sum()), 1 + drawn, False)


def extract(model: LanguageModel, canary: Canary, questions: int = 2_000) -> tuple[str, int]:
    """The most probable secret by best-first search (the paper's shortest path), and what it cost; empty if it costs
    more than ``questions``."""
    heap: list[tuple[float, str]] = [(0.0, "")]
    asked = 0
    while heap:
        cost, found = heapq.heappop(heap)
        if len(found) == len(canary.secret):
            return found, asked
        if asked >= questions:
            break
        asked += 1
        (row,) = _asked(model, [canary.prefix + found], canary.alphabet)
        for symbol, value in zip(canary.alphabet, row, strict=True):
            if np.isfinite(value):
                heapq.heappush(heap, (cost - float(value), found + symbol))
    return "", asked


def _all(model: LanguageModel, canary: Canary) -> Floats:
    """Log-probabilities of all secrets in the order of their symbols, level by level."""
    texts, scores = [""], np.zeros(1)
    for level in range(len(canary.secret)):
        found = _asked(model, [canary.prefix + text for text in texts], canary.alphabet)
        scores = (scores[:, None] + found).reshape(-1)
        if level + 1 < len(canary.secret):
            texts = [text + symbol for text in texts for symbol in canary.alphabet]
    return scores


def _these(model: LanguageModel, canary: Canary, secrets: Sequence[str]) -> Floats:
    scores = np.zeros(len(secrets))
    places = {symbol: place for place, symbol in enumerate(canary.alphabet)}
    for level in range(len(canary.secret)):
        starts = sorted({secret[:level] for secret in secrets})
        rows = _asked(model, [canary.prefix + start for start in starts], canary.alphabet)
        at = dict(zip(starts, rows, strict=True))
        scores += [at[secret[:level]][places[secret[level]]] for secret in secrets]
    return scores


def _asked(model: LanguageModel, texts: Sequence[str], alphabet: str) -> Floats:
    parts = [
        np.asarray(model.next_log_probs(texts[start : start + _BATCH], alphabet), dtype=np.float64)
        for start in range(0, len(texts), _BATCH)
    ]
    found = np.concatenate(parts)
    if found.shape != (len(texts), len(alphabet)) or np.isnan(found).any() or found.max(initial=-1.0) > 1e-6:
        raise UnusableModelError(f"{model.name} answered with something that is no logarithm of probabilities")
    if np.isneginf(found).all():
        raise UnusableModelError(
            f"{model.name} shows no probability for any of {alphabet!r}",
            "ask for more alternatives, or use an alphabet whose symbols are tokens",
        )
    return found
