"""Campaigns with what the product can speak to: their targets may need a library that is an extra."""

from __future__ import annotations

import importlib.util
from contextlib import AbstractAsyncContextManager

from bartizan.core.tool_link import ToolLink, ToolLinks, ToolServer


def tool_links() -> ToolLinks | None:
    """How campaigns reach MCP servers; None where the MCP library is not installed."""
    return _Links() if importlib.util.find_spec("mcp_types") is not None else None


class _Links:
    """Loads the library with the first connection: other campaigns start without it."""

    def open(self, server: ToolServer, seconds: float) -> AbstractAsyncContextManager[ToolLink]:
        """See ``ToolLinks``."""
        from bartizan.app.tool_links import McpToolLinks

        return McpToolLinks().open(server, seconds)
