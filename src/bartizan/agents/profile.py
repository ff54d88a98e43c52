"""What a tool can do, as far as its definition and the operator say."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Effect(StrEnum):
    """What a call changes, from harmless to grave within the session's reach."""

    READ = "read"
    """Changes nothing."""
    WRITE = "write"
    """Changes the user's own data, in a way that can be undone."""
    AUTHENTICATE = "authenticate"
    """Proves who the user is, to finish something that was asked for before."""
    SEND = "send"
    """Carries data to somebody else."""
    SPEND = "spend"
    """Moves money or commits to pay."""
    DELETE = "delete"
    """Destroys data or calls something off."""
    EXECUTE = "execute"
    """Runs code."""
    ADMINISTER = "administer"
    """Changes who may do what: passwords, keys, members, ownership."""


class Sink(StrEnum):
    """What an argument is used as."""

    RECIPIENT = "recipient"
    """Somebody who will receive something: address, user name, channel."""
    ACCOUNT = "account"
    """A bank account or payee."""
    URL = "url"
    PATH = "path"
    AMOUNT = "amount"
    CODE = "code"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    """A password, key or one-time code."""
    OBJECT = "object"
    """The thing acted on: an id or a name."""
    CONTENT = "content"
    """Text that is carried or stored."""
    TIME = "time"
    OPTION = "option"
    """A switch or one of a few named choices."""
    QUERY = "query"
    """What is searched for."""
    OTHER = "other"


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
    trusted_results: bool = False
    """The operator vouches that nobody else can write what this tool returns."""
    open_world: bool = False
    """It reads from places that anybody can write to (web pages)."""
    words: frozenset[str] = frozenset()
    """Folded words of the name."""
    why: str = ""
    """What led to ``effect``, for a person."""
    source: str = "derived"
    """``derived`` or ``policy``."""
