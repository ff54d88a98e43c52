"""``bartizan redteam tool-server``: the hostile MCP server that a campaign attacks agents with."""

from __future__ import annotations


def tool_server() -> None:
    """Serve standard input and output: honest tools, until a campaign plants something in them."""
    from bartizan.redteam.hostile.pipe import main

    main()
