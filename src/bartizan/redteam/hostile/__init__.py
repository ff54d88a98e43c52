"""The hostile MCP server with which campaigns attack agents; light to start, for it is a command, too."""
