"""A model's folder holds what its manifest names, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from training.assemble import FILES, assemble

from bartizan.inspection.classifier.artefact import MANIFEST, MATERIAL_ENCODER, stored

LOW = {"user": 0.0, "content": 0.0}


def run(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(name.encode() * 100)
    return folder


def names(model: Path) -> list[str]:
    listed = [one["name"] for one in json.loads((model / MANIFEST).read_text())["files"]]
    assert sorted(one.name for one in model.iterdir()) == sorted([*listed, MANIFEST])
    return listed


def test_what_an_earlier_model_had_besides_goes(tmp_path: Path) -> None:
    model = tmp_path / "model"
    assemble(run(tmp_path / "first", *FILES, MATERIAL_ENCODER), model, "1.0.0", LOW)
    assert MATERIAL_ENCODER + ".gz" in names(model)
    assemble(run(tmp_path / "second", *FILES), model, "1.0.1", LOW)
    assert MATERIAL_ENCODER + ".gz" not in names(model)


def test_in_place_nothing_is_lost(tmp_path: Path) -> None:
    model = tmp_path / "model"
    assemble(run(tmp_path / "first", *FILES, MATERIAL_ENCODER), model, "1.0.0", LOW)
    before = names(model)
    assemble(model, model, "1.0.1", LOW)
    assert names(model) == before
    assert stored(model, MATERIAL_ENCODER) == MATERIAL_ENCODER.encode() * 100


def test_a_file_that_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        assemble(run(tmp_path / "first", *FILES[1:]), tmp_path / "model", "1.0.0", LOW)
