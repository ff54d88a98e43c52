"""The schema of ``artefacts.yaml``: the artefacts that somebody vouches for, by digest."""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec


class Registered(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One artefact. All but the digest is what ``by`` asserts; nothing of it is read from the artefact."""

    path: str = ""
    """Where it is, relative to the workspace: nothing with another digest is expected there. Empty: anywhere."""
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    origin: str = ""
    """Where it came from, without a scheme, such as ``huggingface.co/acme/classifier``."""
    licence: str = ""
    """SPDX identifier."""
    by: str
    """Who says so."""
    date: datetime.date


Register = tuple[Registered, ...]
"""``artefacts.yaml``."""
