"""Whose signed decisions stand behind a file: those that ``artefacts admit --attest`` wrote, by digest."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from bartizan.core.clock import utc_now
from bartizan.supplychain.signing.attestation import attested
from bartizan.trust.dsse import Trust
from bartizan.trust.signing import SignatureInvalid

_AHEAD: Final = datetime.timedelta(minutes=5)
"""How far the clock of whoever signed may be ahead."""


class Attested(NamedTuple):
    """What attestors say of one file."""

    state: str
    """``valid``, ``refused``, ``old``, ``invalid``, ``none``."""
    attestor: str = ""


class Attestors:
    """Those whose decisions count.

    Args:
        keys: public keys by the names of the attestors.
        folder: with their decisions.
        days: the oldest age that counts.
        now: the present, for tests.
    """

    def __init__(
        self,
        keys: Mapping[str, Trust] | None = None,
        folder: Path = Path(),
        days: int = 30,
        now: Callable[[], datetime.datetime] = utc_now,
    ) -> None:
        self._keys, self._folder, self._oldest, self._now = keys or {}, folder, datetime.timedelta(days=days), now

    def __bool__(self) -> bool:
        return bool(self._keys)

    def of(self, sha256: str) -> Attested:
        """The decision about the file with this digest; anew each time, for it may have been replaced."""
        if not sha256:
            return Attested("none")
        state = Attested("none")
        for name, key in self._keys.items():
            try:
                found = attested(sha256, self._folder, key, self._now())
            except SignatureInvalid:
                state = Attested("invalid")
                continue
            if found is None:
                return Attested("none")
            if not found.summary.passed:
                return Attested("refused", name)
            return Attested("valid" if -_AHEAD <= found.age <= self._oldest else "old", name)
        return state
