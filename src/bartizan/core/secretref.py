"""A setting that holds a secret names where it is, never the value."""

from __future__ import annotations

import msgspec


class SecretRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of an environment variable and a file (whose trailing newline is dropped)."""

    env: str = ""
    """Name of an environment variable."""
    file: str = ""
    """Path of a file that others cannot read."""
