"""ONNX networks over one window at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bartizan.core.errors import ArtefactError
from bartizan.inspection.classifier.artefact import REINSTALL

_SLOWER_TOGETHER = "SkipLayerNormFusion"
"""An optimisation of ONNX Runtime which makes one operator of a sum and the normalisation after it. On one thread that
operator takes five times as long as the two (490 and 80 µs at 256 tokens and a width of 384, onnxruntime 1.32)."""
BEGIN, END = 0, 2
"""The tokenizer's special tokens, between which a window is read."""


class Window(NamedTuple):
    """Tokens of a piece of text, without the special ones."""

    ids: Sequence[int]
    spans: Sequence[tuple[int, int]]
    """Where each token stands in the text."""
    heads: tuple[int, ...] = ()
    """Heads of the surfaces that it is to be read for."""


class Encoded(NamedTuple):
    """What the encoder makes of one window."""

    logits: NDArray[np.float32]
    focus: NDArray[np.float32]
    """[tokens, 2]: per token, does it belong to an attack as a request, as material (logits)."""


Answers = tuple[Encoded, ...]
"""By head that was asked for."""

T = TypeVar("T")
Steps = Generator[Window, Answers, T]
"""Yields windows that are to be encoded, returns what it makes of them."""


def once(
    steps: Steps[T], known: dict[tuple[tuple[int, ...], tuple[int, ...]], Answers], worth: Callable[[Window], int]
) -> Steps[tuple[T, int]]:
    """The same steps but for windows that are ``known``, and what those are ``worth`` that were not."""
    taken = 0
    try:
        window = next(steps)
        while True:
            same = (window.heads, tuple(window.ids))
            if same not in known:
                known[same] = yield window
                taken += worth(window)
            window = steps.send(known[same])
    except StopIteration as end:
        return end.value, taken


class Network:
    """Safe to share between threads.

    Args:
        content: of the ONNX file.
        outputs: their names; all of them are to be finite.
        threads: per run.

    Raises:
        ArtefactError: it is no network.
    """

    def __init__(self, content: bytes, outputs: Sequence[str], threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("optimization.disable_specified_optimizers", _SLOWER_TOGETHER)
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises kinds of its own
            raise ArtefactError(f"the classifier does not load: {line(error)}", REINSTALL) from None
        vars(self._session).pop("_model_bytes", None)  # kept for other providers only, and 20 MB
        self._outputs = list(outputs)

    def run(self, **inputs: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Each output's first row. Raises ArtefactError if the network fails, so that nothing passes unread."""
        try:
            rows: list[NDArray[np.float32]] = [output[0] for output in self._session.run(self._outputs, inputs)]
        except Exception as error:  # onnxruntime raises kinds of its own
            raise ArtefactError(f"the encoder does not run: {line(error)}", REINSTALL) from None
        if not all(np.isfinite(row).all() for row in rows):
            raise ArtefactError("what the encoder says is not finite", REINSTALL)
        return rows


def line(error: Exception) -> str:
    """What an error says, short and in one line."""
    return " ".join(str(error).split())[:200]
