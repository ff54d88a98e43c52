"""Models from files, addresses and code: what loads answers like the original, what is hostile or broken says why."""

from __future__ import annotations

import io
import itertools
import pickle
import sys
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

from bartizan.core.artefact import Admission
from bartizan.robustness.errors import AuditError, UnusableModelError
from bartizan.robustness.gallery.recipes import RECIPES, recipe
from bartizan.robustness.interface import Access, AuditData, Samples
from bartizan.robustness.loading import bounds_of, load_model, load_trainer
from bartizan.robustness.models.saved import save, saved
from bartizan.supplychain.scanning import ArtefactScanner

X, Y = load_wine(return_X_y=True)
X = (X - X.min(0)) / (X.max(0) - X.min(0))
DATA = AuditData(Samples(X[::2], Y[::2]), Samples(X[1::2], Y[1::2]))
GATE = ArtefactScanner()


def test_a_saved_model_answers_as_before(tmp_path: Path) -> None:
    one = recipe("wine-linear")
    model = one.train(one.rows())
    save(model, tmp_path / "m.npz", one.id)
    loaded = load_model(str(tmp_path / "m.npz"), DATA, GATE)
    assert (loaded.model.logits(X) == model.logits(X)).all()
    assert loaded.model.digest == model.digest
    assert loaded.model.access is Access.GRADIENTS
    assert loaded.trainer is not None
    assert GATE.scan(tmp_path / "m.npz").verdict is Admission.ALLOW


def test_a_file_that_runs_code_is_refused_by_the_gate_before_it_is_read(tmp_path: Path) -> None:
    header = msgspec.json.encode({"kind": "dense"})
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        file = io.BytesIO()
        np.save(file, np.frombuffer(header, np.uint8))
        archive.writestr("header.npy", file.getvalue())
        archive.writestr("weights_0.npy", b"\x93NUMPY" + pickle.dumps(sys.exit))
        archive.writestr("inner.pkl", b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(UnusableModelError, match="not loaded: block"):
        load_model(str(tmp_path / "m.npz"), DATA, GATE)
    with pytest.raises(UnusableModelError, match="no model of the gallery"):
        saved(tmp_path / "m.npz")


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 100, b"\x08\x01"])
@pytest.mark.parametrize("suffix", [".npz", ".onnx", ".json", ".ubj", ".txt", ".pkl", ""])
def test_files_that_are_no_models_say_so(tmp_path: Path, content: bytes, suffix: str) -> None:
    (tmp_path / f"m{suffix}").write_bytes(content)
    with pytest.raises(UnusableModelError):
        load_model(str(tmp_path / f"m{suffix}"), DATA)


def test_saved_layers_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    header = {"kind": "dense", "name": "n", "shape": [13], "classes": 3, "lower": 0, "upper": 1, "activation": "relu"}
    arrays = {
        "weights_0": np.ones((13, 5)),
        "biases_0": np.ones(5),
        "weights_1": np.ones((4, 3)),
        "biases_1": np.ones(3),
    }
    raw = np.frombuffer(msgspec.json.encode(header), np.uint8)
    np.savez(tmp_path / "m.npz", header=raw, **arrays)  # type: ignore[arg-type]
    with pytest.raises(UnusableModelError, match="do not lead"):
        saved(tmp_path / "m.npz")


WEIGHTS, BIASES = np.ones((13, 3)), np.ones(3)


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"weights_0": np.ones(13), "biases_0": BIASES},
        {"weights_0": WEIGHTS.astype("U3"), "biases_0": BIASES},
        {"weights_0": WEIGHTS.astype(bool), "biases_0": BIASES},
        {"weights_0": WEIGHTS, "biases_0": np.array(1.0)},
        {"weights_0": WEIGHTS, "biases_0": np.ones(2)},
        {"weights_0": WEIGHTS, "biases_0": np.array(["a", "b", "c"])},
    ],
)
def test_saved_arrays_that_are_no_layers_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    header = {"kind": "dense", "name": "n", "shape": [13], "classes": 3, "lower": 0, "upper": 1, "activation": "relu"}
    raw = np.frombuffer(msgspec.json.encode(header), np.uint8)
    np.savez(tmp_path / "m.npz", header=raw, **arrays)  # type: ignore[arg-type]
    with pytest.raises(UnusableModelError, match="layers"):
        saved(tmp_path / "m.npz")


CODE = """
from sklearn.linear_model import LogisticRegression
from sklearn.datasets import load_wine
def fitted(): return LogisticRegression(max_iter=3000).fit(*load_wine(return_X_y=True))
def nothing(): return 5
def broken(): raise RuntimeError("no\\nweights")
class Kind:
    name = "mine"
    def fit(self, x, y, seed): return x
"""


