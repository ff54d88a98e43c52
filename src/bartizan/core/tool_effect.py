"""What tools do, and what their arguments are used as."""

from __future__ import annotations

from enum import StrEnum


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
