"""An encoder's upper layers as they are shipped, in torch and back: a model learns on from its own integers.

Only the numbers in the graph change. What stands around them (operators, shapes, rounding) stays that of the model in
force.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, numpy_helper
from torch import Tensor, nn

from training.encoder import Layer, Upper

LEVELS = 127
"""Largest integer of a weight; scales are those of its output column, zero points are zero."""


class _Product(NamedTuple):
    """Names of a matrix product's numbers."""

    scale: str
    weight: str
    bias: str


class _Norm(NamedTuple):
    """Names of a normalisation's numbers."""

    gain: str
    bias: str


def read(content: bytes) -> Upper:
    """The upper layers of ``encoder.onnx`` or ``content.onnx``.

    Raises:
        ValueError: the file is not what ``training.split`` writes.
    """
    model = onnx.load_from_string(content)
    numbers = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    parts = list(_parts(model))
    upper = Upper((len(parts) - 3) // 6)
    with torch.no_grad():
        for part, module in zip(parts, _modules(upper), strict=True):
            if isinstance(part, _Norm):
                _put(module, "weight", numbers[part.gain])
            else:
                _put(module, "weight", (numbers[part.weight] * numbers[part.scale]).T)
            _put(module, "bias", numbers[part.bias])
    return upper.eval()


def write(upper: Upper, content: bytes) -> bytes:
    """``content`` with the numbers of ``upper``, quantised by output column."""
    model = onnx.load_from_string(content)
    places = {one.name: one for one in model.graph.initializer}

    def put(name: str, values: NDArray[np.generic]) -> None:
        places[name].CopyFrom(numpy_helper.from_array(values, name))

    for part, module in zip(list(_parts(model)), _modules(upper), strict=True):
        weight = _numbers(module.weight)
        if isinstance(part, _Norm):
            put(part.gain, weight)
        else:
            integers, scale = quantised(weight.T)
            put(part.weight, integers)
            put(part.scale, scale)
        put(part.bias, _numbers(module.bias))
    return model.SerializeToString()


def blend(old: Upper, new: Upper, share: float) -> Upper:
    """``old`` as the average of both, by ``share`` of ``new`` (Wortsman et al., arXiv 2109.01903)."""
    learnt = new.state_dict()
    old.load_state_dict({name: torch.lerp(value, learnt[name], share) for name, value in old.state_dict().items()})
    return old


def quantised(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Integers, and the scale of each column."""
    scale = np.maximum(np.abs(weight).max(axis=0), np.finfo(np.float32).tiny) / np.float32(LEVELS)
    return np.clip(np.round(weight / scale), -LEVELS, LEVELS).astype(np.int8), scale.astype(np.float32)


def _modules(upper: Upper) -> Iterator[nn.Linear | nn.LayerNorm]:
    """In the order of the graph."""
    for layer in upper.layers:
        assert isinstance(layer, Layer)
        yield from (layer.qkv, layer.out, layer.norm, layer.up, layer.down, layer.final_norm)
    yield from (upper.focus, upper.pooled, upper.heads)


def _parts(model: ModelProto) -> Iterator[_Product | _Norm]:
    """What holds numbers, in the order of the graph: a scale, integers and a bias, or a gain and a bias."""
    known = {one.name for one in model.graph.initializer}
    waiting: list[str] = []
    for node in model.graph.node:
        own = [name for name in node.input if name in known]
        if node.op_type == "LayerNormalization" and len(own) == 2:
            yield _Norm(*own)
        elif node.op_type in ("Mul", "Add") and own:
            waiting += own
        elif node.op_type == "MatMulInteger":
            waiting.append(own[0])
        if len(waiting) == 3:
            yield _Product(*waiting)
            waiting = []
    if waiting:
        raise ValueError("the graph is not that of an encoder's upper layers")


def _put(module: nn.Module, name: str, values: NDArray[np.generic]) -> None:
    parameter: Tensor = getattr(module, name)
    parameter.copy_(torch.from_numpy(np.array(values, np.float32)).view_as(parameter))


def _numbers(tensor: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().float().numpy(), np.float32)
