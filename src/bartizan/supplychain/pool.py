"""Work on many files in processes of their own: in order, bounded in memory, and a process that dies costs one file."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_MOST_DATA = 1 << 30
"""Bytes of heap of a worker process: beyond that a parser fails, which is inconclusive."""


def spread(work: Callable[[Path], T], paths: Iterable[Path], jobs: int, died: Callable[[Path], T]) -> Iterator[T]:
    """A result a path, in order, by ``jobs`` processes (0: one for each core).

    Args:
        work: what is done with each path; can be pickled.
        died: the result for a path whose process was killed twice, the second time alone.
    """
    jobs = jobs or os.cpu_count() or 1
    waiting: deque[tuple[Path, Future[T]]] = deque()
    pool = _pool(jobs)
    try:
        for path in paths:
            waiting.append((path, pool.submit(work, path)))
            while len(waiting) > 8 * jobs:
                yield _result(*waiting.popleft(), work, died)
                if getattr(pool, "_broken", False):
                    pool = _pool(jobs)
        while waiting:
            yield _result(*waiting.popleft(), work, died)
        pool.shutdown()  # waited for: at the exit of the program its thread would meet a pipe that is closed
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _result(path: Path, future: Future[T], work: Callable[[Path], T], died: Callable[[Path], T]) -> T:
    try:
        return future.result()
    except BrokenProcessPool:
        pass
    with _pool(1) as alone:  # not this file's fault, perhaps: once more, by itself
        try:
            return alone.submit(work, path).result()
        except BrokenProcessPool:
            return died(path)


def _pool(jobs: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=limit_process)


def limit_process() -> None:
    """Bound what this process may take; a parser that needs more fails, which is inconclusive."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_DATA, _MOST_DATA))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
