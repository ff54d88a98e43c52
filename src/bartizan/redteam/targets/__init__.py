"""What a campaign talks to: model APIs, any JSON over HTTP, Python callables."""

from __future__ import annotations

from bartizan.redteam.targets.make import make_target

__all__ = ["make_target"]
