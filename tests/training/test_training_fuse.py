"""An encoder as exported and rewritten. Needs torch and onnx, as training does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
onnx = pytest.importorskip("onnx", reason="training needs onnx")
onnxruntime = pytest.importorskip("onnxruntime")

TOKENS = [0, 17, 4, 25, 9, 30, 2]


def _exported(folder: Path) -> tuple[object, Path]:
    from training.encoder import Encoder
    from training.export import export
    from training.train import LAYERS, POSITIONS

    torch.manual_seed(5)
    encoder = Encoder(120, POSITIONS, LAYERS)
    with torch.no_grad():
        for one in encoder.parameters():  # the exporter keeps arrays that are equal once
            one.add_(0.02 * torch.randn_like(one))
    path = folder / "encoder.onnx"
    export(encoder, path)
    return encoder, path


def _logits(path: Path, tokens: list[int]) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["logits"], {"input_ids": np.array([tokens], np.int64)})[0][0])


def test_a_rewritten_graph_says_what_the_encoder_says(tmp_path: Path) -> None:
    from training.fuse import fuse

    encoder, path = _exported(tmp_path)
    operators = {node.op_type for node in onnx.load(path).graph.node}
    assert "MultiHeadAttention" in operators
    assert "Transpose" not in operators
    with torch.no_grad():
        ids = torch.tensor([TOKENS])
        expected = encoder(ids, torch.ones_like(ids))[0][0].numpy()  # type: ignore[operator]
    assert np.abs(_logits(path, TOKENS) - expected).max() < 0.1
    before = path.read_bytes()
    fuse(path)
    assert path.read_bytes() == before
