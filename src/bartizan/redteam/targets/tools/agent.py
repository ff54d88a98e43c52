"""An agent as a target: tools over MCP, with a hostile server among them, and a model or plain obedience in the middle.

What counts as done is what a server was made to do: a call that a guard declined is in the reply's hint, not in its
trace, and a call that reached the hostile server is in it whatever the agent was told.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.core.tool_link import ToolLink, ToolLinks, ToolServer
from bartizan.redteam.attempt import Reply, ToolCall
from bartizan.redteam.case import Planted
from bartizan.redteam.errors import UnansweredError
from bartizan.redteam.hostile.http import HostileHttp
from bartizan.redteam.hostile.pipe import VARIABLE, PlantFolder
from bartizan.redteam.hostile.server import HONEST, OTHERWISE, Plant
from bartizan.redteam.knowledge import Knowledge
from bartizan.redteam.scope_target import TargetSpec
from bartizan.redteam.targets.messages import tool_name
from bartizan.redteam.targets.model import ModelTarget
from bartizan.redteam.targets.pacing import Pacer
from bartizan.redteam.targets.tools.minds import Mind, ModelMind, ObedientMind
from bartizan.redteam.targets.tools.toolbox import Toolbox
from bartizan.redteam.taxonomy import EntryPoint

ENTRY_POINTS = frozenset({EntryPoint.TOOL_OUTPUT, EntryPoint.TOOL_METADATA})


class AgentTarget:
    """One agent.

    Args:
        spec: of the scope file.
        servers: what it connects to, with secrets read.
        links: opens connections.
        known: what the obedient agent keeps.
        model: who decides in place of obedience, or None.
        pacer: says when a call may leave.
        timeout: seconds for one exchange.
    """

    def __init__(
        self,
        spec: TargetSpec,
        servers: tuple[ToolServer, ...],
        links: ToolLinks,
        known: Knowledge,
        model: ModelTarget | None,
        pacer: Pacer,
        timeout: float,
    ) -> None:
        self.id = spec.id
        self.spec = spec
        self.entry_points = frozenset(spec.entry_points or ENTRY_POINTS)
        self.shared_plants = self.shared_trace = spec.hostile is not None
        self.servers = servers
        self.links = links
        self.known = known
        self.model = model
        self.pacer = pacer
        self.timeout = timeout
        self.hostile = HostileHttp(spec.hostile.host, spec.hostile.port) if spec.hostile is not None else None

    async def open(self, entry_point: EntryPoint) -> AgentConversation:
        """Its servers start with the first message, so that what is planted by then is there from the beginning."""
        if self.hostile is not None:
            await self.hostile.start()
        return AgentConversation(self, entry_point)

    async def close(self) -> None:
        """Idempotent."""
        if self.model is not None:
            await self.model.close()
        if self.hostile is not None:
            await self.hostile.close()

    def mind(self) -> Mind:
        """Who decides what is called, for one conversation."""
        if self.model is not None:
            return ModelMind(self.model, self.spec.steps)
        return ObedientMind(self.known, self.spec.steps)


class AgentConversation:
    """Servers of its own, if they are commands; the hostile one over HTTP is shared, so that only one plants."""

    def __init__(self, target: AgentTarget, entry_point: EntryPoint) -> None:
        self._target = target
        self._entry_point = entry_point
        self._mind = target.mind()
        self._plants: list[Plant] = []
        self._open = AsyncExitStack()
        self._links: dict[str, ToolLink] = {}
        self._arrived = 0
        self._folder = PlantFolder(Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="bartizan-"))))

    async def plant(self, planted: Planted) -> None:
        """The hostile server has it from now on."""
        name = tool_name(planted.title, OTHERWISE)
        known = self._entry_point is EntryPoint.TOOL_METADATA or name in HONEST
        self._plants.append(Plant(entry_point=self._entry_point, planted=planted, tool=name if known else OTHERWISE))
        if self._target.hostile is not None:
            self._target.hostile.plant(self._plants)
        self._folder.plant(self._plants)

    async def say(self, text: str) -> Reply:
        """What the agent does for one message of its user."""
        started = time.perf_counter()
        await self._connect()
        toolbox = Toolbox(self._links, self._target.pacer, text)
        try:
            reply = await self._mind.answer(text, toolbox, tuple(one.tool for one in self._plants))
        except UpstreamError as error:  # what was done before it stays in the trace
            reply = Reply(error=error.cause, lost=True)
        if self._plants and not self._asked and not reply.error:
            reply = msgspec.structs.replace(reply, error="nobody asked the hostile server for anything")
        return toolbox.reply(reply, self._reached(), _since(started))

    async def close(self) -> None:
        """Ends its servers; the shared one is honest again."""
        if self._target.hostile is not None:
            self._target.hostile.plant([])
        await self._open.aclose()

    async def _connect(self) -> None:
        if self._links:
            return
        for server in self._target.servers:
            try:
                link = await self._open.enter_async_context(
                    self._target.links.open(_told(server, self._folder.path), self._target.timeout)
                )
            except UpstreamError as error:
                raise UnansweredError(error.cause, again=True) from None
            self._links[server.name] = link

    @property
    def _asked(self) -> bool:
        """A server that is not among the agent's, behind whatever proxy, attacks nobody."""
        shared = self._target.hostile
        return self._folder.asked or (shared is not None and shared.asked)

    def _reached(self) -> tuple[ToolCall, ...]:
        """Calls that arrived at the hostile server since the last message."""
        shared = self._target.hostile
        calls = (*self._folder.calls(), *(shared.calls() if shared is not None else ()))
        new, self._arrived = calls[self._arrived :], len(calls)
        return new


def _told(server: ToolServer, folder: Path | None) -> ToolServer:
    return msgspec.structs.replace(server, environment={**server.environment, VARIABLE: str(folder)})


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1_000, 1)
