"""Writes ordinary models in every way their libraries save them. Run by a Python that has the libraries:

    PYTHON build_benign.py FOLDER

Skips what is not installed. One JSON line a file on standard output: path and family.
"""

# mypy: ignore-errors
# ruff: noqa: E501
# Runs under another Python, with libraries that have no types.

from __future__ import annotations

import importlib
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benign_sklearn import sklearn_composed, sklearn_models

warnings.simplefilter("ignore")
SEED = 20261127


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except (ImportError, OSError, AttributeError):  # one without its own dependencies counts as not installed
        return None


class Writer:
    """Saves objects under one folder and says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.pickle = importlib.import_module("pickle")  # writes only

    def save(self, family: str, name: str, write: Callable[[str], Any]) -> None:
        path = self.folder / f"{family}-{name}"
        try:
            write(str(path))
        except Exception as error:
            path.unlink(missing_ok=True)
            print(json.dumps({"skipped": path.name, "why": repr(error)[:200]}))
            return
        print(json.dumps({"path": str(path), "family": family}))

    def pickled(self, family: str, name: str, value: Any, protocol: int = 4) -> None:
        self.save(
            family, f"{name}.p{protocol}.pkl", lambda path: Path(path).write_bytes(self.pickle.dumps(value, protocol))
        )


def boosted(numpy: Any) -> Iterator[tuple[str, str, Any]]:
    """xgboost, lightgbm and catboost through their scikit-learn interface and their own."""
    random = numpy.random.RandomState(SEED)
    x, y = random.rand(80, 4), random.randint(0, 2, 80)
    if (xgb := _module("xgboost")) is not None:
        for name in ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"):
            yield "xgboost", name, getattr(xgb, name)(n_estimators=3).fit(x, y)
        for booster in ("gbtree", "gblinear", "dart"):
            yield "xgboost", booster, xgb.train({"booster": booster}, xgb.DMatrix(x, y), 3)
    if (lgb := _module("lightgbm")) is not None:
        for name in ("LGBMClassifier", "LGBMRegressor"):
            yield "lightgbm", name, getattr(lgb, name)(n_estimators=3, verbose=-1).fit(x, y)
        for boosting in ("gbdt", "dart", "goss"):
            yield "lightgbm", boosting, lgb.train({"boosting": boosting, "verbose": -1}, lgb.Dataset(x, y), 3)
    if (cat := _module("catboost")) is not None:
        for name in ("CatBoostClassifier", "CatBoostRegressor", "CatBoost"):
            model = getattr(cat, name)({"iterations": 3, "verbose": False, "allow_writing_files": False})
            yield "catboost", name, model.fit(x, y)


def tables(pandas: Any, numpy: Any) -> Iterator[tuple[str, Any]]:
    """Frames, series and indices of every common type."""
    n = 12
    frame = pandas.DataFrame({
        "i": numpy.arange(n), "f": numpy.linspace(0, 1, n), "s": [f"row {k}" for k in range(n)], "b": [True, False] * 6,
        "t": pandas.date_range("2024-01-01", periods=n), "z": pandas.date_range("2024-01-01", periods=n, tz="UTC"),
        "c": pandas.Categorical(["x", "y", "z"] * 4), "d": pandas.to_timedelta(range(n), "h")})  # fmt: skip
    yield "frame", frame
    for column in frame:
        yield f"series-{column}", frame[column]
    for kind in ("Int64", "Float64", "string", "boolean"):
        yield f"array-{kind}", pandas.Series([1, 0, None] * 4).astype("Int64").astype(kind)
    yield "multi", frame.set_index(["i", "s"])
    yield "range-index", frame.index
    yield "date-index", pandas.date_range("2024-01-01", periods=5, freq="D")
    yield "period-index", pandas.period_range("2024-01", periods=5, freq="M")
    yield "interval-index", pandas.interval_range(0, 5)
    yield "category-index", pandas.CategoricalIndex(["a", "b"])
    yield "timedelta-index", pandas.to_timedelta(["1 day", "2 days"])
    yield "timestamp", [pandas.Timestamp("2024-01-01"), pandas.Timedelta("1 day"), pandas.NaT, pandas.NA]
    yield "sparse", pandas.Series(pandas.arrays.SparseArray([0, 0, 1, 2]))
    yield "offset", [pandas.offsets.MonthEnd(), pandas.offsets.BDay(2)]


def arrays(numpy: Any) -> Iterator[tuple[str, Any]]:
    """Arrays and scalars of every kind."""
    for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u8", "?", "c8", "U5", "S5", "M8[ns]", "m8[s]", ">f4"):
        yield (
            f"array-{kind.strip('<>').replace('[', '').replace(']', '').replace('?', 'bool')}{'be' if kind[0] == '>' else ''}",
            numpy.zeros((3, 4), dtype=kind),
        )
    yield "fortran", numpy.asfortranarray(numpy.random.RandomState(SEED).rand(4, 3))
    yield "objects", numpy.array([1, "a", None, [1, 2]], dtype=object)
    yield "record", numpy.zeros(3, dtype=[("a", "i4"), ("b", "f8", (2,))])
    yield "masked", numpy.ma.masked_array([1, 2, 3], mask=[0, 1, 0])
    yield "matrix", numpy.matrix([[1, 2], [3, 4]])
    yield (
        "scalars",
        [numpy.float64(1.5), numpy.int32(2), numpy.bool_(True), numpy.str_("x"), numpy.datetime64("2024-01-01")],
    )
    yield "random-state", numpy.random.RandomState(SEED)
    yield "generator", numpy.random.default_rng(SEED)
    yield "dtypes", [numpy.dtype("f8"), numpy.dtype(object), numpy.float32]
    yield "empty", numpy.zeros((0, 3))
    yield "zero-dim", numpy.array(3.0)
    yield "big", numpy.random.RandomState(SEED).rand(300, 300)


def sparse(numpy: Any) -> Iterator[tuple[str, Any]]:
    """scipy's matrices, distributions and interpolators."""
    from scipy import interpolate, sparse, spatial, stats

    dense = numpy.eye(5)
    for kind in ("csr", "csc", "coo", "lil", "dok", "dia", "bsr"):
        yield f"sparse-{kind}", getattr(sparse, f"{kind}_matrix")(dense)
        if hasattr(sparse, f"{kind}_array"):
            yield f"sparse-array-{kind}", getattr(sparse, f"{kind}_array")(dense)
    for name in ("norm", "uniform", "expon", "gamma", "beta", "lognorm"):
        yield f"frozen-{name}", getattr(stats, name)(*([2.0] * getattr(stats, name).numargs))
    yield "randint", stats.randint(1, 5)
    yield "kde", stats.gaussian_kde(numpy.random.RandomState(SEED).rand(20))
    points = numpy.linspace(0, 1, 10)
    yield "interp1d", interpolate.interp1d(points, points**2)
    yield "spline", interpolate.UnivariateSpline(points, points**2)
    yield "cubic", interpolate.CubicSpline(points, points**2)
    yield "tree", spatial.cKDTree(numpy.random.RandomState(SEED).rand(20, 3))


