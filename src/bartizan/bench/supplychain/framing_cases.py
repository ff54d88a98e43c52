"""One attack in every framing and compression: joblib, numpy, pandas, and under names that say something else."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from bartizan.bench.supplychain.assembler import Raw, built, call, made, name, whole
from bartizan.bench.supplychain.attack import Build, Malicious, touch
from bartizan.bench.supplychain.packing import lz4_frame, tarred, zipped


def framings() -> Iterator[Malicious]:
    """All of them."""

    def of(identifier: str, loader: str, file: str, build: Build, needs: str = "") -> Malicious:
        return Malicious(f"framing.{identifier}", loader, file, build, needs)

    packers: tuple[tuple[str, Callable[[bytes], bytes], str], ...] = (
        ("zlib", zlib.compress, ""), ("gzip", gzip.compress, ""), ("bz2", bz2.compress, ""),
        ("xz", lambda data: lzma.compress(data, lzma.FORMAT_XZ), ""),
        ("lzma", lambda data: lzma.compress(data, lzma.FORMAT_ALONE), ""),
        ("lz4", lz4_frame, "lz4"),
    )  # fmt: skip
    for kind, pack, needs in packers:
        yield of(f"joblib.{kind}", "joblib", "model.joblib", lambda m, p=pack: p(whole(touch(m))), needs or "joblib")  # type: ignore[misc]
    yield of("joblib.plain", "joblib", "model.joblib", lambda m: whole(touch(m)), "joblib")
    yield of("joblib.level9", "joblib", "model.bin", lambda m: zlib.compress(whole(touch(m)), 9), "joblib")
    yield of(
        "joblib.cut", "joblib", "model.gz", lambda m: gzip.compress(whole(touch(m)) + bytes(100_000))[:-8], "joblib"
    )
    yield of("joblib.array", "joblib", "model.joblib", lambda m: _joblib_array(m, b"\x80\x04N." + b"\0" * 12), "joblib")
    yield of(
        "joblib.array_hides",
        "joblib",
        "model.joblib",
        lambda m: _joblib_array(m, b"N." + b"\x8e" + bytes(13)),
        "joblib",
    )
    yield of("joblib.object_array", "joblib", "model.joblib", _joblib_objects, "joblib")
    for size in (1, 2):
        yield of(f"npy.version{size}", "numpy", "array.npy", lambda m, s=size: _npy(m, s), "numpy")  # type: ignore[misc]
    yield of("npz", "numpy", "arrays.npz", lambda m: zipped({"a.npy": _npy(m, 1)}), "numpy")
    yield of(
        "npz.deflated", "numpy", "arrays.npz", lambda m: zipped({"a.npy": _npy(m, 1)}, zipfile.ZIP_DEFLATED), "numpy"
    )
    yield of("pandas.gzip", "pandas", "frame.pkl.gz", lambda m: gzip.compress(whole(touch(m))), "pandas")
    yield of("pandas.zip", "pandas", "frame.pkl.zip", lambda m: zipped({"frame.pkl": whole(touch(m))}), "pandas")
    yield of("pandas.tar", "pandas", "frame.pkl.tar", lambda m: tarred({"frame.pkl": whole(touch(m))}), "pandas")
    yield of(
        "pandas.tar.xz",
        "pandas",
        "frame.pkl.tar.xz",
        lambda m: lzma.compress(tarred({"frame.pkl": whole(touch(m))})),
        "pandas",
    )
    for ending in (".txt", ".json", ".safetensors", ".jpg", ""):
        yield of(f"extension{ending or '.none'}", "pickle", f"model{ending}", lambda m: whole(touch(m)))


def _joblib_array(marker: str, content: bytes) -> bytes:
    """An inline array whose bytes end the stream for those who read them as opcodes; the attack comes after it."""
    kind = built(call("numpy", "dtype", ("u1", False, True)), (3, "|", None, None, None, -1, -1, 0))
    wrapper = built(
        made("joblib.numpy_pickle", "NumpyArrayWrapper"),
        {"subclass": Raw(name("numpy", "ndarray")), "shape": (len(content),), "order": "C", "dtype": kind,
         "allow_mmap": False, "numpy_array_alignment_bytes": None},
    )  # fmt: skip
    return b"\x80\x04" + wrapper + content + b"0" + touch(marker) + b"."


def _joblib_objects(marker: str) -> bytes:
    kind = built(call("numpy", "dtype", ("O8", False, True)), (3, "|", None, None, None, -1, -1, 63))
    wrapper = built(
        made("joblib.numpy_pickle", "NumpyArrayWrapper"),
        {"subclass": Raw(name("numpy", "ndarray")), "shape": (1,), "order": "C", "dtype": kind, "allow_mmap": False},
    )
    return b"\x80\x04" + wrapper + whole(touch(marker)) + b"."


def _npy(marker: str, version: int) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    size = struct.pack("<H" if version == 1 else "<I", 118)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header.ljust(117) + b"\n" + whole(touch(marker))
