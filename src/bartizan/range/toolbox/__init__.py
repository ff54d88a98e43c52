"""A toolbox that cannot be trusted: a small MCP server whose tools are honest until they are not."""
