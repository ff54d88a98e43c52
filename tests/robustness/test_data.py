"""Data: what cannot support a statement is refused with its reason, and nothing is unpickled."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from bartizan.robustness.data import load
from bartizan.robustness.errors import UnusableDataError

X, Y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 2, 0, 1, 2])


def test_npz_with_and_without_training_rows(tmp_path: Path) -> None:
    np.savez(tmp_path / "all.npz", x_train=X, y_train=Y, x_test=X, y_test=Y)
    np.savez(tmp_path / "test.npz", x_test=X, y_test=Y)
    both, one = load(tmp_path / "all.npz"), load(tmp_path / "test.npz")
    assert both.train is not None
    assert len(both.train) == len(one.test) == 6
    assert one.train is None
    assert both.digest != one.digest


def test_bytes_become_numbers_from_zero_to_one(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x_test=np.array([[0, 255], [255, 0]], np.uint8), y_test=np.array([0, 1]))
    assert load(tmp_path / "d.npz").test.x.tolist() == [[0, 1], [1, 0]]


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x_test=np.array([[{}], [1]], dtype=object), y_test=np.array([0, 1]))
    with pytest.raises(UnusableDataError, match="pickle"):
        load(tmp_path / "d.npz")


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.array([[np.nan, 1], [1, 1]]), [0, 1], "NaN"),
        (np.array([[np.inf, 1], [1, 1]]), [0, 1], "infinity"),
        (np.ones((2, 2)), [0, 0], "all rows"),
        (np.ones((2, 2)), [-1, 0], "labels from -1"),
        (np.ones((2, 2)), [0, 1, 1], "2 rows, 3 labels"),
        (np.ones((0, 2)), np.array([], int), "no rows"),
        (np.ones((2, 2)), [0.5, 1.0], "one integer"),
        (np.ones(2), [0, 1], "rows of numbers"),
    ],
)
def test_unusable_rows_say_why(tmp_path: Path, x: np.ndarray, y: list[float], said: str) -> None:
    np.savez(tmp_path / "d.npz", x_test=x, y_test=np.asarray(y))
    with pytest.raises(UnusableDataError, match=said):
        load(tmp_path / "d.npz")


def test_csv(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,b,label,split\n1,2,0,train\n3,4,1,train\n5,6,1,test\n7,8,0,test\n")
    found = load(tmp_path / "d.csv")
    assert found.columns == ("a", "b")
    assert found.train is not None
    assert found.train.x.tolist() == [[1, 2], [3, 4]]
    assert found.test.y.tolist() == [1, 0]


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "a,label\nx,0\n", "a,label\n1,0.5\n", "label\n1\n", "", "a,label\n,0\n1,1\n"]
)
def test_csv_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(UnusableDataError):
        load(tmp_path / "d.csv")


def test_idx_folder(tmp_path: Path) -> None:
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(
        gzip.compress(b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (2, 2, 2)) + bytes(range(8)))
    )
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01\0\0\0\x02\0\x01")
    found = load(tmp_path)
    assert found.test.x.shape == (2, 1, 2, 2)
    assert found.test.y.tolist() == [0, 1]
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01\xff\xff\xff\xff\0\x01")
    with pytest.raises(UnusableDataError, match="announces"):
        load(tmp_path)
