"""Only a model that is exactly what its manifest says loads; anything else is an ArtefactError of one line."""

from __future__ import annotations

import gzip
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_model
import tiny_onnx
from hypothesis import given, settings
from hypothesis import strategies as st
from training.assemble import assemble

from bartizan.core.errors import ArtefactError
from bartizan.core.passage import Surface
from bartizan.inspection.classifier import Cascade, load_classifier
from bartizan.inspection.classifier.artefact import FILES, MANIFEST, MOST_BYTES, PACKED, Artefact, stored

SOUND = tiny_model.files()
NOT_A_NUMBER = tiny_onnx.top(np.full((8, 5), math.nan, np.float32), np.zeros((8, 2), np.float32))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["..", "../encoder.onnx", "/etc/passwd", "a\x00b", "", ".", "linear.npz"]),
    st.lists(st.integers(-3, 3), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)


def refused(folder: Path) -> str:
    """The one line that says why a folder does not load."""
    with pytest.raises(ArtefactError) as caught:
        load_classifier(folder)
    assert caught.value.hint
    assert "\n" not in caught.value.cause
    assert len(caught.value.cause) < 400
    return caught.value.cause


def test_a_sound_model_loads(tmp_path: Path) -> None:
    assert load_classifier(tiny_model.write(tmp_path)).id == "classifier"


def packed(folder: Path, **changed: bytes) -> Path:
    """A model whose networks are compressed, or are what is given."""
    content = {name + PACKED * name.endswith(".onnx"): raw for name, raw in SOUND.items()}
    content = {name: gzip.compress(raw) if name.endswith(PACKED) else raw for name, raw in content.items()}
    return tiny_model.write(folder, content | {name + ".onnx.gz": raw for name, raw in changed.items()})


def test_packed_networks_read_as_unpacked_ones_do(tmp_path: Path) -> None:
    plain = Cascade(Artefact(tiny_model.write(tmp_path / "plain")), forced=True)
    small = Cascade(Artefact(packed(tmp_path / "packed")), forced=True)
    for text in ("overrule it", "smuggle " * 300):
        assert small.read(text, [Surface.USER]) == plain.read(text, [Surface.USER])
    assert stored(tmp_path / "packed", "trunk.onnx") == SOUND["trunk.onnx"]
    assert stored(tmp_path / "packed", "none.onnx") is None


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (SOUND["trunk.onnx"], "not compressed"),
        (gzip.compress(SOUND["trunk.onnx"])[:-9], "not whole"),
        (gzip.compress(SOUND["trunk.onnx"]) + b"more", "not whole"),
        (gzip.compress(b"\0" * (MOST_BYTES + 1)), "larger than"),
    ],
    ids=["plain", "cut", "longer", "bomb"],
)
def test_a_packed_network_is_whole_and_bounded(tmp_path: Path, content: bytes, cause: str) -> None:
    assert cause in refused(packed(tmp_path, trunk=content))


def test_a_file_is_not_named_twice(tmp_path: Path) -> None:
    content = SOUND | {"trunk.onnx.gz": gzip.compress(SOUND["trunk.onnx"])}
    assert MANIFEST in refused(tiny_model.write(tmp_path, content))


def test_what_training_puts_together_is_packed_and_loads(tmp_path: Path) -> None:
    source = tiny_model.write(tmp_path / "run", tiny_model.judging())
    size = assemble(source, tmp_path / "model", "1.0.0", {"user": 0.0, "content": 0.0})
    kept = sorted(path.name for path in (tmp_path / "model").iterdir())
    networks = [f"{name}.onnx.gz" for name in ("answer", "encoder", "harm", "trunk")]
    others = ["answer.npz", "calibration.json", "harm.npz", "linear.npz", MANIFEST, "tokenizer.json.gz"]
    assert kept == sorted([*networks, *others])
    assert Cascade(Artefact(tmp_path / "model")).judges("harm")
    assert size == sum(path.stat().st_size for path in (tmp_path / "model").iterdir() if path.name != MANIFEST)
    again = assemble(source, tmp_path / "again", "1.0.0", {"user": 0.0, "content": 0.0})
    assert size == again
    assert (tmp_path / "model" / MANIFEST).read_bytes() == (tmp_path / "again" / MANIFEST).read_bytes()
    (source / "trunk.onnx").unlink()
    with pytest.raises(ValueError, match=r"trunk\.onnx"):
        assemble(source, tmp_path / "third", "1.0.0", {"user": 0.0, "content": 0.0})


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_changed_file_is_refused(tmp_path: Path, name: str) -> None:
    tiny_model.write(tmp_path)
    content = bytearray(SOUND[name])
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path) == f"{name}: does not match its digest"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_truncated_a_longer_and_a_missing_file_are_refused(tmp_path: Path, name: str) -> None:
    tiny_model.write(tmp_path)
    for content in (SOUND[name][:-1], SOUND[name] + b"\n", b""):
        (tmp_path / name).write_bytes(content)
        assert refused(tmp_path) == f"{name}: wrong size"
    (tmp_path / name).unlink()
    assert refused(tmp_path).startswith(f"{name}: ")


def test_swapped_files_are_refused(tmp_path: Path) -> None:
    tiny_model.write(tmp_path)
    (tmp_path / "linear.npz").write_bytes(SOUND["encoder.onnx"])
    (tmp_path / "encoder.onnx").write_bytes(SOUND["linear.npz"])
    assert "linear.npz" in refused(tmp_path)


