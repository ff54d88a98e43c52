"""What the operator has declared about the application: facts of a campaign's scope file, and lists given by hand."""

from __future__ import annotations

import msgspec


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """Facts by which controls can be made that know more than what happened to leak."""

    values: tuple[str, ...] = ()
    """Values of the application's own customers."""
    instructions: str = ""
    """The hidden instructions."""
    statements: tuple[str, ...] = ()
    """False statements that no answer may make."""
    tools: tuple[tuple[str, str], ...] = ()
    """Tool calls that must not happen: the tool, and a value that such a call would carry, or "" for any call."""
