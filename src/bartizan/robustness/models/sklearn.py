"""Estimators of scikit-learn that live in this process (the extra ``ml``). Nothing is unpickled here."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import numpy as np

from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest, Slope
from bartizan.robustness.losses import softmax
from bartizan.robustness.models.base import BaseModel


class Estimator(Protocol):
    """What is used of a fitted classifier; ``classes_`` must be 0 to k - 1."""

    classes_: Any

    def predict_proba(self, x: Any, /) -> Any:
        """See scikit-learn."""
        ...


class SklearnModel(BaseModel):
    """A fitted classifier whose scores are its probabilities. Inputs of any shape are flattened for it."""

    def __init__(
        self,
        estimator: Estimator,
        shape: tuple[int, ...],
        classes: int,
        bounds: tuple[Floats | float, Floats | float] = (-np.inf, np.inf),
        name: str = "",
    ) -> None:
        super().__init__(name or type(estimator).__name__, shape, classes, bounds, _digest(estimator))
        self.estimator = estimator
        self._columns = np.asarray(estimator.classes_, dtype=np.int64)
        if len(self._columns) and (self._columns.min() < 0 or self._columns.max() >= classes):
            raise UnusableModelError(f"classes of {self.name} are not within 0 to {classes - 1}", "encode the labels")

    def predict_proba(self, x: Floats, /) -> Floats:
        """The estimator's probabilities; zero for classes that it never saw."""
        found = np.zeros((len(x), self.classes))
        if len(x):
            found[:, self._columns] = self.estimator.predict_proba(x.reshape(len(x), -1))
        return found

    def splits(self) -> list[Floats] | None:
        """Of trees."""
        from bartizan.robustness.models.splits import splits

        return splits(self.estimator, int(np.prod(self.shape)))


class DenseModel(BaseModel):
    """Layers of matrices with one activation between them: linear models and multilayer perceptrons, with gradients.

    Args:
        weights: one matrix ``(inputs, outputs)`` a layer.
        biases: one vector a layer.
        activation: ``relu``, ``tanh``, ``logistic`` or ``identity``, between layers.
    """

    access = Access.GRADIENTS

    def __init__(
        self,
        weights: list[Floats],
        biases: list[Floats],
        activation: str,
        shape: tuple[int, ...],
        bounds: tuple[Floats | float, Floats | float] = (-np.inf, np.inf),
        name: str = "dense model",
    ) -> None:
        found = hashlib.sha256(activation.encode())
        for one in (*weights, *biases):
            found.update(f"{one.dtype}:{one.shape}\n".encode() + np.ascontiguousarray(one).tobytes())
        super().__init__(name, shape, weights[-1].shape[1], bounds, f"sha256:{found.hexdigest()}")
        self.weights, self.biases = weights, biases
        self.activation = activation
        self._forward, self._backward = _ACTIVATIONS[activation]

    def logits(self, x: Floats, /) -> Floats:
        """Of the last layer."""
        return self._layers(x)[-1]

    def predict_proba(self, x: Floats, /) -> Floats:
        """Softmax of the logits."""
        return softmax(self.logits(x))

    def predict_label(self, x: Floats, /) -> Labels:
        """The largest logit."""
        return self.logits(x).argmax(axis=1).astype(np.int64)

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """By backpropagation."""
        layers = self._layers(x)
        flow = np.asarray(slope(layers[-1]))
        for weights, below in zip(reversed(self.weights), reversed(layers[:-1]), strict=True):
            flow = flow @ weights.T
            if below is not layers[0]:
                flow = flow * self._backward(below)
        return layers[-1], flow.reshape(x.shape)

    def parameter_grad(self, x: Floats, slope: Slope, /) -> list[Floats]:
        """Gradients of the sum of the losses by each layer's weights, then by each layer's biases."""
        layers = self._layers(x)
        flow = np.asarray(slope(layers[-1]))
        weights: list[Floats] = []
        biases: list[Floats] = []
        for matrix, below in zip(reversed(self.weights), reversed(layers[:-1]), strict=True):
            weights.insert(0, below.T @ flow)
            biases.insert(0, flow.sum(axis=0))
            if below is not layers[0]:
                flow = (flow @ matrix.T) * self._backward(below)
        return [*weights, *biases]

    def features(self, x: Floats, /) -> Floats:
        """The last hidden layer; the input where there is none."""
        return self._layers(x)[-2]

    def _layers(self, x: Floats) -> list[Floats]:
        found: list[Floats] = [x.reshape(len(x), -1)]
        for number, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True), start=1):
            out = found[-1] @ weights + biases
            found.append(out if number == len(self.weights) else self._forward(out))
        return found


def _sigmoid(x: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(0.5 * x))


# Derivatives as functions of the activation's own value.
_ACTIVATIONS: dict[str, tuple[Any, Any]] = {
    "relu": (lambda x: np.maximum(x, 0), lambda out: (out > 0).astype(out.dtype)),
    "tanh": (np.tanh, lambda out: 1 - out**2),
    "logistic": (_sigmoid, lambda out: out * (1 - out)),
    "identity": (lambda x: x, np.ones_like),
}


def from_estimator(
    estimator: Any,
    shape: tuple[int, ...],
    classes: int,
    bounds: tuple[Floats | float, Floats | float] = (-np.inf, np.inf),
    name: str = "",
) -> ModelUnderTest:
    """The adapter with the most access: gradients for LogisticRegression and MLPClassifier, scores for the others.

    Raises:
        UnusableModelError: the classes are not 0 to ``classes - 1``.
    """
    called = name or type(estimator).__name__
    complete = list(getattr(estimator, "classes_", ())) == list(range(classes))
    if complete and type(estimator).__name__ == "LogisticRegression":
        weights, bias = estimator.coef_.T, estimator.intercept_
        if classes == 2 and weights.shape[1] == 1:
            weights, bias = np.hstack([-weights / 2, weights / 2]), np.hstack([-bias / 2, bias / 2])
        return DenseModel([weights], [bias], "identity", shape, bounds, called)
    if (
        complete
        and type(estimator).__name__ == "MLPClassifier"
        and estimator.out_activation_ in ("softmax", "logistic")
    ):
        layers, biases = list(estimator.coefs_), list(estimator.intercepts_)
        if layers[-1].shape[1] == 1:
            layers[-1] = np.hstack([-layers[-1] / 2, layers[-1] / 2])
            biases[-1] = np.hstack([-biases[-1] / 2, biases[-1] / 2])
        return DenseModel(layers, biases, estimator.activation, shape, bounds, called)
    return SklearnModel(estimator, shape, classes, bounds, called)


def _digest(estimator: Any) -> str:
    """Of the fitted arrays, where they are plain attributes; empty where none are."""
    found, any_array = hashlib.sha256(type(estimator).__name__.encode()), False
    for key, value in sorted(vars(estimator).items()):
        if isinstance(value, np.ndarray) and value.dtype != object:
            any_array = True
            found.update(f"{key}:{value.dtype}:{value.shape}\n".encode() + np.ascontiguousarray(value).tobytes())
    return f"sha256:{found.hexdigest()}" if any_array else ""
