"""Reads tables of numbers from files that somebody else may have written: .npy, .csv, .jsonl. Never a pickle."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from bartizan.core.errors import ConfigurationError

MOST_BYTES = 2_000_000_000
MOST_ROWS = 20_000
"""Rows that are used; of more, the first or a sample."""
_LONGEST_LINE = 4_000_000


def read_rows(path: Path) -> npt.NDArray[Any]:
    """Shape (rows, ...), at least one row, all finite.

    Raises:
        ConfigurationError: it cannot be read, holds Python objects, is no table of finite numbers, or is too large.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"{path.name} has more than {MOST_BYTES} bytes")
        match path.suffix:
            case ".npy":
                values = np.load(path, allow_pickle=False)
            case ".csv":
                values = np.array(list(_csv(path)), dtype=np.float64)
            case ".jsonl":
                values = np.array(list(_lines(path)), dtype=np.float64)
            case _:
                raise ConfigurationError(f"{path.name} is neither .npy, .csv nor .jsonl")
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error.strerror}") from None
    except (ValueError, EOFError, TypeError, OverflowError, MemoryError) as error:
        raise ConfigurationError(f"{path.name} is no table of numbers: {str(error)[:200]}") from None
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf" or not values.ndim or not values.size:
        raise ConfigurationError(f"{path.name} holds no rows of numbers")
    if not np.isfinite(values).all():
        raise ConfigurationError(f"{path.name} holds NaN or infinities", "a profile is made from benign, finite rows")
    return values


def read_numbers(path: Path, rows: int) -> npt.NDArray[np.int64]:
    """One whole number from 0 on for each of ``rows``. Raises ConfigurationError."""
    values = read_rows(path)
    if values.size != rows or (values < 0).any() or (values > 2**53).any() or (values != np.floor(values)).any():
        raise ConfigurationError(f"{path.name} is not one whole number from 0 on for each row")
    return values.reshape(-1).astype(np.int64)


def digest_of(path: Path) -> str:
    """SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chosen(count: int, seed: int) -> npt.NDArray[np.int64]:
    """Which of ``count`` rows are used: all, the first 20,000 where ``seed`` is negative, or a sample in order."""
    if count <= MOST_ROWS or seed < 0:
        return np.arange(min(count, MOST_ROWS))
    sample: npt.NDArray[np.int64] = np.sort(np.random.default_rng(seed).choice(count, MOST_ROWS, replace=False))
    return sample


def _csv(path: Path) -> Iterator[list[float]]:
    """A first row that is not numbers is a header."""
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(_bounded(file))):
            if not row:
                continue
            try:
                yield [float(cell) for cell in row]
            except ValueError:
                if number:
                    raise ValueError(f"row {number + 1} holds what is no number") from None


def _lines(path: Path) -> Iterator[Any]:
    """Each line a list of numbers, nested or not."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(_bounded(file), 1):
            if line.strip():
                try:
                    row = msgspec.json.decode(line)
                except (msgspec.DecodeError, RecursionError):
                    raise ValueError(f"line {number} is not JSON") from None
                if not isinstance(row, list):
                    raise ValueError(f"line {number} is no list")
                yield row


def _bounded(file: Any) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) >= _LONGEST_LINE:
            raise ValueError(f"a line has more than {_LONGEST_LINE} characters")
        yield line
