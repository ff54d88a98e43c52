"""Reads the rows of an audit: ``.npz`` without pickles, CSV with a label column, IDX pictures. Bounded and checked."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bartizan.robustness.arrays import read_npz
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import AuditData, Floats, Labels, Samples

LIMIT: Final = 4 * 1024**3
"""Bytes of arrays that are read."""
_NAMES: Final = ("x_train", "y_train", "x_test", "y_test")
_HINT: Final = "an .npz with x_test, y_test and, where known, x_train, y_train; a .csv; or a folder of IDX files"


def load(path: Path, label: str = "label", split: str = "split") -> AuditData:
    """The rows of a file or folder.

    Args:
        path: ``.npz``; ``.csv`` with a header, numeric features, a column of labels and maybe one that says train or
            test; or a folder with IDX files as MNIST has them (``train-images-idx3-ubyte.gz`` …), scaled to [0, 1].
        label: the column of a CSV that holds the label.
        split: the column of a CSV that says ``train`` or ``test``; without it every row is test.

    Raises:
        UnusableDataError: unreadable, too large, or nothing an audit can use.
    """
    try:
        if path.is_dir():
            return _checked(_idx_folder(path))
        if path.suffix == ".npz":
            return _checked(_npz(path))
        if path.suffix == ".csv":
            return _checked(_csv(path, label, split))
    except (OSError, ValueError, OverflowError, EOFError, csv.Error, zlib.error) as error:
        raise UnusableDataError(f"{path} cannot be read: {error}", _HINT) from error
    raise UnusableDataError(f"{path.suffix or 'no suffix'} is not read", _HINT)


def check(samples: Samples, classes: int, what: str) -> None:
    """Raises UnusableDataError unless labels and values are usable for a model with ``classes`` classes."""
    x, y = samples.x, samples.y
    if len(x) != len(y):
        raise UnusableDataError(f"{what}: {len(x)} rows, {len(y)} labels")
    if len(y) == 0:
        raise UnusableDataError(f"{what}: no rows")
    if not np.isfinite(x).all():
        raise UnusableDataError(
            f"{what}: NaN or infinity in {int((~np.isfinite(x)).reshape(len(x), -1).any(1).sum())} rows"
        )
    if y.min() < 0 or y.max() >= classes:
        raise UnusableDataError(f"{what}: labels from {y.min()} to {y.max()}, the model knows 0 to {classes - 1}")
    if len(np.unique(y)) < 2:
        raise UnusableDataError(f"{what}: all rows have the label {y[0]}")


def _checked(data: AuditData) -> AuditData:
    for what, part in (("train", data.train), ("test", data.test)):
        if part is not None:
            check(part, int(part.y.max(initial=0)) + 1, what)
    if data.train is not None and data.train.x.shape[1:] != data.test.x.shape[1:]:
        raise UnusableDataError(f"rows of train {data.train.x.shape[1:]} and test {data.test.x.shape[1:]} differ")
    return data


def digest(*arrays: Floats | Labels) -> str:
    """``sha256:…`` of arrays with their types and shapes."""
    found = hashlib.sha256()
    for one in arrays:
        found.update(f"{one.dtype}:{one.shape}\n".encode())
        found.update(np.ascontiguousarray(one).tobytes())
    return f"sha256:{found.hexdigest()}"


def _npz(path: Path) -> AuditData:
    found = read_npz(path, LIMIT, _NAMES)
    if "x_test" not in found or "y_test" not in found:
        raise UnusableDataError(f"{path} has no x_test and y_test", _HINT)
    test = Samples(_floats(found["x_test"]), _labels(found["y_test"]))
    train = (
        Samples(_floats(found["x_train"]), _labels(found["y_train"])) if {"x_train", "y_train"} <= set(found) else None
    )
    return AuditData(train, test, digest(*(found[name] for name in _NAMES if name in found)))


def _csv(path: Path, label: str, split: str) -> AuditData:
    if path.stat().st_size > LIMIT // 8:
        raise UnusableDataError(f"{path} is larger than {LIMIT // 8 // 1024**2} MiB", "use .npz")
    raw = path.read_bytes()
    rows = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), strict=True)
    columns = [name for name in rows.fieldnames or () if name not in (label, split)]
    if label not in (rows.fieldnames or ()) or not columns:
        raise UnusableDataError(f"{path} has no column {label!r} beside its features", "name it with --label")
    values: dict[str, list[list[float]]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    for row in rows:
        if None in row or None in row.values():
            raise UnusableDataError(f"{path}:{rows.line_num}: not as many fields as the header names")
        part = (row.get(split) or "test").strip().lower()
        if part not in values:
            raise UnusableDataError(f"{path}:{rows.line_num}: {split} is {part!r}, not train or test")
        values[part].append([float(row[name] or "nan") for name in columns])
        labels[part].append(int(row[label]))
    made = {part: Samples(np.asarray(values[part], float), np.asarray(labels[part], np.int64)) for part in values}
    train = made["train"] if len(made["train"]) else None
    return AuditData(train, made["test"], f"sha256:{hashlib.sha256(raw).hexdigest()}", tuple(columns))


def _idx_folder(path: Path) -> AuditData:
    parts: dict[str, Samples] = {}
    for part, prefix in (("train", "train"), ("test", "t10k")):
        images = next(iter(sorted(path.glob(f"{prefix}-images*"))), None)
        labels = next(iter(sorted(path.glob(f"{prefix}-labels*"))), None)
        if images and labels:
            pixels = _idx(images).astype(np.float32) / 255
            parts[part] = Samples(pixels[:, None], _idx(labels).astype(np.int64))
    if "test" not in parts:
        raise UnusableDataError(f"{path} has no t10k-images and t10k-labels", _HINT)
    train = parts.get("train")
    used = [parts["test"].x, parts["test"].y, *((train.x, train.y) if train else ())]
    return AuditData(train, parts["test"], digest(*used))


def _idx(path: Path) -> NDArray[np.uint8]:
    """The IDX format of the MNIST pages: two zero bytes, a type (8: bytes), a number of axes, big-endian sizes."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        head = file.read(4)
        if head[:3] != b"\0\0\x08" or not 1 <= head[3] <= 4:
            raise UnusableDataError(f"{path} is no IDX file of bytes")
        shape = tuple(int.from_bytes(file.read(4), "big") for _ in range(head[3]))
        size = int(np.prod(shape, dtype=np.float64))
        if size > LIMIT // 4:
            raise UnusableDataError(f"{path} announces {size:,} values")
        return np.frombuffer(file.read(size), np.uint8).reshape(shape)


def _floats(x: np.ndarray) -> Floats:
    if x.dtype == np.uint8:
        return x.astype(np.float32) / 255
    if x.dtype.kind not in "fiu" or x.ndim < 2:
        raise UnusableDataError(f"features of type {x.dtype} and shape {x.shape} are not rows of numbers")
    return x if x.dtype in (np.float32, np.float64) else x.astype(np.float64)


def _labels(y: np.ndarray) -> Labels:
    if y.ndim != 1 or y.dtype.kind not in "iu":
        raise UnusableDataError(f"labels of type {y.dtype} and shape {y.shape} are not one integer a row")
    return y.astype(np.int64)
