"""The section ``answers`` of ``policy.yaml``: how long an answer may be, and how much of it may be asked for."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.core.quantity import Natural


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a model may write in answer to one request. 0: no limit."""

    max_tokens: Natural = 0
    """Most tokens that one choice of an answer may be asked to have. What asks for more, or for no limit at all, is set
    to this."""
    max_choices: Natural = 0
    """Most choices of one answer (`n`, `best_of`)."""
    larger: Literal["clamp", "refuse"] = "clamp"
    """A request that names more than that: set to the limit, or refused."""
    chat_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    """What is set in chat completions that name no limit; `max_tokens` for servers that know no other field."""
    max_characters: Natural = 0
    """Most characters of text that leave with one answer, whatever the upstream makes of `max_tokens`. There it ends as
    an answer does whose tokens are used up, and the upstream's stream is closed."""
