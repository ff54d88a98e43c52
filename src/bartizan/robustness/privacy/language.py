"""A language model as the canary audit asks it: how probable is each symbol of an alphabet as the next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bartizan.robustness.interface import Floats


class LanguageModel(Protocol):
    """What is audited."""

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    @property
    def digest(self) -> str:
        """``sha256:…`` of its file or parameters; empty where nothing can be pinned."""
        ...

    def next_log_probs(self, texts: Sequence[str], alphabet: str, /) -> Floats:
        """Natural logarithms ``(texts, symbols)``, not normalised over the alphabet; ``-inf`` for a symbol that the
        model does not show because others are more probable."""
        ...
