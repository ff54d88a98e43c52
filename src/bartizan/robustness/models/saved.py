"""Our own file of a model: an ``.npz`` of arrays with a line of JSON, read without unpickling."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from bartizan.robustness.arrays import read_npz
from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.interface import ModelUnderTest
from bartizan.robustness.models.sklearn import DenseModel

LIMIT: Final = 2 * 1024**3


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the arrays mean."""

    schema: str = "bartizan/model/v1"
    kind: str
    """``dense`` or ``small_cnn``."""
    name: str
    shape: tuple[int, ...]
    classes: int
    lower: float
    upper: float
    activation: str = ""
    width: int = 0
    recipe: str = ""
    """Of the gallery, by which more models like it can be trained."""


def save(model: ModelUnderTest, path: Path, recipe: str = "") -> None:
    """Write a dense model or a small network of the gallery. Raises UnusableModelError for other kinds."""
    lower, upper = (float(np.asarray(one).reshape(-1)[0]) for one in model.bounds)
    common: dict[str, Any] = {
        "name": model.name, "shape": model.shape, "classes": model.classes, "lower": lower, "upper": upper,
        "recipe": recipe,
    }  # fmt: skip
    if isinstance(model, DenseModel):
        header = Header(kind="dense", activation=model.activation, **common)
        arrays: dict[str, Any] = {f"weights_{n}": one for n, one in enumerate(model.weights)}
        arrays |= {f"biases_{n}": one for n, one in enumerate(model.biases)}
    elif hasattr(model, "module") and hasattr(model.module, "state_dict"):
        state = model.module.state_dict()
        header = Header(kind="small_cnn", width=int(state["0.weight"].shape[0]), **common)
        arrays = {name: value.numpy() for name, value in state.items()}
    else:
        hint = f"bartizan audit run gallery:{recipe} trains it on the spot" if recipe else ""
        raise UnusableModelError(f"{model.name} is of no kind that is saved here", hint)
    with path.open("wb") as file:
        np.savez(file, header=np.frombuffer(msgspec.json.encode(header), np.uint8), **arrays)


def saved(path: Path) -> tuple[ModelUnderTest, Header]:
    """Read what :func:`save` wrote. Raises UnusableModelError for anything else."""
    try:
        arrays = read_npz(path, LIMIT)
        header = msgspec.json.decode(arrays.pop("header").tobytes(), type=Header)
        return (_dense if header.kind == "dense" else _cnn)(header, arrays), header
    except (OSError, TypeError, ValueError, KeyError, RuntimeError, msgspec.MsgspecError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UnusableModelError(f"{path.name} is no model of the gallery: {said}") from None


def _dense(header: Header, arrays: dict[str, Any]) -> ModelUnderTest:
    layers = len(arrays) // 2
    weights = [arrays[f"weights_{n}"] for n in range(layers)]
    biases = [arrays[f"biases_{n}"] for n in range(layers)]
    if not layers or any(one.ndim != 2 for one in weights) or any(one.dtype.kind != "f" for one in arrays.values()):
        raise ValueError("layers are matrices of floating-point numbers")
    sizes = [one.shape for one in weights]
    if [one.shape for one in biases] != [size[1:] for size in sizes]:
        raise ValueError(f"biases {[one.shape for one in biases]} do not fit layers {sizes}")
    joined = all(low[1] == high[0] for low, high in pairwise(sizes))
    if not joined or sizes[0][0] != np.prod(header.shape) or sizes[-1][1] != header.classes:
        raise ValueError(f"layers {sizes} do not lead from {header.shape} to {header.classes}")
    return DenseModel(weights, biases, header.activation, header.shape, (header.lower, header.upper), header.name)


def _cnn(header: Header, arrays: dict[str, Any]) -> ModelUnderTest:
    if header.kind != "small_cnn" or not 0 < header.width <= 4096 or len(header.shape) != 3:
        raise ValueError(f"kind {header.kind!r}")
    try:
        import torch

        from bartizan.robustness.models.torch import TorchModel
        from bartizan.robustness.models.torch_training import small_cnn
    except ImportError:
        raise UnusableModelError(
            f"{header.name} needs PyTorch", "install the extra: pip install bartizan[torch]"
        ) from None
    module = small_cnn(header.shape, header.classes, header.width)
    module.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return TorchModel(module, header.shape, header.classes, (header.lower, header.upper), header.name, module[:-1])
