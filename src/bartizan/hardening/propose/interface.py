"""What a proposer is: to add one, put a class like these into a file beside this and name it in ``registry.py``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from bartizan.hardening.candidate import Candidate
from bartizan.hardening.declared import Declared
from bartizan.hardening.exchange import Exchange
from bartizan.hardening.findings import RedTeamFinding
from bartizan.hardening.stack import Stack
from bartizan.policy.document import PolicyDocument


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """All that a proposer may look at. Held-out variants and the held half of the corpus are not among it."""

    finding: RedTeamFinding
    policy: PolicyDocument
    files: Mapping[str, bytes]
    """The workspace's."""
    stack: Stack
    """The guards as they are."""
    variants: tuple[Exchange, ...]
    """Of the learning side, all of which pass ``stack``."""
    harmless: tuple[Exchange, ...]
    """The development half."""
    declared: Declared = Declared()
    """What the operator says of the application."""
    hosts: tuple[str, ...] = ()
    """To which the application's answers link, as its operator says."""


class Proposer(Protocol):
    """Proposes changes of one kind."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """Candidates in the order in which they should be tried; none where this kind has nothing to offer."""
        ...


def candidate_id(finding: str, what: str) -> str:
    """``hc-`` and 12 hexadecimal digits of finding and change: fit for file names, rule names and signature ids."""
    return "hc-" + hashlib.sha256(f"{finding}\n{what}".encode()).hexdigest()[:12]
