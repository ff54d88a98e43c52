"""The second stage: an int8 ONNX encoder over windows of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bartizan.core.errors import ArtefactError

_BEGIN, _END = 0, 2


class Window(NamedTuple):
    """Tokens of a piece of text, without the special ones."""

    ids: Sequence[int]
    spans: Sequence[tuple[int, int]]
    """Where each token stands in the text."""


class Encoded(NamedTuple):
    """What the encoder makes of one window."""

    logits: NDArray[np.float32]
    focus: NDArray[np.float32]
    """[tokens, 2]: per token, does it belong to an attack as a request, as material (logits)."""


class Encoder:
    """Tokenizer and network. Safe to share between threads.

    Args:
        tokenizer: path of ``tokenizer.json``.
        network: path of the ONNX file.
        threads: per run.

    Raises:
        ArtefactError: a file is not what it should be.
    """

    def __init__(self, tokenizer: Path, network: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            self._session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ArtefactError(f"the classifier does not load: {error}", "reinstall the package") from None

    def tokens(self, text: str) -> Window:
        """The tokens of a text. Its cost grows with the text: callers bound it."""
        try:
            encoding = self._tokenizer.encode(text, add_special_tokens=False)
        except TypeError:  # lone surrogates, which are no text; replaced one for one, so that spans stay
            whole = text.encode("utf-8", "replace").decode()
            encoding = self._tokenizer.encode(whole, add_special_tokens=False)
        return Window(encoding.ids, encoding.offsets)

    def run(self, windows: Sequence[Window]) -> list[Encoded]:
        """Each window, in the order given."""
        return [self.encode(window) for window in windows]

    def encode(self, window: Window) -> Encoded:
        """One window, alone.

        Activations are quantised by the range of the whole batch, so a neighbour would move a window's logits: windows
        that share a batch could hide one another, and a text's score would depend on who asks at the same time.
        """
        ids = np.array([[_BEGIN, *window.ids, _END]], np.int64)
        mask = np.ones_like(ids)
        logits, focus = self._session.run(["logits", "focus"], {"input_ids": ids, "attention_mask": mask})
        return Encoded(logits[0], focus[0, 1:-1])
