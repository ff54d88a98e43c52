"""Targets that use tools over the Model Context Protocol, and the hostile server that they meet."""
