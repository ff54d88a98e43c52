"""A Python callable as a target: ``async def f(message: str, history: list[dict]) -> str | dict`` (or without async).

A dictionary may hold ``text``, ``tool_calls`` (each ``name`` and ``arguments``), ``blocked``, ``tokens_in`` and
``tokens_out``. The callable is the tester's own code and runs in this process.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from bartizan.core.problem import quote
from bartizan.redteam.attempt import Reply
from bartizan.redteam.case import Planted
from bartizan.redteam.errors import TargetError
from bartizan.redteam.knowledge import MAX_TEXT
from bartizan.redteam.scope_target import ReplyPaths, TargetSpec
from bartizan.redteam.targets.http import calls_in
from bartizan.redteam.targets.pacing import Pacer
from bartizan.redteam.targets.paths import counted
from bartizan.redteam.taxonomy import EntryPoint

_CALLS = ReplyPaths(tool_calls="tool_calls")


class FunctionTarget:
    """A callable.

    Args:
        spec: of the scope file.
        pacer: says when it may be called.
        timeout: seconds for one call.
        folder: of the scope file; a module that stands there is found when no installed one has its name.

    Raises:
        TargetError: there is no such callable.
    """

    def __init__(self, spec: TargetSpec, pacer: Pacer, timeout: float, folder: Path) -> None:
        self.id = spec.id
        self.shared_plants = False
        self.shared_trace = False
        self.entry_points = frozenset(spec.entry_points or {EntryPoint.CHAT})
        self.pacer = pacer
        self.timeout = timeout
        module, _, name = spec.callable.partition(":")
        try:
            self.function: Callable[..., Any] = getattr(_imported(module, folder), name)
        except Exception as error:  # whatever the module does when it is imported
            raise TargetError(f"{quote(spec.callable)} cannot be imported: {error}", "write module:function") from None

    async def open(self, entry_point: EntryPoint) -> FunctionConversation:
        """A new history."""
        return FunctionConversation(self, entry_point)

    async def close(self) -> None:
        """Nothing is held."""


def _imported(module: str, folder: Path) -> ModuleType:
    """The console script does not look beside the scope file, nor in the working directory, for modules."""
    where = str(folder)
    if where in sys.path:
        return importlib.import_module(module)
    sys.path.append(where)
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(where)


class FunctionConversation:
    """The history so far: ``{"role", "content"}``; planted content has the role of its entry point."""

    def __init__(self, target: FunctionTarget, entry_point: EntryPoint) -> None:
        self._target = target
        self._entry_point = entry_point
        self._history: list[dict[str, str]] = []

    async def plant(self, planted: Planted) -> None:
        """It stands in the history."""
        self._history.append({"role": self._entry_point.value, "title": planted.title, "content": planted.content})

    async def say(self, text: str) -> Reply:
        """One call. What the callable raises is the reply's error."""
        await self._target.pacer.turn()
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._target.timeout):
                if inspect.iscoroutinefunction(self._target.function):
                    answer = await self._target.function(text, list(self._history))
                else:
                    answer = await asyncio.to_thread(self._target.function, text, list(self._history))
        except TimeoutError:
            return Reply(error="no reply in time", lost=True, milliseconds=(time.perf_counter() - started) * 1_000)
        except Exception as error:
            return Reply(error=f"{type(error).__name__}: {error}"[:300], remains=str(error)[:MAX_TEXT])
        reply = _reply(answer, round((time.perf_counter() - started) * 1_000, 1))
        self._history += [{"role": "user", "content": text}, {"role": "assistant", "content": reply.text}]
        return reply

    async def close(self) -> None:
        """Nothing is held."""


def _reply(answer: Any, milliseconds: float) -> Reply:
    if isinstance(answer, str):
        return Reply(text=answer, milliseconds=milliseconds)
    if not isinstance(answer, dict) or not isinstance(answer.get("text", ""), str):
        return Reply(error=f"the callable returned {type(answer).__name__}, not a text or a dictionary with text")
    return Reply(
        text=answer.get("text", ""),
        tool_calls=calls_in(answer, _CALLS),
        blocked=answer.get("blocked") is True,
        milliseconds=milliseconds,
        tokens_in=counted(answer.get("tokens_in")),
        tokens_out=counted(answer.get("tokens_out")),
    )
