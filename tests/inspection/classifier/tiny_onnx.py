"""Networks of a few nodes, written without the onnx package: the highest logits of any token, and its focus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FLOAT, _INT64 = 1, 7


def trunk(vocabulary: int) -> bytes:
    """An ONNX file: of each token, which one it is."""
    nodes = [_node("Gather", ["table", "input_ids"], "hidden")]
    return _file(nodes, {"table": np.eye(vocabulary, dtype=np.float32)}, ("input_ids", _INT64, 2), {"hidden": 3})


def top(logits: NDArray[np.float32], focus: NDArray[np.float32], outputs: Sequence[str] = ("logits", "focus")) -> bytes:
    """An ONNX file.

    Args:
        logits: [vocabulary, heads], by token.
        focus: [vocabulary, 2], by token.
        outputs: their names.
    """
    nodes = [
        _node("MatMul", ["hidden", "token_logits"], "gathered"),
        _node("ReduceMax", ["gathered"], outputs[0], _integers("axes", [1]), _integer("keepdims", 0)),
        _node("MatMul", ["hidden", "token_focus"], outputs[1]),
    ]
    tables = {"token_logits": logits, "token_focus": focus}
    return _file(nodes, tables, ("hidden", _FLOAT, 3), {outputs[0]: 2, outputs[1]: 3})


def judge(logits: NDArray[np.float32]) -> bytes:
    """An ONNX file of what judges harm: the highest logit of any token, of [vocabulary, 1]."""
    nodes = [
        _node("MatMul", ["hidden", "token_logits"], "gathered"),
        _node("ReduceMax", ["gathered"], "logits", _integers("axes", [1]), _integer("keepdims", 0)),
    ]
    return _file(nodes, {"token_logits": logits}, ("hidden", _FLOAT, 3), {"logits": 2})


def _file(
    nodes: Sequence[bytes], tables: dict[str, NDArray[np.float32]], given: tuple[str, int, int], made: dict[str, int]
) -> bytes:
    graph = b"".join(
        [
            *(_field(1, node) for node in nodes),
            _field(2, b"tiny"),
            *(_field(5, _tensor(name, table)) for name, table in tables.items()),
            _field(11, _value(*given)),
            *(_field(12, _value(name, _FLOAT, dimensions)) for name, dimensions in made.items()),
        ]
    )
    return _number(1, 8) + _field(7, graph) + _field(8, _number(2, 17))


def _node(operator: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    named = b"".join(_field(1, name.encode()) for name in inputs)
    return (
        named + _field(2, output.encode()) + _field(4, operator.encode()) + b"".join(_field(5, a) for a in attributes)
    )


def _integer(name: str, value: int) -> bytes:
    return _field(1, name.encode()) + _number(3, value) + _number(20, 2)


def _integers(name: str, values: Sequence[int]) -> bytes:
    return _field(1, name.encode()) + b"".join(_number(8, value) for value in values) + _number(20, 7)


def _tensor(name: str, array: NDArray[np.float32]) -> bytes:
    dimensions = b"".join(_number(1, size) for size in array.shape)
    return dimensions + _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, array.astype("<f4").tobytes())


def _value(name: str, kind: int, dimensions: int) -> bytes:
    shape = b"".join(_field(1, _field(2, f"{name}_{number}".encode())) for number in range(dimensions))
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, kind) + _field(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