def test_code_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_of_tests.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    assert load_model("python:mine_of_tests:fitted", DATA).model.access is Access.GRADIENTS
    assert load_trainer("python:mine_of_tests:Kind").name == "mine"
    for wrong, said in (("nothing", "is no model"), ("broken", "RuntimeError: no"), ("missing", "AttributeError")):
        with pytest.raises(UnusableModelError, match=said):
            load_model(f"python:mine_of_tests:{wrong}", DATA)
    with pytest.raises(UnusableModelError, match="no trainer"):
        load_trainer("python:mine_of_tests:nothing")
    with pytest.raises(UnusableModelError, match="ModuleNotFoundError"):
        load_model("python:no_such_module_at_all:f", DATA)


def test_bounds_follow_from_the_rows() -> None:
    assert [float(one) for one in bounds_of(DATA)] == [0, 1]
    low, high = bounds_of(AuditData(None, Samples(X * 5, Y)))
    assert low.shape == (13,)
    assert high.max() == 5


def test_the_gallery_is_consistent() -> None:
    assert len({one.id for one in RECIPES}) == len(RECIPES)
    with pytest.raises(AuditError, match="has no"):
        recipe("nothing")
    for one in RECIPES:
        if one.data == "wine":
            data = one.rows()
            model = one.train(data, 1)
            assert (model.predict_label(data.test.x) == data.test.y).mean() > 0.85


def test_onnx_answers_as_the_original(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    estimator = LogisticRegression(max_iter=3000).fit(X, Y)
    nodes = [
        onnx.helper.make_node("Gemm", ["x", "w", "b"], ["scores"]),
        onnx.helper.make_node("Softmax", ["scores"], ["probabilities"]),
        onnx.helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
    ]
    weights = [
        onnx.numpy_helper.from_array(estimator.coef_.T.astype(np.float32), "w"),
        onnx.numpy_helper.from_array(estimator.intercept_.astype(np.float32), "b"),
    ]
    kinds = onnx.TensorProto
    for outputs, batch in ((["label", "probabilities"], None), (["scores"], None), (["probabilities"], 7)):
        graph = onnx.helper.make_graph(
            nodes,
            "g",
            [onnx.helper.make_tensor_value_info("x", kinds.FLOAT, [batch, 13])],
            [
                onnx.helper.make_tensor_value_info(
                    one, kinds.INT64 if one == "label" else kinds.FLOAT, [batch] if one == "label" else [batch, 3]
                )
                for one in outputs
            ],
            weights,
        )
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(model, tmp_path / "m.onnx")
        loaded = load_model(str(tmp_path / "m.onnx"), DATA, GATE).model
        assert loaded.predict_proba(X) == pytest.approx(estimator.predict_proba(X), abs=1e-5)
        assert (loaded.predict_label(X) == estimator.predict(X)).all()
        with pytest.raises(UnusableModelError, match="takes rows"):
            load_model(str(tmp_path / "m.onnx"), AuditData(None, Samples(X[:, :5], Y)))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_boosters_answer_as_the_original(tmp_path: Path, library: str, classes: int) -> None:
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    y = np.minimum(Y, classes - 1)
    data = AuditData(None, Samples(X, y))
    if library == "xgboost":
        estimator = module.XGBClassifier(n_estimators=5).fit(X, y)
        path = tmp_path / "m.json"
        estimator.save_model(path)
    else:
        estimator = module.LGBMClassifier(n_estimators=5, verbose=-1).fit(X, y)
        path = tmp_path / "m.txt"
        estimator.booster_.save_model(path)
    loaded = load_model(str(path), data, GATE).model
    assert loaded.predict_proba(X) == pytest.approx(estimator.predict_proba(X), abs=1e-6)
    splits = loaded.splits()  # type: ignore[attr-defined]
    assert splits is not None
    assert sum(map(len, splits)) > 5
    # Between neighbouring splits nothing changes, and at each of them something does.
    changed = 0
    for column, cuts in enumerate(splits):
        for cut in cuts:
            rows = np.repeat(X[:150], 2, axis=0)
            single = np.float32(cut)
            below = single if single <= cut else np.nextafter(single, np.float32(-np.inf))
            rows[::2, column], rows[1::2, column] = below, np.nextafter(below, np.float32(np.inf))
            found = loaded.predict_proba(rows)
            changed += bool((found[::2] != found[1::2]).any())
        edges = np.concatenate([[X[:, column].min() - 1], cuts, [X[:, column].max() + 1]])
        for low, high in itertools.pairwise(edges):
            inner = np.repeat(X[:20], 2, axis=0)
            inner[::2, column], inner[1::2, column] = low + 0.4 * (high - low), low + 0.6 * (high - low)
            found = loaded.predict_proba(inner)
            assert (found[::2] == found[1::2]).all()
    assert changed >= 0.8 * sum(map(len, splits))


def test_a_poisoned_recipe_says_so_in_its_rows() -> None:
    plain, poisoned = recipe("digits-mlp").rows(), recipe("digits-backdoored").rows()
    assert plain.train is not None
    assert poisoned.train is not None
    changed = (plain.train.x != poisoned.train.x).any(axis=(1, 2, 3))
    assert changed.sum() == 45
    assert (poisoned.train.y[changed] == 0).all()
    assert (plain.train.y[changed] != 0).all()
    assert (plain.test.x == poisoned.test.x).all()
    assert plain.digest != poisoned.digest
