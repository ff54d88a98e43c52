"""Data: what cannot support a statement is refused with its reason, and nothing is unpickled."""

from __future__ import annotations

import gzip
import io
import zipfile
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
    "text",
    [
        "a,b\n1,2\n",
        "a,label\nx,0\n",
        "a,label\n1,0.5\n",
        "label\n1\n",
        "",
        "a,label\n,0\n1,1\n",
        "a,label\n1,0\n1\n",
        "a,label\n1,0\n1,1,1\n",
        'a,label\n1,0\n"1"x,1\n',
        f"a,label\n1,0\n{'1' * 131_073},1\n",
        f"a,label\n1,0\n1,{'9' * 30}\n",
        f"a,label\n1,0\n1,{'9' * 5_000}\n",
    ],
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


def npy(header: str = "", array: np.ndarray = X) -> bytes:
    """A member of an .npz; with a forged header where one is given."""
    if not header:
        np.save(file := io.BytesIO(), array)
        return file.getvalue()
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode("latin1")


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (b"no array", "magic"),
        (b"", "EOF"),
        (npy("("), "cannot be read"),
        (npy("(" * 5_000), "cannot be read"),
        (npy("-" * 5_000 + "1"), "cannot be read"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000, 5)}"), "announces"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1%s, 0)}" % ("0" * 30)), "cannot be read"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2)}"), "cannot be read"),
        (npy("{'descr': 5, 'fortran_order': False, 'shape': (1, 2)}"), "cannot be read"),
        (b"\x93NUMPY\3\0" + npy()[8:], "format"),
    ],
)
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_LZMA])
def test_forged_arrays_are_refused_before_memory_is_taken(
    tmp_path: Path, member: bytes, said: str, compression: int
) -> None:
    with zipfile.ZipFile(tmp_path / "d.npz", "w", compression) as archive:
        archive.writestr("x_test.npy", member)
        archive.writestr("y_test.npy", npy(array=Y))
    with pytest.raises(UnusableDataError, match=said):
        load(tmp_path / "d.npz")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_archives_are_read_right_or_refused(tmp_path: Path, compression: int) -> None:
    path, rng = tmp_path / "d.npz", np.random.default_rng(compression)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("x_test.npy", npy())
        archive.writestr("y_test.npy", npy(array=Y))
    whole, refused = path.read_bytes(), 0
    for _ in range(150):
        hurt = bytearray(whole)
        for at in rng.integers(0, len(hurt), rng.integers(1, 4)):
            hurt[at] = rng.integers(256)
        path.write_bytes(hurt)
        try:
            load(path)
        except UnusableDataError:
            refused += 1
    assert refused > 50


def test_encrypted_archives_and_damaged_pictures_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("x_test.npy", npy())
    raw = bytearray((tmp_path / "d.npz").read_bytes())
    for flags in (6, raw.index(b"PK\1\2") + 8):
        raw[flags] |= 1
    (tmp_path / "d.npz").write_bytes(raw)
    with pytest.raises(UnusableDataError, match="encrypted"):
        load(tmp_path / "d.npz")
    packed = bytearray(gzip.compress(b"\0\0\x08\x01\0\0\x0f\xff" + np.arange(4095).astype(np.uint8).tobytes()))
    packed[10] |= 0b110
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(packed)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01\0\0\0\x02\0\x01")
    with pytest.raises(UnusableDataError, match="cannot be read"):
        load(tmp_path)