def torch_files(writer: Writer) -> None:
    """State dicts and checkpoints in both formats of ``torch.save``, whole modules, tensors of every type."""
    torch = _module("torch")
    if torch is None:
        return
    nn = torch.nn
    torch.manual_seed(SEED)
    nets = {
        "mlp": nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 2)),
        "cnn": nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.MaxPool2d(2), nn.Flatten(), nn.LazyLinear(4)),
        "lstm": nn.LSTM(4, 8, 2), "gru": nn.GRU(4, 8), "transformer": nn.TransformerEncoderLayer(16, 2),
        "embedding": nn.Embedding(100, 8), "attention": nn.MultiheadAttention(16, 2), "norm": nn.LayerNorm(8),
        "bilinear": nn.Bilinear(2, 3, 4), "prelu": nn.Sequential(nn.PReLU(), nn.GELU(), nn.SiLU(), nn.ELU(), nn.GroupNorm(1, 2)),
        "deconv": nn.ConvTranspose1d(2, 3, 3), "decoder": nn.TransformerDecoderLayer(16, 2),
    }  # fmt: skip
    with torch.no_grad():
        nets["cnn"](torch.zeros(1, 3, 8, 8))
    for name, net in nets.items():
        for zipped in (True, False):
            form = "zip" if zipped else "legacy"
            writer.save(
                "state-dict",
                f"{name}-{form}.pt",
                lambda p, n=net, z=zipped: torch.save(n.state_dict(), p, _use_new_zipfile_serialization=z),
            )
            writer.save(
                "torch-module",
                f"{name}-{form}.pt",
                lambda p, n=net, z=zipped: torch.save(n, p, _use_new_zipfile_serialization=z),
            )
    parameters = list(nets["mlp"].parameters())
    for name in ("Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "NAdam"):
        optimizer = getattr(torch.optim, name)(parameters, lr=0.01)
        nets["mlp"](torch.zeros(2, 8)).sum().backward()
        optimizer.step()
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2)
        content = {
            "epoch": 3,
            "model": nets["mlp"].state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "loss": 0.1,
            "args": {"lr": 0.1},
        }
        writer.save("state-dict", f"checkpoint-{name}.ckpt", lambda p, c=content: torch.save(c, p))
        writer.save("torch-module", f"optimizer-{name}.pt", lambda p, o=optimizer: torch.save(o, p))
    types = [
        "float32",
        "float64",
        "float16",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "bool",
        "complex64",
        "float8_e4m3fn",
    ]
    tensors = {name: torch.zeros(4, 2).to(getattr(torch, name)) for name in types if hasattr(torch, name)}
    tensors["quantized"] = torch.quantize_per_tensor(torch.rand(3, 3), 0.1, 2, torch.qint8)
    tensors["sparse"] = torch.eye(3).to_sparse()
    tensors["csr"] = torch.eye(3).to_sparse_csr()
    tensors["parameter"] = nn.Parameter(torch.rand(2, 2))
    tensors["view"] = torch.rand(10)[2:5]
    tensors["size"] = [torch.Size([1, 2]), torch.device("cpu"), torch.float32]
    tensors["list"] = [torch.rand(2), {"a": torch.rand(3)}, (1, "x", None, 1.5, True)]
    tensors["rng"] = torch.get_rng_state()
    for name, value in tensors.items():
        for zipped in (True, False):
            writer.save(
                "torch-tensor",
                f"{name}-{'zip' if zipped else 'legacy'}.pt",
                lambda p, v=value, z=zipped: torch.save(v, p, _use_new_zipfile_serialization=z),
            )
        writer.pickled("torch-tensor", name, value)


