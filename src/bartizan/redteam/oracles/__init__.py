"""How success is recognised: by traces that plain code finds, never by what a reply says of itself."""

from __future__ import annotations

from bartizan.redteam.oracles.judge import Judge
from bartizan.redteam.oracles.registry import oracles

__all__ = ["Judge", "oracles"]
