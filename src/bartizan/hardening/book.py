"""What was proposed, kept below ``.bartizan/hardening`` for its owner's eyes only: it holds attacks in clear."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import quote
from bartizan.hardening.candidate import Candidate
from bartizan.hardening.exchange import Exchange
from bartizan.hardening.findings import RedTeamFinding
from bartizan.hardening.trial import Trial
from bartizan.workspace.files import read_bounded, write_file

FOLDER: Final = "hardening"
_ID: Final = re.compile(r"hc-[0-9a-f]{12}")
_LONGEST: Final = 20_000_000


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate with what came of it."""

    candidate: Candidate
    trial: Trial | None = None
    problem: str = ""
    """Why there was no trial: the changed workspace cannot come into force."""


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """Another finding that a candidate was tried on and accepted for."""

    finding: RedTeamFinding
    exchange: Exchange
    trial: Trial


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate, all that is known about it, and the workspace for which that holds."""

    schema: Literal["bartizan/hardening-proposal/v1"] = "bartizan/hardening-proposal/v1"
    finding: RedTeamFinding
    exchange: Exchange
    tried: Tried
    diff: str
    covers: tuple[Covered, ...] = ()
    """Other findings that the same change stops, by a trial of its own each."""
    base: str
    """Digest of the workspace's files when it was tried."""
    seed: int
    known: tuple[str, ...] = ()
    """Values of customers by which variants were made."""
    hosts: tuple[str, ...] = ()
    """To which the application's answers link, as its operator said: harmless traffic was taken to link there."""
    proposed_at: datetime


class Book:
    """The proposals of one workspace.

    Args:
        state: its state directory.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def keep(self, proposal: Proposal) -> Path:
        """Write it under the id of its candidate. Raises ConfigurationError."""
        path = self._path(proposal.tried.candidate.id)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"{self._folder} cannot be written: {error.strerror}") from None
        write_file(path, str(path), msgspec.json.format(msgspec.json.encode(proposal), indent=1) + b"\n")
        return path

    def read(self, identifier: str) -> Proposal:
        """The proposal of a candidate.

        Raises:
            ConfigurationError: there is none, or it is damaged or open to every user of the machine.
            DocumentError: it is too long.
        """
        path = self._path(identifier)
        if not path.exists():
            raise ConfigurationError(f"there is no proposal {identifier}", "see: bartizan harden list")
        try:
            content = read_bounded(path, f"the proposal {identifier}", _LONGEST, private=True)
            return msgspec.json.decode(content, type=Proposal)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ConfigurationError(f"the proposal {identifier} is damaged: {error}", "propose anew") from None

    def all(self) -> list[Proposal]:
        """Every proposal, the oldest first. Raises ConfigurationError when one is damaged."""
        names = sorted(path.stem for path in self._folder.glob("hc-*.json")) if self._folder.is_dir() else []
        return sorted((self.read(name) for name in names), key=lambda one: one.proposed_at)

    def _path(self, identifier: str) -> Path:
        if _ID.fullmatch(identifier) is None:
            raise ConfigurationError(f"{quote(identifier)} is no id of a candidate", "it is hc- and 12 digits")
        return self._folder / f"{identifier}.json"
