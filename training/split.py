"""Cuts an encoder's graph where the layers end that never learnt, so that several encoders share them.

    python -m training.split FOLDER …

cuts ``encoder.onnx`` and ``content.onnx`` of each folder in place, and writes ``trunk.onnx`` beside them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from bartizan.inspection.classifier.artefact import ENCODER, MATERIAL_ENCODER, TRUNK

FROZEN = 4
"""Layers of the trunk, from the bottom: those that keep the base encoder's weights."""
CUT = f"/layers.{FROZEN - 1}/final_norm/LayerNormalization_output_0"
HIDDEN, IDS = "hidden", "input_ids"


def split(folder: Path) -> None:
    """Cut the encoders in a folder; those that are cut already stay as they are.

    Raises:
        ValueError: the lower layers of both encoders are not the same.
    """
    cut: dict[Path, tuple[bytes, ModelProto]] = {}
    for path in (folder / ENCODER, folder / MATERIAL_ENCODER):
        model = onnx.load(path) if path.exists() else ModelProto()
        if any(one.name == IDS for one in model.graph.input):
            _rename(model)
            lower = _part(model, [IDS], [HIDDEN]).SerializeToString(deterministic=True)
            cut[path] = lower, _part(model, [HIDDEN], [one.name for one in model.graph.output])
    if len({lower for lower, _ in cut.values()}) > 1:
        raise ValueError(f"{folder}: the lower layers of its encoders are not the same")
    for path, (lower, upper) in cut.items():
        (folder / TRUNK).write_bytes(lower)
        onnx.save(upper, path)


def _rename(model: ModelProto) -> None:
    """Call the cut by its name, and let nothing above it look at the tokens."""
    shape = helper.make_node("Shape", [HIDDEN], ["hidden/shape"], start=0, end=2)
    for node in model.graph.node:
        node.input[:] = [HIDDEN if name == CUT else name for name in node.input]
        node.output[:] = [HIDDEN if name == CUT else name for name in node.output]
        if node.op_type == "ConstantOfShape":
            node.input[0] = shape.output[0]
    for one in model.graph.value_info:
        one.name = HIDDEN if one.name == CUT else one.name
    model.graph.node.insert(0, shape)


def _part(model: ModelProto, inputs: list[str], outputs: list[str]) -> ModelProto:
    """What leads from ``inputs`` to ``outputs``; all else is numbered, as exporters name the same things otherwise."""
    nodes = [NodeProto.FromString(node.SerializeToString()) for node in _needed(model.graph.node, outputs, inputs)]
    names = {name: name for name in ("", *inputs, *outputs)}
    for number, node in enumerate(nodes):
        node.name = f"{node.op_type}.{number}"
        for place, name in enumerate([*node.input, *node.output]):
            names.setdefault(name, f"{number}.{place}")
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    weights = [TensorProto.FromString(one.SerializeToString()) for one in model.graph.initializer if one.name in names]
    for tensor in weights:
        tensor.name = names[tensor.name]
    weights.sort(key=lambda tensor: tensor.name)
    shapes = {one.name: one for one in (*model.graph.value_info, *model.graph.input, *model.graph.output)}
    first, last = ([shapes[name] for name in group] for group in (inputs, outputs))
    between = []
    for old, new in names.items():  # by these the runtime decides what it fuses
        if old in shapes and new not in {*inputs, *outputs}:
            between.append(ValueInfoProto.FromString(shapes[old].SerializeToString()))
            between[-1].name = new
    graph = helper.make_graph(nodes, "part", first, last, weights, value_info=between)
    part = helper.make_model(graph, opset_imports=model.opset_import)
    part.ir_version = model.ir_version
    return part


def _needed(nodes: Sequence[NodeProto], outputs: list[str], inputs: list[str]) -> list[NodeProto]:
    """The nodes that ``outputs`` need and ``inputs`` do not give, in the order they have: another one is fused
    otherwise when it is loaded, and rounds otherwise."""
    wanted = set(outputs) - set(inputs)
    found = []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.output):
            found.append(node)
            wanted.update(set(node.input) - set(inputs))
    return found[::-1]


def main() -> None:
    """Cut the encoders of the folders that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    for folder in parser.parse_args().folders:
        split(folder)


if __name__ == "__main__":
    main()
