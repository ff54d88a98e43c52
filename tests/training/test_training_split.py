"""Encoders cut in two share what never learnt, and say the same as before to the bit. Needs torch and onnx."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
onnx = pytest.importorskip("onnx", reason="training needs onnx")
onnxruntime = pytest.importorskip("onnxruntime")

TOKENS = np.array([[0, 17, 4, 25, 9, 30, 2]], np.int64)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two encoders that differ above the layers that never learn."""
    from training.encoder import Encoder
    from training.export import export
    from training.split import FROZEN
    from training.train import LAYERS, POSITIONS

    folder = tmp_path_factory.mktemp("exported")
    torch.manual_seed(5)
    encoder = Encoder(120, POSITIONS, LAYERS)
    with torch.no_grad():
        for one in encoder.parameters():  # the exporter keeps arrays that are equal once
            one.add_(0.02 * torch.randn_like(one))
        export(encoder, folder / "encoder.onnx")
        for layer in (*encoder.layers[FROZEN:], encoder.heads):
            for one in layer.parameters():
                one.add_(0.02 * torch.randn_like(one))
        export(encoder, folder / "content.onnx")
    return folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "model"))


def _run(path: Path, **inputs: object) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return [np.asarray(output) for output in session.run(None, inputs)]


def test_halves_say_what_the_whole_says(folder: Path) -> None:
    from training.split import split

    whole = {name: _run(folder / name, input_ids=TOKENS) for name in ("encoder.onnx", "content.onnx")}
    assert not np.array_equal(whole["encoder.onnx"][0], whole["content.onnx"][0])
    split(folder)
    (hidden,) = _run(folder / "trunk.onnx", input_ids=TOKENS)
    for name, expected in whole.items():
        for ours, theirs in zip(_run(folder / name, hidden=hidden), expected, strict=True):
            assert np.array_equal(ours, theirs)


def test_what_is_cut_stays_as_it_is(folder: Path) -> None:
    from training.split import split

    split(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    split(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_encoders_with_other_lower_layers_are_left_alone(folder: Path) -> None:
    from training.split import split

    model = onnx.load(folder / "content.onnx")
    norm = next(tensor for tensor in model.graph.initializer if tensor.name == "layers.1.norm.weight")
    norm.raw_data = (np.frombuffer(norm.raw_data, np.float32) + 0.01).tobytes()
    onnx.save(model, folder / "content.onnx")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ValueError, match="lower layers"):
        split(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
