"""One error tree: a one-line cause for the log, and a hint that says what to do next."""

from __future__ import annotations

from dataclasses import dataclass


class BartizanError(Exception):
    """Base of every error that Bartizan raises on purpose.

    Args:
        cause: what went wrong, in one line.
        hint: what the reader can do about it, in one line; may be empty.
    """

    def __init__(self, cause: str, hint: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.cause} ({self.hint})" if self.hint else self.cause


class ConfigurationError(BartizanError):
    """The workspace or a setting is missing, unreadable or contradictory."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a workspace file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class DocumentError(ConfigurationError):
    """A workspace file does not say what its schema expects; the text starts with ``file:line:column``."""

    def __init__(self, place: Place, found: str, expected: str, hint: str = "") -> None:
        super().__init__(f"{place}: found {found}, expected {expected}", hint)
        self.place = place
        self.found = found
        self.expected = expected


class WireError(BartizanError):
    """A message on the wire is malformed or of an unknown shape.

    Args:
        status: the HTTP status that tells the client so.
    """

    def __init__(self, cause: str, hint: str = "", *, status: int = 400) -> None:
        super().__init__(cause, hint)
        self.status = status


class UpstreamError(BartizanError):
    """The upstream model server failed, timed out, reset or answered something that is not its protocol."""

    def __init__(self, cause: str, hint: str = "", *, status: int = 502) -> None:
        super().__init__(cause, hint)
        self.status = status


class KeeperError(BartizanError):
    """The keeper cannot be reached or refused; the worker fails closed."""


class JournalError(BartizanError):
    """The journal cannot take a record; under ``on_full: refuse`` new requests are refused."""


class ArtefactError(BartizanError):
    """A downloaded or shipped artefact is missing or does not match its digest."""
