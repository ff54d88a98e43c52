"""How the engine treats time, repetition and memory."""

from __future__ import annotations

import msgspec


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Durations in seconds."""

    lateness: float | None = None
    """How far behind the newest event an event may be and still count in correlations. None waits for the end of the
    input, so that its order does not matter."""
    suppress: float = 0.0
    """For how long a correlation stays silent about a group after a finding; 0 reports every moment that qualifies."""
    max_groups: int = 100_000
    """Groups that one correlation remembers; beyond, the one that was quiet for longest is dropped and counted."""
    max_window: int = 100_000
    """Hits that one group remembers; beyond, the oldest is dropped and counted."""
    max_pending: int = 1_000_000
    """Hits that wait for late events; beyond, the engine stops waiting for the oldest, and counts that."""
    max_events: int = 1_000
    """Event ids that one finding lists."""
