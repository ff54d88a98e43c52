"""The tool guard: tool profiles, provenance of values, the task envelope, and decisions on tool calls."""
