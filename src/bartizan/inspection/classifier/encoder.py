"""The second stage: an int8 ONNX encoder over windows of tokens, whose lower layers all surfaces share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bartizan.core.errors import ArtefactError
from bartizan.inspection.classifier.artefact import (
    ENCODER,
    HEADS,
    JUDGES,
    MATERIAL_ENCODER,
    REINSTALL,
    TRUNK,
    Artefact,
    stored,
)
from bartizan.inspection.classifier.network import BEGIN, END, Answers, Encoded, Network, Window

JUDGED = {name: len(HEADS) + place for place, name in enumerate(JUDGES)}
"""What stands for a judge among a window's heads."""


class Encoder:
    """The lower layers, which all surfaces share, and the upper ones of each. Safe to share between threads.

    Args:
        trunk: the ONNX file of the lower layers.
        tops: those of the upper ones: one for all surfaces, or one for each.
        threads: per run.
        judges: by name, those of judges over the lower layers' states.

    Raises:
        ArtefactError: a file is no network.
    """

    def __init__(
        self, trunk: bytes, tops: Sequence[bytes], threads: int = 1, judges: Mapping[str, bytes] | None = None
    ) -> None:
        self._trunk = Network(trunk, ["hidden"], threads)
        self._judges = {JUDGED[name]: Network(content, ["logits"], threads) for name, content in (judges or {}).items()}
        self._tops = [Network(top, ["logits", "focus"], threads) for top in tops]

    @classmethod
    def read(cls, folder: Path, threads: int = 1) -> Encoder:
        """From the files of a folder that need not be a model yet."""
        tops = [top for name in (ENCODER, MATERIAL_ENCODER) if (top := stored(folder, name)) is not None]
        judges = {name: judge for name in JUDGES if (judge := stored(folder, f"{name}.onnx")) is not None}
        return cls(stored(folder, TRUNK) or b"", tops, threads, judges)

    @classmethod
    def of(cls, artefact: Artefact, threads: int = 1) -> Encoder:
        """From verified files. Raises ArtefactError."""
        tops = [artefact.read(name) for name in (ENCODER, MATERIAL_ENCODER) if artefact.has(name)]
        judges = {name: artefact.read(f"{name}.onnx") for name in JUDGES if artefact.has(f"{name}.onnx")}
        return cls(artefact.read(TRUNK), tops, threads, judges)

    def check(self, tokens: int, last: int, heads: int) -> None:
        """Raises ArtefactError unless windows of ``tokens`` of any token up to ``last`` give ``heads`` logits."""
        hidden = self._hidden([last] * tokens)
        for place in range(len(self._tops)):
            encoded = self._top(place, hidden)
            if encoded.logits.shape != (heads,) or encoded.focus.shape != (tokens, 2):
                raise ArtefactError("the encoder's outputs are not those of this version", REINSTALL)
        if any(_judged(judge, hidden).logits.shape != (1,) for judge in self._judges.values()):
            raise ArtefactError("a judge does not give one logit", REINSTALL)

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
        if len(window.heads) == 1 and window.heads[0] in self._judges:
            return (_judged(self._judges[window.heads[0]], hidden),)
        places = [min(head, len(self._tops) - 1) for head in window.heads]
        said = {place: self._top(place, hidden) for place in dict.fromkeys(places)}
        return tuple(said[place] for place in places)

    def _hidden(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """[1, tokens, width], with those of the special tokens."""
        return self._trunk.run(input_ids=np.array([[BEGIN, *ids, END]], np.int64))[0][None]

    def _top(self, place: int, hidden: NDArray[np.float32]) -> Encoded:
        logits, focus = self._tops[place].run(hidden=hidden)
        return Encoded(logits, focus[1:-1])


def _judged(judge: Network, hidden: NDArray[np.float32]) -> Encoded:
    (logits,) = judge.run(hidden=hidden)
    return Encoded(logits, np.zeros((hidden.shape[1] - 2, 2), np.float32))
