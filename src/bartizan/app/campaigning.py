"""Campaigns with what the product can speak to: their targets may need a library that is an extra."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

from bartizan.core.tool_link import ToolLink, ToolLinks, ToolServer
from bartizan.redteam.announcing import Announcer


def tool_links() -> ToolLinks | None:
    """How campaigns reach MCP servers; None where the MCP library is not installed."""
    return _Links() if importlib.util.find_spec("mcp_types") is not None else None


class _Links:
    """Loads the library with the first connection: other campaigns start without it."""

    def open(self, server: ToolServer, seconds: float) -> AbstractAsyncContextManager[ToolLink]:
        """See ``ToolLinks``."""
        from bartizan.app.tool_links import McpToolLinks

        return McpToolLinks().open(server, seconds)


@contextmanager
def announcer(root: Path | None) -> Iterator[Announcer | None]:
    """Tells the journal of the workspace at ``root`` of a campaign; None where nobody is to be told.

    Raises:
        ConfigurationError: there is no such workspace.
        JournalError: its journal cannot be written.
    """
    if root is None:
        yield None
        return
    from bartizan.app.places import committer_of, journal_of
    from bartizan.telemetry.journal import Journal
    from bartizan.workspace.workspace import DEPLOYMENT, Workspace

    workspace = Workspace(root)
    settings = workspace.deployment.journal if (workspace.root / DEPLOYMENT).exists() else None
    journal = Journal(journal_of(workspace), "redteam", settings)
    try:
        yield Announcer(journal, committer_of(workspace).commit)
    finally:
        journal.close()
