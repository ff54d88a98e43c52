"""GGUF files in this process, by llama.cpp (the extra ``model``). Whoever loads one has had it judged first."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.interface import Floats
from bartizan.robustness.models.completions import request, row

_CONTEXT: Final = 1_024


class GgufModel:
    """Answers from the file's own weights.

    Args:
        path: a ``.gguf`` file.
        threads: of the runtime.

    Raises:
        UnusableModelError: the runtime is not installed or does not load it.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        try:
            xllamacpp = importlib.import_module("xllamacpp")  # an extra
        except ImportError as error:
            raise UnusableModelError("GGUF files need llama.cpp", "pip install 'bartizan[model]'") from error
        if not path.is_file():
            raise UnusableModelError(f"there is no model {path}")
        with path.open("rb") as file:
            self.digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        self.name = path.name
        wanted = xllamacpp.CommonParams()
        wanted.model.path = str(path)
        wanted.n_parallel = 1
        wanted.n_ctx = _CONTEXT
        wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
        wanted.n_gpu_layers = 0
        wanted.warmup = False
        wanted.verbosity = 0
        try:
            self._server: Any = xllamacpp.Server(wanted)
        except Exception as error:  # the runtime's own, of whatever kind
            raise UnusableModelError(f"{path.name} does not load: {type(error).__name__}") from error

    def next_log_probs(self, texts: Sequence[str], alphabet: str, /) -> Floats:
        """See :class:`~bartizan.robustness.privacy.language.LanguageModel`."""
        return np.stack([row(self._asked(text), alphabet, self.name) for text in texts])

    def _asked(self, text: str) -> Any:
        answer = self._server.handle_completions(request(text))
        return json.loads(answer) if isinstance(answer, str | bytes) else answer
