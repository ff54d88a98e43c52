"""What a tool can do, as far as its definition and the operator say."""

from __future__ import annotations

import msgspec

from bartizan.core.tool_effect import Effect, Sink

__all__ = ["CRITICAL", "Effect", "Parameter", "Sink", "ToolProfile"]

CRITICAL = frozenset({Sink.RECIPIENT, Sink.ACCOUNT, Sink.URL, Sink.CODE, Sink.SECRET})
"""Sinks whose value decides who gains by a call; only a bound value may fill one."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of a tool."""

    name: str
    sink: Sink
    required: bool = False
    why: str = ""
    """What in the definition led to ``sink``, for a person."""


class ToolProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool does, which arguments matter, and whether its results can be believed."""

    name: str
    effect: Effect
    families: frozenset[str] = frozenset()
    """Verb families of the lexicon that ask for this tool."""
    nouns: frozenset[str] = frozenset()
    """Concepts it acts on."""
    parameters: dict[str, Parameter] = {}
    outward: bool = False
    """Whether somebody else learns of a call, whatever its effect: invitations mail people."""
    reports: bool = False
    """Its name, or its description with its first verb, says what it does: what it returns in a few words is the
    application's word on that."""
    trusted_results: bool = False
    """The operator vouches that nobody else can write what this tool returns."""
    open_world: bool = False
    """It reads from places that anybody can write to (web pages)."""
    words: frozenset[str] = frozenset()
    """Folded words of the name."""
    why: str = ""
    """What led to ``effect``, for a person."""
    source: str = "derived"
    """``derived``, or the entry of policy that overrides some of it."""
