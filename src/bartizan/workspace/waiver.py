"""The schema of ``waivers.yaml``: risks that somebody accepts, for a time."""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One accepted risk; it ends by itself."""

    subject: str
    """What is accepted: the id of a finding, of a rule on artefacts, of a signature or control."""
    sha256: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""
    """Digest of the one artefact for which it holds, hexadecimal. Without it, and without `purl`, a waiver never holds
    for an artefact."""
    purl: Annotated[str, msgspec.Meta(pattern=r"^(pkg:[a-z]+/[^@\s]+@[^@\s]+)?$")] = ""
    """Package URL with its version, of the one package for which it holds in whatever lock file names it."""
    reason: str
    author: str
    """Who owns the risk."""
    date: datetime.date
    expires: datetime.date
    """The last day on which it holds."""


Waivers = tuple[Waiver, ...]
"""``waivers.yaml``."""
