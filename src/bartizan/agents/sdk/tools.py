"""``@guarded_tool``: a function that asks the current session before it runs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Collection
from typing import Any, ParamSpec, TypeVar, cast, overload

from bartizan.agents.sdk.definitions import arguments_of, definition_of
from bartizan.agents.sdk.session import GuardedSession, current_session
from bartizan.core.errors import ConfigurationError
from bartizan.core.ids import new_id
from bartizan.core.tool import ToolCall

P = ParamSpec("P")
R = TypeVar("R")


@overload
def guarded_tool(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def guarded_tool(
    *, name: str = "", description: str = "", unguarded: Collection[str] = ()
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def guarded_tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str = "",
    description: str = "",
    unguarded: Collection[str] = (),
) -> Any:
    """Let a function run only where the current session's guard allows the call, and record what it returns.

    Works for plain and ``async`` functions and for methods. The wrapped function has the tool's definition as its
    attribute ``definition``.

    Args:
        function: the tool.
        name: by which models call it; the function's own where it is empty.
        description: the docstring's first paragraph where it is empty.
        unguarded: parameters that the application fills in, not the model: connections, contexts. They are neither
            compared nor recorded.

    Raises:
        ConfigurationError: the function yields its results, so that they could not be recorded before they are read,
            or ``unguarded`` names no parameter.

    The function it returns raises ToolRefusedError, and NoSessionError outside a session.
    """
    if function is None:
        return functools.partial(_guarded, name=name, description=description, unguarded=frozenset(unguarded))
    return _guarded(function, name=name, description=description, unguarded=frozenset(unguarded))


def _guarded(function: Callable[..., Any], *, name: str, description: str, unguarded: frozenset[str]) -> Any:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigurationError(f"{function.__qualname__} yields its results", "return them as a whole")
    definition = definition_of(function, name, description, unguarded)

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[GuardedSession, ToolCall]:
        session = current_session(definition.name)
        session.offer((wrapper,))
        arguments = arguments_of(function, unguarded, args, kwargs)
        return session, ToolCall(id=new_id("call"), tool=definition.name, arguments=arguments)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            session, call = begin(args, kwargs)
            await session.adecide(call)
            return await _awaited(session, call, function(*args, **kwargs))

    else:

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            session, call = begin(args, kwargs)
            session.decide(call)
            try:
                with session.running():
                    value = function(*args, **kwargs)
            except Exception as error:
                session.result(call, error, failed=True)
                raise
            if inspect.isawaitable(value):
                return _awaited(session, call, value)
            session.result(call, value)
            return value

    cast(Any, wrapper).definition = definition
    return wrapper


async def _awaited(session: GuardedSession, call: ToolCall, pending: Awaitable[Any]) -> Any:
    try:
        with session.running():
            value = await pending
    except Exception as error:
        await session.aresult(call, error, failed=True)
        raise
    await session.aresult(call, value)
    return value
