"""Who is talking, and how far their session id may be believed."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class SessionSource(StrEnum):
    """Where a session id came from."""

    CLIENT = "client"
    """Chosen by the client: may only raise taint, never clear it."""
    AUTHENTICATED = "authenticated"
    """Bound to a credential that the client cannot choose."""
    NONE = "none"
    """The protocol carries none; taint is recomputed from the message history."""


class Principal(msgspec.Struct, frozen=True):
    """Whoever a virtual key was issued to."""

    name: str
    """Stable name, as policy writes it."""
    key_id: str = ""
    """Short public id of the key in use; never the key."""
    debug: bool = False
    """May see the verdict and the deciding rule in response headers."""


class Authority(msgspec.Struct, frozen=True):
    """On whose word something is done."""

    principal: str = ""
    """Who acts; empty where nobody is known."""
    on_behalf_of: tuple[str, ...] = ()
    """For whom, nearest first; the last is whoever it began with."""


NOBODY = Authority()


class Session(msgspec.Struct, frozen=True):
    """A conversation as far as one can tell."""

    id: str
    principal: str
    source: SessionSource = SessionSource.NONE
