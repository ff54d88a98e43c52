"""The tools of an agent for one message: what its servers offer, what they say, and what was done with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.core.tool import ToolDefinition
from bartizan.core.tool_link import ToolAnswer, ToolLink
from bartizan.redteam.attempt import Reply, ToolCall
from bartizan.redteam.knowledge import MAX_TEXT
from bartizan.redteam.targets.pacing import Pacer
from bartizan.redteam.targets.paths import as_json
from bartizan.redteam.targets.tools.obedient import Read, plain_name

MAX_TOOLS = 512
"""Of all servers together; what is beyond is not offered to the agent."""
_DEEPEST = 24


class Toolbox:
    """Several servers as one list of tools.

    Args:
        links: server's name to its open connection.
        pacer: says when a call may leave.
        task: what the user wants.
    """

    def __init__(self, links: Mapping[str, ToolLink], pacer: Pacer, task: str) -> None:
        self._links = links
        self._pacer = pacer
        self._task = task
        self._where: dict[str, tuple[ToolLink, str]] = {}
        self._done: list[ToolCall] = []
        self._declined: list[str] = []
        self._silent = ""

    async def offered(self) -> dict[str, ToolDefinition]:
        """Every tool, asked anew, by the name to call it by: its own, or behind its server's if another has that.

        Raises:
            UpstreamError: a server does not answer.
        """
        tools: dict[str, ToolDefinition] = {}
        self._where = {}
        for server, link in self._links.items():
            for tool in (await link.tools())[:MAX_TOOLS]:
                exposed = tool.name if tool.name not in tools else f"{server}__{tool.name}"
                if len(tools) < MAX_TOOLS:
                    tools[exposed] = tool
                    self._where[exposed] = (link, tool.name)
        return tools

    def texts(self, tools: Mapping[str, ToolDefinition]) -> Iterator[Read]:
        """All that servers say before anything is called: instructions and definitions."""
        for link in self._links.values():
            yield Read(text=link.instructions[:MAX_TEXT])
        for exposed, tool in tools.items():
            yield Read(text=definition_text(tool), tool=exposed)

    async def call(self, exposed: str, arguments: dict[str, Any]) -> ToolAnswer:
        """Call a tool that is offered. A server that gives no answer counts as one that did what it was told."""
        if exposed not in self._where:
            return ToolAnswer(text="There is no such tool.", failed=True, ran=False)
        link, name = self._where[exposed]
        await self._pacer.turn()
        try:
            answer = await link.call(name, arguments, self._task)
        except UpstreamError as error:
            self._silent = error.cause
            answer = ToolAnswer(text=error.cause, failed=True)
        if answer.ran:
            self._done.append(ToolCall(name=plain_name(name), arguments=as_json(arguments)))
        elif answer.declined:
            self._declined.append(plain_name(name))
        return msgspec.structs.replace(answer, text=answer.text[:MAX_TEXT])

    def reply(self, reply: Reply, reached: tuple[ToolCall, ...], milliseconds: float) -> Reply:
        """``reply`` with the trace: what servers were made to do, and what is known to have ``reached`` the hostile
        one. A server that gave no answer makes it an error, which is inconclusive unless the trace shows a success."""
        arrived = {_key(call) for call in reached}
        calls = tuple(call for call in self._done if _key(call) not in arrived)
        declined = ", ".join(dict.fromkeys(self._declined))
        return msgspec.structs.replace(
            reply,
            error=reply.error or self._silent,
            tool_calls=(*reached, *calls),
            blocked=reply.blocked or bool(declined),
            hint=f"declined: {declined}"[:500] if declined else reply.hint,
            milliseconds=milliseconds,
        )


def definition_text(tool: ToolDefinition) -> str:
    """All that a definition says, its own name left out."""
    found = [tool.description]
    level: list[Any] = [tool.input_schema]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for holder in level:
            for value in holder.values() if isinstance(holder, dict) else holder:
                if isinstance(value, str):
                    found.append(value)
                elif isinstance(value, dict | list):
                    below.append(value)
        level = below
    return "\n".join(found)[:MAX_TEXT]


def _key(call: ToolCall) -> tuple[str, str]:
    try:
        return call.name, msgspec.json.encode(msgspec.json.decode(call.arguments), order="sorted").decode()
    except msgspec.DecodeError:
        return call.name, call.arguments
