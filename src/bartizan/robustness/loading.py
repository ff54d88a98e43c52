"""From what a person names to a model. Files are judged by the supply-chain gate before they load."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bartizan.core.artefact import Admission, ArtefactGate
from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.gallery.recipes import recipe
from bartizan.robustness.interface import AuditData, Floats, ModelUnderTest, Trainer
from bartizan.robustness.models.endpoint import EndpointModel
from bartizan.robustness.models.onnx import OnnxModel
from bartizan.robustness.models.saved import saved
from bartizan.robustness.models.sklearn import from_estimator
from bartizan.robustness.models.trees import BoosterModel

Bounds = tuple[Floats, Floats]
_HINT: Final = (
    "a file (.npz of the gallery, .onnx, .json or .ubj of XGBoost, .txt of LightGBM), http(s)://host/v2/models/NAME, "
    "python:module:function, or gallery:NAME"
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model, and how to train one like it where that is known."""

    model: ModelUnderTest
    trainer: Trainer | None = None


def bounds_of(data: AuditData) -> Bounds:
    """[0, 1] where all values are within it; otherwise the smallest and largest value of each feature."""
    parts = [data.test.x] if data.train is None else [data.test.x, data.train.x]
    low = np.min([part.min(axis=0) for part in parts], axis=0)
    high = np.max([part.max(axis=0) for part in parts], axis=0)
    if low.min() >= 0 and high.max() <= 1:
        return np.zeros(()), np.ones(())
    return low, high


def load_model(
    named: str,
    data: AuditData,
    gate: ArtefactGate | None = None,
    bounds: Bounds | None = None,
    headers: dict[str, str] | None = None,
    seconds: float = 30.0,
) -> Loaded:
    """The model that ``named`` names, for rows like those of ``data``.

    Args:
        named: a path, an address, ``python:module:function`` (runs that code, which is the caller's own) or
            ``gallery:NAME`` (trains it on ``data``).
        data: gives shape and number of classes.
        gate: judges files before they are loaded; what it does not allow is not loaded.
        bounds: of legal values; from the data without it.
        headers: for an address.
        seconds: for each answer of an address.

    Raises:
        UnusableModelError: nothing of the kind, refused by the gate, or it does not load.
    """
    shape = data.test.x.shape[1:]
    classes = 1 + max(int(part.y.max()) for part in (data.test, data.train) if part is not None)
    legal = bounds or bounds_of(data)
    kind, _, rest = named.partition(":")
    if kind in ("http", "https"):
        return Loaded(EndpointModel(named, shape, classes, legal, headers, seconds=seconds))
    if kind == "gallery":
        one = recipe(rest)
        return Loaded(one.train(data), one.trainer())
    if kind == "python":
        return _made(called(rest), shape, classes, legal)
    path = Path(named)
    if not path.is_file():
        raise UnusableModelError(f"there is no model {named}", _HINT)
    admitted(path, gate)
    if path.suffix == ".npz":
        model, header = saved(path)
        return Loaded(model, recipe(header.recipe).trainer() if header.recipe else None)
    if path.suffix == ".onnx":
        return Loaded(OnnxModel(path, shape, classes, legal))
    if path.suffix in (".json", ".ubj", ".txt"):
        return Loaded(BoosterModel(path, shape, classes, legal))
    raise UnusableModelError(f"{path.name} is of no kind that is loaded without running code", _HINT)


def load_trainer(named: str) -> Trainer:
    """``python:module:function`` whose answer has ``fit`` and ``name``, or ``gallery:NAME``."""
    kind, _, rest = named.partition(":")
    if kind == "gallery":
        return recipe(rest).trainer()
    if kind == "python":
        found = called(rest)
        if callable(getattr(found, "fit", None)) and isinstance(getattr(found, "name", None), str):
            trainer: Trainer = found
            return trainer
        raise UnusableModelError(f"{named} is no trainer", "it must have name and fit(x, y, seed)")
    raise UnusableModelError(f"{named} names no trainer", "python:module:function or gallery:NAME")


def admitted(path: Path, gate: ArtefactGate | None) -> None:
    """Raises UnusableModelError unless the gate allows the file; without a gate nothing is asked."""
    if gate is None:
        return
    report = gate.scan(path)
    if report.verdict is not Admission.ALLOW:
        why = next((one.title for one in report.findings if one.admission is report.verdict), "no reader knows it")
        raise UnusableModelError(f"{path.name} is not loaded: {report.verdict}, {why}", f"see: bartizan scan {path}")


def called(named: str) -> Any:
    """What ``module:function`` answers. Raises UnusableModelError: the caller's own code fails, or is not there."""
    module, _, function = named.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return getattr(importlib.import_module(module), function)()
    except Exception as error:  # the caller's own code may raise anything
        said = (str(error).splitlines() or [""])[0][:200]
        raise UnusableModelError(f"python:{named} fails: {type(error).__name__}: {said}") from error


def _made(found: Any, shape: tuple[int, ...], classes: int, legal: Bounds) -> Loaded:
    if all(hasattr(found, name) for name in ("access", "predict_label", "loss_grad")):
        return Loaded(found)
    if hasattr(found, "state_dict") and callable(found):
        from bartizan.robustness.models.torch import TorchModel

        return Loaded(TorchModel(found, shape, classes, legal, type(found).__name__))
    if hasattr(found, "predict_proba") and hasattr(found, "classes_"):
        return Loaded(from_estimator(found, shape, classes, legal))
    raise UnusableModelError(
        f"a {type(found).__name__} is no model", "return a ModelUnderTest, a PyTorch module, or a fitted classifier"
    )
