"""The trained encoder as an int8 ONNX file: weights per channel, activations at run time, one window at a time."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from training.encoder import Encoder
from training.fuse import fuse


def export(encoder: Encoder, target: Path, *, fused: bool = True) -> int:
    """Write ``target``; its size in bytes. Input ``input_ids`` [1, tokens]; outputs ``logits``, ``focus``.

    Args:
        fused: False leaves the graph as exported, which has the input ``attention_mask`` [1, tokens] as well.
    """
    encoder.eval().float()
    ids = torch.randint(4, 100, (2, 12))
    ids[1, 8:] = 1
    mask = (ids != 1).long()
    buffer = io.BytesIO()
    torch.onnx.export(
        encoder,
        (ids, mask),
        buffer,
        input_names=["input_ids", "attention_mask"],
        output_names=["logits", "focus"],
        dynamic_axes={
            "input_ids": {0: "batch", 1: "tokens"},
            "attention_mask": {0: "batch", 1: "tokens"},
            "logits": {0: "batch"},
            "focus": {0: "batch", 1: "tokens"},
        },
        opset_version=17,
        dynamo=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        plain.write_bytes(buffer.getvalue())
        quantize_dynamic(
            plain,
            target,
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather", "Gemm"],
            extra_options={"MatMulConstBOnly": True},
        )
    model = onnx.load(target)
    model.doc_string = ""
    model.producer_version = ""
    onnx.save(model, target)
    if fused:
        fuse(target)
    return target.stat().st_size
