"""Fixtures of the adapters' tests."""

from adapter_world import office, recorder, session

__all__ = ["office", "recorder", "session"]