def main(folder: Path) -> None:
    """Write everything."""
    writer = Writer(folder)
    numpy = _module("numpy")
    joblib = _module("joblib")
    ways = ["none", "zlib", "gzip", "bz2", "lzma", "xz", *(["lz4"] if _module("lz4") else [])]
    for number, (name, model) in enumerate(_safely(sklearn_models(numpy)) if _module("sklearn") else ()):
        if number % 3:
            writer.pickled("sklearn", name, model, (2, 4, 5)[number % 3])
        else:
            way = ways[number // 3 % len(ways)]
            compress: Any = 0 if way == "none" else (way, 3)
            writer.save("sklearn", f"{name}.{way}.joblib", lambda p, m=model, c=compress: joblib.dump(m, p, compress=c))
    for name, model in _safely(sklearn_composed(numpy)) if _module("sklearn") else ():
        writer.pickled("sklearn", name, model)
        writer.save("sklearn", f"{name}.joblib", lambda p, m=model: joblib.dump(m, p))
    for family, name, model in _safely(boosted(numpy)):
        for protocol in (2, 4, 5):
            writer.pickled(family, name, model, protocol)
        writer.save(family, f"{name}.joblib", lambda p, m=model: joblib.dump(m, p, compress=3))
    if (pandas := _module("pandas")) is not None:
        for name, value in _safely(tables(pandas, numpy)):
            for protocol in (2, 4, 5):
                writer.pickled("pandas", name, value, protocol)
        frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
        for way in ("gz", "bz2", "xz", "zip", "tar", "tar.gz"):
            writer.save("pandas", f"frame.pkl.{way}", frame.to_pickle)
    for name, value in _safely(arrays(numpy)):
        for protocol in (0, 2, 4, 5):
            writer.pickled("numpy", name, value, protocol)
        writer.save("numpy", f"{name}.joblib", lambda p, v=value: joblib.dump(v, p))
        writer.save("numpy", f"{name}.npy", lambda p, v=value: numpy.save(p, numpy.asarray(v)))
        writer.save(
            "numpy", f"{name}.npz", lambda p, v=value: numpy.savez_compressed(p, a=numpy.asarray(v), b=numpy.zeros(3))
        )
    for name, value in _safely(sparse(numpy)) if _module("scipy") else ():
        for protocol in (2, 4):
            writer.pickled("scipy", name, value, protocol)
    torch_files(writer)


def _safely(values: Iterator[Any]) -> Iterator[Any]:
    while True:
        try:
            value = next(values)
        except StopIteration:
            return
        except Exception as error:
            print(json.dumps({"stopped": repr(error)[:200]}))
            return
        yield value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
