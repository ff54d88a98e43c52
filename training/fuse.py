"""Rewrites the exported encoder for reading one window at a time.

Attention becomes one operator, which never writes the table of all pairs of tokens to memory. The mask goes, as nothing
is padded. Weights stay as they are, so a graph that was quantised can be rewritten, too.

    python -m training.fuse ENCODER.onnx …

rewrites files in place.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, helper, numpy_helper

HEADS = 12
MASK = "attention_mask"
_DOMAIN = "com.microsoft"
_THIRDS = "thirds"


def fuse(path: Path) -> None:
    """Rewrite a file that ``training.export`` wrote. One that is rewritten already stays as it is."""
    model = onnx.load(path)
    graph = model.graph
    if all(one.name != MASK for one in graph.input):
        return
    hidden = next(len(one.dims) and one.dims[-1] for one in graph.initializer if one.name.startswith("words.weight_q"))
    nodes = [*_attentions(graph, int(hidden)), *_ones()]
    made = {output for node in nodes for output in node.output}
    nodes += [node for node in graph.node if made.isdisjoint(node.output)]
    needed = _needed(nodes, [one.name for one in graph.output])
    used = {name for node in needed for name in node.input}
    kept = [one for one in graph.initializer if one.name in used]
    kept.append(numpy_helper.from_array(np.full(3, hidden, np.int64), _THIRDS))
    inputs = [one for one in graph.input if one.name != MASK]
    for field, values in ((graph.node, needed), (graph.initializer, kept), (graph.input, inputs)):
        copies = [type(one).FromString(one.SerializeToString()) for one in values]
        del field[:]
        field.extend(copies)
    model.opset_import.append(helper.make_opsetid(_DOMAIN, 1))
    onnx.save(model, path)


def _attentions(graph: GraphProto, hidden: int) -> list[NodeProto]:
    """For each layer what stands between its two matrix products of queries, keys and values and of the output."""
    nodes = []
    for layer in range(sum(1 for node in graph.node if node.op_type == "Softmax") - 1):
        stem = f"/layers.{layer}"
        parts = [f"{stem}/{name}" for name in ("query", "key", "value")]
        scale = 1 / math.sqrt(hidden / HEADS)
        nodes += [
            helper.make_node("Split", [f"{stem}/qkv/Add_output_0", _THIRDS], parts, axis=2),
            helper.make_node(
                "MultiHeadAttention",
                parts,
                [f"{stem}/Reshape_1_output_0"],
                domain=_DOMAIN,
                num_heads=HEADS,
                scale=scale,
            ),
        ]
    return nodes


def _ones() -> list[NodeProto]:
    """What the mask was: every token counts."""
    one = helper.make_tensor("one", onnx.TensorProto.INT64, [1], [1])
    return [
        helper.make_node("Shape", ["input_ids"], ["/ids/shape"]),
        helper.make_node("ConstantOfShape", ["/ids/shape"], [MASK], value=one),
    ]


def _needed(nodes: list[NodeProto], outputs: list[str]) -> list[NodeProto]:
    """The nodes that the outputs depend on, each after what it reads."""
    maker = {output: number for number, node in enumerate(nodes) for output in node.output}
    ordered: dict[int, None] = {}
    waiting = [(maker[name], False) for name in reversed(outputs)]
    while waiting:
        number, ready = waiting.pop()
        if number in ordered:
            continue
        if ready:
            ordered[number] = None
            continue
        waiting.append((number, True))
        waiting += [(maker[name], False) for name in nodes[number].input if name in maker]
    return [nodes[number] for number in ordered]


def main() -> None:
    """Rewrite files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    for path in parser.parse_args().files:
        fuse(path)


if __name__ == "__main__":
    main()
