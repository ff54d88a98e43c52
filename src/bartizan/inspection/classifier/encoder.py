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

_BEGIN, _PADDING, _END = 0, 1, 2
_BATCH_TOKENS = 1_024
"""Tokens run at once; more would not be faster on one core."""


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
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return Window(encoding.ids, encoding.offsets)

    def run(self, windows: Sequence[Window]) -> list[Encoded]:
        """Each window, in the order given; batched by length."""
        results: list[Encoded | None] = [None] * len(windows)
        order = sorted(range(len(windows)), key=lambda number: len(windows[number].ids))
        begin = 0
        while begin < len(order):
            end = begin + 1
            while end < len(order) and (len(windows[order[end]].ids) + 2) * (end + 1 - begin) <= _BATCH_TOKENS:
                end += 1
            members = order[begin:end]
            for number, encoded in zip(members, self._batch([windows[number] for number in members]), strict=True):
                results[number] = encoded
            begin = end
        return [result for result in results if result is not None]

    def _batch(self, windows: Sequence[Window]) -> list[Encoded]:
        longest = max(len(window.ids) for window in windows) + 2
        ids = np.full((len(windows), longest), _PADDING, np.int64)
        for row, window in zip(ids, windows, strict=True):
            row[0] = _BEGIN
            row[1 : len(window.ids) + 1] = window.ids
            row[len(window.ids) + 1] = _END
        mask = (ids != _PADDING).astype(np.int64)
        logits, focus = self._session.run(["logits", "focus"], {"input_ids": ids, "attention_mask": mask})
        return [
            Encoded(logits[number], focus[number, 1 : len(window.ids) + 1]) for number, window in enumerate(windows)
        ]
