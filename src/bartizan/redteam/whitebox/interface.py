"""What an attack with gradients needs of a language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
"""Numbers of tokens; one row a text where there are two axes."""
Floats = NDArray[np.floating[Any]]


class WhiteBox(Protocol):
    """A causal language model whose weights are at hand."""

    usable: Ids
    """Tokens that an attack may write: printable, no special ones."""

    def encode(self, text: str) -> list[int]:
        """Without tokens that begin or end a text."""
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """The text, special tokens included."""
        ...

    def losses(self, prompts: Ids, answer: Ids) -> Floats:
        """Mean cross-entropy, in nats a token, of ``answer`` (m) after each of ``prompts`` (k, n): (k)."""
        ...

    def gradient(self, prompt: Ids, places: slice, answer: Ids) -> Floats:
        """Of the same loss by which token stands at each of ``places``: (places, vocabulary)."""
        ...

    def continued(self, prompt: Ids, most: int) -> list[int]:
        """What the model says after ``prompt`` (n) without chance, up to its end sign or ``most`` tokens."""
        ...
