"""The MCP proxy: pinned tool definitions, inspected results and decided calls between clients and MCP servers."""