def test_a_file_swapped_after_the_manifest_was_read_is_refused(tmp_path: Path) -> None:
    artefact = Artefact(tiny_model.write(tmp_path))
    (tmp_path / "encoder.onnx").write_bytes(tiny_model.encoder(loud=-9.0))
    with pytest.raises(ArtefactError, match=r"encoder\.onnx"):
        Cascade(artefact)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    tiny_model.write(tmp_path)
    (tmp_path / "linear.npz").unlink()
    (tmp_path / "linear.npz").mkdir()
    assert refused(tmp_path) == "linear.npz: not a file"
    (tmp_path / MANIFEST).unlink()
    os.mkfifo(tmp_path / MANIFEST)
    assert refused(tmp_path) == f"{MANIFEST}: not a file"


@pytest.mark.parametrize(
    ("replaced", "cause"),
    [
        ({"linear": tiny_model.linear(heads=1)}, "one head"),
        ({"linear": b"PK"}, "linear weights"),
        ({"tokenizer": b"{}"}, "does not load"),
        ({"tokenizer": tiny_model.tokenizer(extra=1)}, "does not run"),
        ({"encoder": b"\x08\x08"}, "does not load"),
        ({"encoder": tiny_model.encoder(heads=4)}, "outputs"),
        ({"encoder": NOT_A_NUMBER}, "not finite"),
        ({"trunk": b"\x08\x08"}, "does not load"),
        ({"trunk": tiny_model.encoder()}, "does not run"),
        ({"material": tiny_model.encoder(heads=4)}, "outputs"),
        ({"calibration": b"{}"}, "calibration"),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused(tmp_path: Path, replaced: dict[str, bytes], cause: str) -> None:
    assert cause in refused(tiny_model.write(tmp_path, tiny_model.files(**replaced)))


def test_a_network_with_other_outputs_is_refused(tmp_path: Path) -> None:
    odd = tiny_onnx.top(np.zeros((8, 5), np.float32), np.zeros((8, 2), np.float32), ("scores", "focus"))
    assert "does not run" in refused(tiny_model.write(tmp_path, tiny_model.files(encoder=odd)))


def test_a_tokenizer_that_drops_tokens_is_refused(tmp_path: Path) -> None:
    short = json.loads(tiny_model.tokenizer())
    short["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    folder = tiny_model.write(tmp_path, tiny_model.files(tokenizer=json.dumps(short).encode()))
    assert refused(folder) == "the tokenizer drops or adds tokens"


@pytest.mark.parametrize(
    "changed",
    [
        {"schema": "bartizan/classifier/v1"},
        {"heads": ["content", "user", "extraction", "jailbreak", "harmful"]},
        {"heads": ["user"]},
        {"window_tokens": 0},
        {"window_tokens": -1},
        {"window_tokens": tiny_model.OVERLAP},
        {"window_tokens": 10**9},
        {"window_tokens": 16.5},
        {"overlap_tokens": -1},
        {"overlap_tokens": tiny_model.SIZE},
        {"most_windows": 0},
        {"most_windows": -5},
        {"most_windows": 10**6},
        {"low": {"user": 0.0}},
        {"low": {"user": 0.0, "content": 0.0, "output": 0.0}},
        {"low": {"user": "0", "content": 0.0}},
        {"low": {"user": 0.0, "short": 0.0}},
        {"low": {"user": 0.0, "content": 0.0, "short": None}},
        {"files": []},
        {"version": 1},
        {"unknown": 1},
    ],
)
def test_a_wrong_manifest_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    assert MANIFEST in refused(tiny_model.write(tmp_path, **changed))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../linear.npz"},
        {"name": "/etc/passwd"},
        {"name": ".."},
        {"name": ""},
        {"name": "linear\x00.npz"},
        {"name": "encoder.onnx"},
        {"size": -1},
        {"size": 0},
        {"size": 10**12},
        {"size": "1"},
        {"sha256": None},
    ],
)
def test_a_manifest_names_each_file_once_and_nothing_else(tmp_path: Path, change: dict[str, Any]) -> None:
    rows = tiny_model.manifest(SOUND)["files"]
    rows[0] |= change
    assert MANIFEST in refused(tiny_model.write(tmp_path, files=rows))


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_the_band_is_finite(tmp_path: Path, text: bytes) -> None:
    tiny_model.write(tmp_path)
    path = tmp_path / MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"user": 0.0', b'"user": ' + text))
    refused(tmp_path)


def test_a_huge_manifest_is_not_read_whole(tmp_path: Path) -> None:
    tiny_model.write(tmp_path)
    (tmp_path / MANIFEST).write_bytes(b" " * 10_000_000 + json.dumps(tiny_model.manifest(SOUND)).encode())
    refused(tmp_path)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_manifest_with_any_other_value_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = tiny_model.manifest(SOUND)
    holder = data.draw(st.sampled_from([whole, whole["low"], *whole["files"]]))
    key = data.draw(st.sampled_from(sorted(holder)))
    value = data.draw(VALUES)
    folder = tmp_path_factory.mktemp("fuzzed")
    tiny_model.write(folder)
    sound = holder[key]
    holder[key] = value
    (folder / MANIFEST).write_text(json.dumps(whole))
    number = isinstance(value, int | float)
    plausible = (key == "version" and isinstance(value, str)) or (
        number and (holder is whole["low"] or "tokens" in key)
    )
    if value == sound or plausible or key == "most_windows":
        try:
            load_classifier(folder)
        except ArtefactError:
            return
    else:
        refused(folder)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_a_manifest_of_any_bytes_is_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / MANIFEST).write_bytes(content)
    refused(folder)
