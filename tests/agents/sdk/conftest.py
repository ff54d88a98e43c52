"""Fixtures of the adapters' tests. Nothing is traced to anybody."""

import os

from adapter_world import office, recorder, session

os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"

__all__ = ["office", "recorder", "session"]
