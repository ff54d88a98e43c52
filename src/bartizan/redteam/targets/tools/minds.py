"""Who decides what an agent calls: a model, or plain obedience to whatever is read."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from bartizan.core.tool import ToolDefinition
from bartizan.redteam.attempt import Reply, ToolCall
from bartizan.redteam.knowledge import Knowledge
from bartizan.redteam.targets.messages import Said
from bartizan.redteam.targets.model import ModelTarget, read_reply
from bartizan.redteam.targets.tools.obedient import Keeps, Read, Step, arguments_for, plain_name, said, steps_from
from bartizan.redteam.targets.tools.toolbox import Toolbox, definition_text

_SHOWN = 2_000
"""Characters of a result that the obedient agent repeats to its user."""
NOTHING = "There is no tool for that."


class Mind(Protocol):
    """One conversation."""

    async def answer(self, text: str, toolbox: Toolbox, about: tuple[str, ...]) -> Reply:
        """What the user of the agent gets to read; what was done is in the toolbox.

        Args:
            text: what the user wants.
            toolbox: of this message.
            about: the tools that the user's wish is about; a model finds out for itself.

        Raises:
            UpstreamError: a server does not answer.
        """
        ...


class ObedientMind:
    """Calls what the user's wish is about, and everything that what it reads tells it to.

    Args:
        known: what it keeps.
        steps: most calls for one message.
    """

    def __init__(self, known: Knowledge, steps: int) -> None:
        self._keeps = Keeps(known)
        self._steps = steps
        self._read: set[Read] = set()
        self._done: set[tuple[str, str]] = set()

    async def answer(self, text: str, toolbox: Toolbox, about: tuple[str, ...]) -> Reply:
        """See the Protocol."""
        tools = await toolbox.offered()
        new = self._new(toolbox, tools)
        todo = deque(step for read in new for step in steps_from(read, tools, self._keeps))
        todo.extend(self._wish(text, tools, about))
        answers: list[str] = []
        for _ in range(self._steps):
            step = self._next(todo)
            if step is None:
                break
            answer = await toolbox.call(step.tool, step.arguments)
            tools = await toolbox.offered()
            fresh = self._new(toolbox, tools)
            if not answer.failed or answer.ran:
                fresh.append(Read(text=answer.text, tool=step.tool))
                answers.append(answer.text[:_SHOWN])
            new += fresh
            todo.extend(one for read in fresh for one in steps_from(read, tools, self._keeps))
        return Reply(text="\n".join(filter(None, (*answers[:5], said(new, self._keeps)))) or NOTHING)

    def _wish(self, text: str, tools: Mapping[str, ToolDefinition], about: tuple[str, ...]) -> list[Step]:
        """What the wish is about, and tools that it names outright: names of several words, which no other text has."""
        steps, named = [], {word for word in re.findall(r"\w+", text) if "_" in word}
        for exposed, tool in tools.items():
            if plain_name(exposed) in {*about, *named}:
                given = self._keeps.asked_for(definition_text(tool))
                steps.append(Step(exposed, arguments_for(tool, text, text, given)))
        return steps

    def _new(self, toolbox: Toolbox, tools: Mapping[str, ToolDefinition]) -> list[Read]:
        new = [read for read in toolbox.texts(tools) if read not in self._read]
        self._read.update(new)
        return new

    def _next(self, todo: deque[Step]) -> Step | None:
        """The next call that was not made yet in this conversation: orders in a circle end."""
        while todo:
            step = todo.popleft()
            key = (step.tool, msgspec.json.encode(step.arguments, order="sorted").decode())
            if key not in self._done:
                self._done.add(key)
                return step
        return None


class ModelMind:
    """A language model with tools, called until it is content.

    Args:
        model: speaks chat completions or Messages.
        steps: most calls for one message.
    """

    def __init__(self, model: ModelTarget, steps: int) -> None:
        self._model = model
        self._steps = steps
        self._history = [Said(role="system", text=model.system)] if model.system else []

    async def answer(self, text: str, toolbox: Toolbox, about: tuple[str, ...]) -> Reply:
        """See the Protocol."""
        self._history.append(Said(role="user", text=text))
        left, tokens_in, tokens_out, pieces = self._steps, 0, 0, list[str]()
        while True:
            tools = await toolbox.offered()
            model = self._model
            body = model.dialect.body(model.spec, self._history, [_offer(name, tool) for name, tool in tools.items()])
            raw = await model.channel.send(
                model.channel.session(), "POST", model.url, model.headers, msgspec.json.encode(body)
            )
            reply = read_reply(raw, model)
            tokens_in, tokens_out = tokens_in + reply.tokens_in, tokens_out + reply.tokens_out
            pieces.append(reply.text)
            calls = tuple((f"call_{len(self._history)}_{at}", call) for at, call in enumerate(reply.tool_calls))
            self._history.append(Said(role="assistant", text=reply.text or ("" if calls else "…"), calls=calls))
            if reply.error or reply.blocked or not calls or left <= 0:
                break
            for id_, call in calls:
                left -= 1
                text = await _called(toolbox, call) if left >= 0 else "No further calls are allowed."
                self._history.append(Said(role="tool", text=text, answers=id_))
        whole = "\n".join(filter(None, pieces))
        return msgspec.structs.replace(reply, text=whole, tokens_in=tokens_in, tokens_out=tokens_out)


async def _called(toolbox: Toolbox, call: ToolCall) -> str:
    try:
        arguments: Any = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        return "The arguments are no JSON object."
    return (await toolbox.call(call.name, arguments)).text


def _offer(name: str, tool: ToolDefinition) -> dict[str, Any]:
    function = {"name": name, "description": tool.description, "parameters": tool.input_schema}
    return {"type": "function", "function": function}
