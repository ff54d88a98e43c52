"""The second stage: an int8 ONNX encoder over windows of tokens, whose lower layers all surfaces share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bartizan.core.errors import ArtefactError
from bartizan.inspection.classifier.artefact import ENCODER, MATERIAL_ENCODER, REINSTALL, TRUNK, Artefact, stored
from bartizan.inspection.classifier.network import BEGIN, END, Network, Window


class Encoded(NamedTuple):
    """What the encoder makes of one window."""

    logits: NDArray[np.float32]
    focus: NDArray[np.float32]
    """[tokens, 2]: per token, does it belong to an attack as a request, as material (logits)."""


Answers = tuple[Encoded, ...]
"""By head that was asked for."""


class Encoder:
    """The lower layers, which all surfaces share, and the upper ones of each. Safe to share between threads.

    Args:
        trunk: the ONNX file of the lower layers.
        tops: those of the upper ones: one for all surfaces, or one for each.
        threads: per run.

    Raises:
        ArtefactError: a file is no network.
    """

    def __init__(self, trunk: bytes, tops: Sequence[bytes], threads: int = 1) -> None:
        self._trunk = Network(trunk, ["hidden"], threads)
        self._tops = [Network(top, ["logits", "focus"], threads) for top in tops]

    @classmethod
    def read(cls, folder: Path, threads: int = 1) -> Encoder:
        """From the files of a folder that need not be a model yet."""
        tops = [top for name in (ENCODER, MATERIAL_ENCODER) if (top := stored(folder, name)) is not None]
        return cls(stored(folder, TRUNK) or b"", tops, threads)

    @classmethod
    def of(cls, artefact: Artefact, threads: int = 1) -> Encoder:
        """From verified files. Raises ArtefactError."""
        tops = [artefact.read(name) for name in (ENCODER, MATERIAL_ENCODER) if artefact.has(name)]
        return cls(artefact.read(TRUNK), tops, threads)

    def check(self, tokens: int, last: int, heads: int) -> None:
        """Raises ArtefactError unless windows of ``tokens`` of any token up to ``last`` give ``heads`` logits."""
        hidden = self._hidden([last] * tokens)
        for place in range(len(self._tops)):
            encoded = self._top(place, hidden)
            if encoded.logits.shape != (heads,) or encoded.focus.shape != (tokens, 2):
                raise ArtefactError("the encoder's outputs are not those of this version", REINSTALL)

    @property
    def tops(self) -> int:
        """How many there are."""
        return len(self._tops)

    def encode(self, window: Window) -> Answers:
        """One window, alone. Raises ArtefactError if a network fails, so that nothing passes unread.

        Activations are quantised by the range of the whole batch, so a neighbour would move a window's logits: windows
        that share a batch could hide one another, and a text's score would depend on who asks at the same time.
        """
        hidden = self._hidden(window.ids)
        places = [min(head, len(self._tops) - 1) for head in window.heads]
        said = {place: self._top(place, hidden) for place in dict.fromkeys(places)}
        return tuple(said[place] for place in places)

    def _hidden(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """[1, tokens, width], with those of the special tokens."""
        return self._trunk.run(input_ids=np.array([[BEGIN, *ids, END]], np.int64))[0][None]

    def _top(self, place: int, hidden: NDArray[np.float32]) -> Encoded:
        logits, focus = self._tops[place].run(hidden=hidden)
        return Encoded(logits, focus[1:-1])
