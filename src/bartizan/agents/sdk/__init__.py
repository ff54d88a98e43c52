"""For agents written in Python: tools that run only where the guard allows the call.

Opened by :func:`bartizan.open_protection`. Adapters for agent frameworks stand beside: ``openai_agents``, ``langchain``
(also for LangGraph) and ``pydantic_ai``; each needs its framework installed.
"""

from bartizan.agents.sdk.protection import Protection
from bartizan.agents.sdk.refusal import NoSessionError, ToolRefusedError
from bartizan.agents.sdk.session import GuardedSession, guarded_session
from bartizan.agents.sdk.tools import guarded_tool

__all__ = ["GuardedSession", "NoSessionError", "Protection", "ToolRefusedError", "guarded_session", "guarded_tool"]
