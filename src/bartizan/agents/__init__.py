"""The tool guard: tool profiles, provenance of values, the task envelope, and decisions on tool calls."""

from bartizan.agents.guard import AgentGuard, open_guard
from bartizan.agents.profile import Effect, Parameter, Sink, ToolProfile

__all__ = ["AgentGuard", "Effect", "Parameter", "Sink", "ToolProfile", "open_guard"]
