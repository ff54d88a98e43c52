"""A connection to an MCP server as who uses its tools has it, as a Protocol: what a campaign speaks through."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from bartizan.core.tool import ToolDefinition


class ToolServer(msgspec.Struct, frozen=True, kw_only=True):
    """How a server, or a proxy before it, is reached."""

    name: str
    command: tuple[str, ...] = ()
    """Program and arguments, without a shell; empty for a URL."""
    environment: Mapping[str, str] = {}
    """Of the command, beside ``PATH``, ``HOME``, ``LANG`` and ``TMPDIR``."""
    folder: Path = Path()
    """Where the command runs."""
    url: str = ""
    headers: Mapping[str, str] = {}


class ToolAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a call."""

    text: str
    """As a model would read it; of a refused call the refusal."""
    failed: bool = False
    """The server, or whoever stands before it, says that the call did not work."""
    ran: bool = True
    """Whether the tool may have done something: not if the call was declined, or did not fit the protocol."""
    declined: bool = False
    """A guard before the server refused the call; one that merely does not fit the protocol shows no guard."""


class ToolLink(Protocol):
    """An open connection."""

    @property
    def instructions(self) -> str:
        """What the server wants its clients' models to be told."""
        ...

    async def tools(self) -> tuple[ToolDefinition, ...]:
        """What is offered now, asked anew. Raises UpstreamError."""
        ...

    async def call(self, tool: str, arguments: dict[str, Any], task: str) -> ToolAnswer:
        """Call a tool for ``task``, which is the user's own wish. Raises UpstreamError when no answer comes."""
        ...


class ToolLinks(Protocol):
    """Opens connections."""

    def open(self, server: ToolServer, seconds: float) -> AbstractAsyncContextManager[ToolLink]:
        """A fresh one, each of whose exchanges takes ``seconds`` at most. Raises UpstreamError when there is none."""
        ...
