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
from bartizan.inspection.classifier.artefact import REINSTALL

_BEGIN, _END = 0, 2


class Window(NamedTuple):
    """Tokens of a piece of text, without the special ones."""

    ids: Sequence[int]
    spans: Sequence[tuple[int, int]]
    """Where each token stands in the text."""
    encoder: int = 0
    """Which of the model's encoders is to read it."""


class Encoded(NamedTuple):
    """What the encoder makes of one window."""

    logits: NDArray[np.float32]
    focus: NDArray[np.float32]
    """[tokens, 2]: per token, does it belong to an attack as a request, as material (logits)."""


class Encoder:
    """Tokenizer and network. Safe to share between threads.

    Args:
        tokenizer: ``tokenizer.json``, or its path.
        network: the ONNX file, or its path.
        threads: per run.

    Raises:
        ArtefactError: a file is not what it should be.
    """

    def __init__(self, tokenizer: Path | bytes, network: Path | bytes, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        tokenizer = tokenizer.read_bytes() if isinstance(tokenizer, Path) else tokenizer
        network = network.read_bytes() if isinstance(network, Path) else network
        try:
            self._tokenizer = Tokenizer.from_buffer(tokenizer)
            self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # both libraries raise kinds of their own
            raise ArtefactError(f"the classifier does not load: {_line(error)}", REINSTALL) from None
        vars(self._session).pop("_model_bytes", None)  # kept for other providers only, and 27 MB
        if self._tokenizer.truncation is not None or self._tokenizer.padding is not None:
            raise ArtefactError("the tokenizer drops or adds tokens", REINSTALL)
        if (self._tokenizer.token_to_id("<s>"), self._tokenizer.token_to_id("</s>")) != (_BEGIN, _END):
            raise ArtefactError("the tokenizer's special tokens are not those of the encoder", REINSTALL)

    def check(self, tokens: int, heads: int) -> None:
        """Raises ArtefactError unless windows of ``tokens`` of any of the tokenizer's tokens give ``heads`` logits."""
        last = self._tokenizer.get_vocab_size() - 1
        encoded = self.encode(Window([last] * tokens, [(0, 0)] * tokens))
        if encoded.logits.shape != (heads,) or encoded.focus.shape != (tokens, 2):
            raise ArtefactError("the encoder's outputs are not those of this version", REINSTALL)

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
        """One window, alone. Raises ArtefactError if the network fails, so that nothing passes unread.

        Activations are quantised by the range of the whole batch, so a neighbour would move a window's logits: windows
        that share a batch could hide one another, and a text's score would depend on who asks at the same time.
        """
        ids = np.array([[_BEGIN, *window.ids, _END]], np.int64)
        try:
            logits, focus = self._session.run(["logits", "focus"], {"input_ids": ids})
            encoded = Encoded(logits[0], focus[0, 1:-1])
        except Exception as error:  # onnxruntime raises kinds of its own
            raise ArtefactError(f"the encoder does not run: {_line(error)}", REINSTALL) from None
        if not np.isfinite(encoded.logits).all():
            raise ArtefactError("the encoder's logits are not finite", REINSTALL)
        return encoded


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
