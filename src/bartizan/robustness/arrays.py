"""Arrays of an ``.npz``, without pickles: none is made before its header agrees with the bytes that are there."""

from __future__ import annotations

import lzma
import math
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

from numpy.lib import format as npy
from numpy.typing import NDArray

_BROKEN = (
    AttributeError, EOFError, MemoryError, OSError, OverflowError, RuntimeError, SyntaxError, TypeError, ValueError,
    lzma.LZMAError, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile, the decompressors and NumPy's header parser raise for files that are damaged, encrypted or forged."""


def read_npz(path: Path, limit: int, names: Collection[str] = ()) -> dict[str, NDArray[Any]]:
    """The arrays called ``names``, as far as they are there; all without it.

    Raises:
        ValueError: more than ``limit`` bytes unpacked, a member that is no array, or a damaged file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > limit:
                raise ValueError(f"it unpacks to more than {limit // 1024**3} GiB")
            found = {}
            for member in members:
                name = member.filename.removesuffix(".npy")
                if names and name not in names:
                    continue
                with archive.open(member) as file:
                    _fits(file, name, member.file_size)
                with archive.open(member) as file:
                    found[name] = npy.read_array(file, allow_pickle=False)
            return found
    except _BROKEN as error:
        said = (str(error).splitlines() or [""])[0][:200]
        raise ValueError(said or type(error).__name__) from error


def _fits(file: IO[bytes], name: str, size: int) -> None:
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name} is an array of format {version}")
    shape, _, dtype = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(file)
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > size:
        raise ValueError(f"{name} announces {shape} values of {dtype.itemsize} bytes, {size:,} bytes are there")
