"""What all records have, and what several hold."""

from __future__ import annotations

from datetime import datetime

import msgspec

EVENT_VERSION = 1


class Commitment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Content without its text: who holds the key can later prove that a given text was meant."""

    key: str
    """Id of the HMAC-SHA256 key."""
    mac: str
    """Hexadecimal HMAC of the UTF-8 text."""
    characters: int
    text: str = ""
    """The text itself, redacted, only if policy asks for it."""
    kept: str = ""
    """Where the vault keeps the redacted text, or a sketch of it: ``<segment>.<offset>.<digest of the entry>``."""


class TensorRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tensor without its numbers."""

    name: str
    datatype: str
    shape: tuple[int, ...] = ()
    content: Commitment | None = None
    """To the line ``DATATYPE [SHAPE] SHA256`` over the tensor's binary form."""


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Token counts as the upstream reports them; -1 where it does not."""

    input_tokens: int = -1
    output_tokens: int = -1


class Timing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Durations in milliseconds; -1 where the step was not reached."""

    inspect_request: float = -1
    upstream_first_byte: float = -1
    total: float = -1


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """Base of all records; ``kind`` tells them apart."""

    id: str
    at: datetime
    version: int = EVENT_VERSION
