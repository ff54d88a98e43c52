"""ONNX files, run by onnxruntime without gradients."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.interface import Floats
from bartizan.robustness.losses import softmax
from bartizan.robustness.models.base import BaseModel

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}


class OnnxModel(BaseModel):
    """A classifier with one input and an output of scores ``(n, classes)``.

    Scores that are not negative and sum to one are taken as probabilities, others as logits. A model that tells two
    classes by one score gets the other from it.

    Args:
        path: of the file; what its external data would be is not followed beyond its folder by onnxruntime.
        shape: of one row of the data; the model's own, where it says, must agree.
        classes: how many there are.
        bounds: smallest and largest legal value.
        batch: rows a call.

    Raises:
        UnusableModelError: the file is no such classifier.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, ...],
        classes: int,
        bounds: tuple[Floats | float, Floats | float] = (-np.inf, np.inf),
        batch: int = 500,
    ) -> None:
        import onnxruntime

        try:
            raw = path.read_bytes()
            session: Any = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own without a common base
            raise UnusableModelError(f"{path.name} does not load: {str(error).splitlines()[0][:200]}") from None
        super().__init__(path.name, shape, classes, bounds, f"sha256:{hashlib.sha256(raw).hexdigest()}")
        self._session, self._batch = session, batch
        inputs = session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in _TYPES:
            said = ", ".join(f"{one.name}: {one.type}" for one in inputs)
            raise UnusableModelError(f"{path.name} takes {said}", "audited are models with one input of floats")
        self._input, self._type = inputs[0].name, _TYPES[inputs[0].type]
        self._fixed = _fixed(inputs[0].shape)
        known = [size for size in inputs[0].shape[1:] if isinstance(size, int)]
        if len(known) == len(inputs[0].shape) - 1 and np.prod(known) != np.prod(shape):
            raise UnusableModelError(f"{path.name} takes rows of shape {tuple(known)}, the data has {shape}")
        self._row = tuple(known) if len(known) == len(inputs[0].shape) - 1 else shape
        self._output = self._scores_output(path.name)
        answered = self._run(np.zeros((1, *shape)))
        self._probable = bool((answered >= 0).all() and abs(float(answered.sum()) - 1) < 1e-3)

    def logits(self, x: Floats, /) -> Floats:
        """The model's scores, or the logarithms of its probabilities."""
        found = self._run(x)
        return np.log(np.maximum(found, np.finfo(np.float64).tiny)) if self._probable else found

    def predict_proba(self, x: Floats, /) -> Floats:
        """The model's probabilities, or the softmax of its scores."""
        found = self._run(x).astype(np.float64)
        return found / found.sum(axis=1, keepdims=True) if self._probable else softmax(found)

    def _scores_output(self, name: str) -> str:
        for one in reversed(self._session.get_outputs()):
            if one.type in _TYPES and len(one.shape) == 2 and one.shape[1] in (self.classes, 1, None):
                return str(one.name)
        for one in reversed(self._session.get_outputs()):
            if one.type in _TYPES and len(one.shape) <= 2:
                return str(one.name)
        said = ", ".join(f"{one.name}: {one.type} {one.shape}" for one in self._session.get_outputs())
        raise UnusableModelError(
            f"{name} answers with {said}, not with {self.classes} scores a row", "convert it without ZipMap"
        )

    def _run(self, x: Floats) -> Floats:
        rows = np.ascontiguousarray(x, dtype=self._type).reshape(len(x), *self._row)
        step = self._fixed or self._batch
        found: list[Floats] = [np.empty((0, self.classes))]
        for start in range(0, len(rows), step):
            chunk = rows[start : start + step]
            short = step - len(chunk) if self._fixed else 0
            if short:
                chunk = np.concatenate([chunk, np.repeat(chunk[-1:], short, axis=0)])
            try:
                out = np.asarray(self._session.run([self._output], {self._input: chunk})[0], np.float64)
            except Exception as error:  # as above
                raise UnusableModelError(f"{self.name} fails: {str(error).splitlines()[0][:200]}") from None
            found.append(self._both(out)[: len(chunk) - short])
        return np.concatenate(found)

    def _both(self, out: Floats) -> Floats:
        out = out.reshape(len(out), -1)
        if out.shape[1] == 1 and self.classes == 2:
            probable = bool((out >= 0).all() and (out <= 1).all())
            return np.hstack([1 - out, out]) if probable else np.hstack([-out / 2, out / 2])
        if out.shape[1] != self.classes:
            raise UnusableModelError(f"{self.name} answers with {out.shape[1]} scores, the data has {self.classes}")
        return out


def _fixed(shape: list[Any]) -> int:
    """The batch size that the file prescribes; 0 where it takes any."""
    return shape[0] if shape and isinstance(shape[0], int) and shape[0] > 0 else 0
