"""The schema of ``tool_profiles`` in ``policy.yaml``: what the operator knows better than a tool's own definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from bartizan.core.problem import Problem, quote
from bartizan.core.tool_effect import Effect, Sink

Family = Literal[
    "read", "create", "update", "delete", "send", "publish", "invite", "pay", "book", "assign", "execute", "fetch",
    "react", "halt", "resume", "play", "claim", "renew", "attend", "authenticate",
]  # fmt: skip
Noun = Literal[
    "email", "message", "event", "file", "money", "profile", "password", "key", "repository", "issue", "member",
    "product", "travel", "webpage", "star", "contact", "task", "post", "record", "device", "code", "subscription",
    "health", "music", "alarm",
]  # fmt: skip


class ToolOverride(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one tool does. What is left out stays as it is derived from the tool's definition."""

    effect: Effect | None = None
    """What a call changes."""
    outward: bool | None = None
    """Whether somebody else learns of a call, whatever its effect."""
    open_world: bool | None = None
    """Whether it reads from places that anybody can write to."""
    trusted_results: bool | None = None
    """You vouch that nobody else can write what this tool returns. Never derived."""
    families: tuple[Family, ...] | None = None
    """Kinds of deeds, in the user's words, that ask for it."""
    nouns: tuple[Noun, ...] | None = None
    """What it acts on."""
    words: tuple[str, ...] = ()
    """More words, in any language, by which users name what it acts on; besides those of its name."""
    parameters: dict[str, Sink] = {}
    """What an argument is used as, by its name."""

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return self == ToolOverride()


def override_of(tool: str, overrides: Mapping[str, ToolOverride]) -> tuple[str, ToolOverride | None]:
    """The entry that speaks of ``tool``, with its key: its very name, else the longest fitting ``prefix*``."""
    exact = overrides.get(tool)
    if exact is not None:
        return tool, exact
    fitting = [key for key in overrides if key.endswith("*") and tool.startswith(key[:-1])]
    key = max(fitting, key=len, default="")
    return key, overrides.get(key)


def override_problems(overrides: Mapping[str, ToolOverride]) -> Iterable[Problem]:
    """What is wrong that field types cannot express."""
    for key, override in overrides.items():
        path = ("tool_profiles", key)
        if "*" in key[:-1]:
            yield Problem(path, f"the name {quote(key)}", "a tool's name, or its beginning and '*'")
        elif override.empty:
            yield Problem(path, "an entry that says nothing", "at least one of its keys")
        for number, word in enumerate(override.words):
            if len(word.split()) != 1 or len(word) > 60:
                yield Problem((*path, "words", number), quote(word), "one word of at most 60 characters")
