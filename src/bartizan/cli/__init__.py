"""One module per command group; only parses, calls, renders."""
