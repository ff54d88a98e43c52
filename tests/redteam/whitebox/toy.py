"""A language model of a few letters whose gradient is worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bartizan.redteam.whitebox.interface import Floats, Ids

LETTERS = " abcdefghijklmnopqrstuvwxyz!"


class Toy:
    """The logits of the next letter are the mean of a row of a random table for each letter before it, times ``sharp``.

    Args:
        merges: letters that come out as another one when they are read again, as in tokenisers that join.
    """

    def __init__(self, seed: int, merges: str = "") -> None:
        rng = np.random.default_rng(seed)
        self._table = rng.normal(0.0, 8.0, (len(LETTERS), len(LETTERS)))
        self._merges = merges
        self.usable = np.arange(len(LETTERS), dtype=np.int64)

    def encode(self, text: str) -> list[int]:
        return [(LETTERS.index(letter) + (letter in self._merges)) % len(LETTERS) for letter in text]

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(LETTERS[token] for token in tokens)

    def _logits(self, tokens: Ids) -> Floats:
        return self._table[tokens].mean(axis=0)

    def losses(self, prompts: Ids, answer: Ids) -> Floats:
        return np.asarray([self._loss(prompt, answer) for prompt in prompts])

    def _loss(self, prompt: Ids, answer: Ids) -> float:
        total = 0.0
        for place, token in enumerate(answer):
            logits = self._logits(np.concatenate([prompt, answer[:place]]))
            total += float(np.logaddexp.reduce(logits) - logits[token])
        return total / len(answer)

    def gradient(self, prompt: Ids, places: slice, answer: Ids) -> Floats:
        found = np.zeros(len(LETTERS))
        for place, token in enumerate(answer):
            read = np.concatenate([prompt, answer[:place]])
            logits = self._logits(read)
            chances = np.exp(logits - np.logaddexp.reduce(logits))
            chances[token] -= 1.0
            found += self._table @ chances / len(read)
        return np.tile(found / len(answer), (places.stop - places.start, 1))

    def continued(self, prompt: Ids, most: int) -> list[int]:
        said: list[int] = []
        for _ in range(most):
            said.append(int(np.argmax(self._logits(np.concatenate([prompt, np.asarray(said, np.int64)])))))
        return said
