"""The schema of the ``tools`` section of ``policy.yaml``: how tool calls in the answers of models are decided."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class ToolPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tool calls that models ask for, decided before the client sees them."""

    guard: Literal["strict", "balanced", "observe", "none"] = "balanced"
    """Policy pack of the tool guard. `observe` only records what `balanced` would have done; `none` decides nothing."""
    policies: str = ""
    """Cedar policies of your own, beside those of the pack; a `forbid` beats every permit. Besides the facts they see
    the `tool`, who calls it (`principal`), `on_behalf_of` whom, and how many those are (`chain`)."""
    calls_per_message: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    """Tool calls for one message of the user; further ones are blocked. 0: as many as the model likes."""
