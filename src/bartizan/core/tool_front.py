"""Tools as a client gets them, with or without a defence between, as a Protocol: what an exercise grades."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class ToolFront(Protocol):
    """What one client sees."""

    async def offered(self) -> tuple[str, ...]:
        """Names of the tools, asked anew."""
        ...

    async def call(self, tool: str, arguments: dict[str, Any]) -> str | None:
        """The text of the result; None when the call was refused or failed."""
        ...


class ToolFronts(Protocol):
    """The same server, reached in two ways."""

    def direct(self, environment: Mapping[str, str]) -> AbstractAsyncContextManager[ToolFront]:
        """Without a defence; ``environment`` is what the server's process gets."""
        ...

    def guarded(self, environment: Mapping[str, str]) -> AbstractAsyncContextManager[ToolFront]:
        """Through the learner's defence."""
        ...
