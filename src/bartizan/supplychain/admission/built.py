"""Which training run made a file: the records that ``artefacts record`` wrote, by digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bartizan.supplychain.provenance.keeping import recorded
from bartizan.trust.dsse import Trust
from bartizan.trust.signing import SignatureInvalid


class Built(NamedTuple):
    """What records say of one file."""

    state: str
    """``valid``, ``invalid`` (broken, or of nobody named), ``none``."""
    builder: str = ""


class BuilderTrust(NamedTuple):
    """Whose record counts, and which builder it must name."""

    trust: Trust
    id: str


class Builders:
    """Those whose records count.

    Args:
        named: by the names of the builders.
        folder: with their records.
    """

    def __init__(self, named: Mapping[str, BuilderTrust] | None = None, folder: Path = Path()) -> None:
        self._named, self._folder = named or {}, folder

    def __bool__(self) -> bool:
        return bool(self._named)

    def of(self, sha256: str) -> Built:
        """The record of the file with this digest; anew each time, for it may have been replaced."""
        state = Built("none")
        for name, one in self._named.items() if sha256 else ():
            try:
                found = recorded(sha256, self._folder, one.trust, one.id)
            except SignatureInvalid:
                state = Built("invalid")
                continue
            return Built("valid", name) if found is not None else Built("none")
        return state
