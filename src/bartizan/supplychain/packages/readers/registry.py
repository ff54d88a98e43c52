"""All readers of lock files."""

from __future__ import annotations

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages.interface import Lock, Reader
from bartizan.supplychain.packages.readers.npm_lock import NpmLock
from bartizan.supplychain.packages.readers.pipfile_lock import PipfileLock
from bartizan.supplychain.packages.readers.pnpm_lock import PnpmLock
from bartizan.supplychain.packages.readers.poetry_lock import PoetryLock
from bartizan.supplychain.packages.readers.pylock import Pylock
from bartizan.supplychain.packages.readers.requirements import Requirements
from bartizan.supplychain.packages.readers.uv_lock import UvLock
from bartizan.supplychain.packages.readers.yarn_lock import YarnLock

READERS: tuple[Reader, ...] = (
    Pylock(), PoetryLock(), UvLock(), PipfileLock(), NpmLock(), PnpmLock(), YarnLock(), Requirements(),
)  # fmt: skip


def read_with(reader: Reader, raw: bytes, budget: Budget) -> Lock:
    """What a file says. Raises `MalformedError` or `BudgetError`, nothing else."""
    try:
        return reader.read(raw, budget)
    except ValueError as error:  # out of urllib, which many fields of many formats go through
        raise MalformedError(f"an address that is none: {error}", 0) from None


def reader_for(name: str, head: bytes) -> Reader | None:
    """The first that recognises a file of this name with this beginning."""
    return next((one for one in READERS if one.recognises(name, head)), None)
