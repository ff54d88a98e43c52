"""One session of an agent whose tools run in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from msgspec.structs import replace

from bartizan.agents.budgeting import reserved
from bartizan.agents.recording import tool_decided
from bartizan.agents.sdk.definitions import text_of
from bartizan.agents.sdk.protection import Protection
from bartizan.agents.sdk.refusal import NoSessionError, ToolRefusedError
from bartizan.agents.sdk.turns import History, Told, somebodys
from bartizan.agents.talk import Talk
from bartizan.core.errors import ConfigurationError
from bartizan.core.ids import new_id
from bartizan.core.passage import Origin
from bartizan.core.session import Authority
from bartizan.core.tool import ToolCall, ToolDefinition, ToolResult
from bartizan.core.transcript import Said
from bartizan.core.verdict import Action

LOCAL = "local"
"""The principal where none is named."""
_MOST_STEPS = 20_000
_CURRENT: ContextVar[GuardedSession | None] = ContextVar("bartizan_session", default=None)

_WITHIN: ContextVar[bool] = ContextVar("bartizan_within_a_call", default=False)
"""Whether a guarded call runs here: what an agent inside it is told as its user's words are a model's."""

Tool = ToolDefinition | Callable[..., Any]


class GuardedSession:
    """Decides the calls of one session. Safe to use from several threads and event loops at once.

    Args:
        protection: of the deployment.
        principal: on whose behalf the agent's credential is used; budgets and quarantine count for it.
        session: its id, for budgets, quarantine and approvals; minted where it is empty. An id that a client may choose
            lets the client choose its budget: name your own.
        tools: functions under ``guarded_tool``, or definitions; more may be offered later.
        on_behalf_of: for whom the principal acts, nearest first; nobody of them may approve.
    """

    def __init__(
        self,
        protection: Protection,
        principal: str = LOCAL,
        session: str = "",
        tools: Iterable[Tool] = (),
        on_behalf_of: Sequence[str] = (),
    ) -> None:
        self._protection = protection
        self._parts = protection.parts
        self.principal = principal
        self.id = session or new_id("ses")
        self._behalf = tuple(on_behalf_of)
        self._authority = Authority(principal, self._behalf)
        self._lock = asyncio.Lock()
        self._tools: dict[str, ToolDefinition] = {}
        self._talk = Talk(self._parts.guard, "", _MOST_STEPS)
        self._told = Told(self._talk)
        self.offer(tools)

    @contextmanager
    def current(self) -> Iterator[GuardedSession]:
        """While inside, guarded tools of this thread or task, and of tasks begun in it, belong to this session."""
        token = _CURRENT.set(self)
        try:
            yield self
        finally:
            _CURRENT.reset(token)

    def enter(self) -> None:
        """:meth:`running` from here on in this task, for frameworks that do not tell when a call has ended."""
        _WITHIN.set(True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While inside, a call of this session runs.

        An agent that is run inside it gets its task from a model: words in its user's place are not the user's.
        """
        token = _WITHIN.set(True)
        try:
            yield
        finally:
            _WITHIN.reset(token)

    def offer(self, tools: Iterable[Tool]) -> None:
        """Let the model call ``tools`` too. Raises ConfigurationError when two share a name, or it is no tool."""
        for tool in tools:
            definition = tool if isinstance(tool, ToolDefinition) else getattr(tool, "definition", None)
            if not isinstance(definition, ToolDefinition):
                raise ConfigurationError(f"{tool!r} is no tool", "put @guarded_tool above it")
            if self._tools.setdefault(definition.name, definition) != definition:
                raise ConfigurationError(f"two tools are called {definition.name}", "give one another name")

    def user(self, text: str) -> None:
        """What the session's own user says: nothing that was pasted, retrieved or written by a model."""
        self._wait(lambda: self._follow(History((Said(Origin.USER, text),))))

    def operator(self, text: str) -> None:
        """What the operator says: the system prompt."""
        self.follow(History((Said(Origin.SYSTEM, text),)))

    def content(self, text: str, source: str = "") -> None:
        """What the model has read besides: a retrieved page, a document, another agent's answer."""
        self.follow(History((somebodys(text, source),)))

    def unseen(self) -> None:
        """The model has read something that the guard is not shown: a picture, a file, a turn kept elsewhere."""
        self.follow(History(unseen=True))

    def follow(self, history: History) -> None:
        """Tell what a framework's message history says; what was told before is told once.

        Raises:
            ConfigurationError: two tools share a name.
        """
        self.offer(history.tools)
        told = _told_here(history)
        self._wait(lambda: self._follow(told))

    async def afollow(self, history: History) -> None:
        """:meth:`follow` without holding up the event loop."""
        self.offer(history.tools)
        told = _told_here(history)
        await self._protection.arun(lambda: self._follow(told))

    def decide(self, call: ToolCall, history: History = History()) -> None:
        """Returns when ``call`` may run.

        Args:
            call: with arguments as JSON values.
            history: so far, as far as it is known; what was told before is told once.

        Raises:
            ToolRefusedError: it must not run, or that cannot be decided.
        """
        reference, told = self._begin(call, history.tools), _told_here(history)
        try:
            self._protection.run(lambda: self._decide(call, reference, told))
        except ToolRefusedError:
            raise
        except Exception as error:
            raise ToolRefusedError(call, reference) from error

    async def adecide(self, call: ToolCall, history: History = History()) -> None:
        """:meth:`decide` without holding up the event loop."""
        reference, told = self._begin(call, history.tools), _told_here(history)
        try:
            await self._protection.arun(lambda: self._decide(call, reference, told))
        except ToolRefusedError:
            raise
        except Exception as error:
            raise ToolRefusedError(call, reference) from error

    def result(self, call: ToolCall, value: Any, *, failed: bool = False, unseen: bool = False) -> None:
        """What a tool returned, before the model reads it. Raises ToolRefusedError when that cannot be kept."""
        returned = History((_result(call, value, failed),), unseen=unseen)
        try:
            self._wait(lambda: self._follow(returned))
        except Exception as error:
            raise ToolRefusedError(call, new_id("call")) from error

    async def aresult(self, call: ToolCall, value: Any, *, failed: bool = False, unseen: bool = False) -> None:
        """:meth:`result` without holding up the event loop."""
        returned = History((_result(call, value, failed),), unseen=unseen)
        try:
            await self._protection.arun(lambda: self._follow(returned))
        except Exception as error:
            raise ToolRefusedError(call, new_id("call")) from error

    def _begin(self, call: ToolCall, tools: Iterable[ToolDefinition]) -> str:
        reference = new_id("call")
        try:
            self.offer(tools)
        except ConfigurationError as error:
            raise ToolRefusedError(call, reference) from error
        return reference

    def _wait(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._protection.run(work)

    async def _follow(self, history: History) -> None:
        async with self._lock:
            if history.unseen:
                self._told.unseen()
            for turn in history.turns:
                self._told.tell(turn, late=history.late)

    async def _decide(self, call: ToolCall, reference: str, history: History) -> None:
        await self._follow(history)
        parts = self._parts
        async with self._lock:
            definition = self._tools.get(call.tool) or ToolDefinition(name=call.tool[:200])
            async with reserved(
                parts.budgets(),
                self.principal,
                self.id,
                lambda: parts.profiles(definition),
                call,
                parts.limits,
                self._behalf,
            ) as held:
                if held.refused:
                    decision, approval = held.refusal(call), ""
                else:
                    decision = self._talk.decide(call, tuple(self._tools.values()), self._authority)
                    decision, approval = await parts.asking.settled(
                        decision, call, self.id, self.principal, on_behalf_of=self._behalf
                    )
                action = decision.action
                if parts.monitor and not held.refused and action.rank > Action.FLAG.rank:
                    action = Action.FLAG
                if parts.recorder is not None:
                    parts.recorder.append(
                        tool_decided(
                            self.principal, self.id, call, decision, action, parts.commit,
                            reference=reference, approval=approval, on_behalf_of=self._behalf,
                        )
                    )  # fmt: skip
                    await parts.recorder.commit()
                held.runs = action.rank < Action.REDACT.rank
            if held.runs:
                return
            if parts.blocked is not None and not held.refused and action is not Action.ASK:
                await parts.blocked(self.principal)
        raise ToolRefusedError(call, reference, decision, approval if action is Action.ASK else "")


@contextmanager
def guarded_session(
    protection: Protection,
    principal: str = LOCAL,
    session: str = "",
    tools: Iterable[Tool] = (),
    on_behalf_of: Sequence[str] = (),
) -> Iterator[GuardedSession]:
    """A new session, the current one while inside; see :class:`GuardedSession`. For sync and async code alike."""
    with GuardedSession(protection, principal, session, tools, on_behalf_of).current() as opened:
        yield opened


def current_session(tool: str) -> GuardedSession:
    """The session to which a call of ``tool`` belongs. Raises NoSessionError when there is none."""
    session = _CURRENT.get()
    if session is None:
        raise NoSessionError(tool)
    return session


def _told_here(history: History) -> History:
    return replace(history, late=True) if _WITHIN.get() else history


def _result(call: ToolCall, value: Any, failed: bool) -> ToolResult:
    return ToolResult(call=call.id, tool=call.tool, text=text_of(value), failed=failed)
