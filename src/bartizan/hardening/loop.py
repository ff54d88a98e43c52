"""From findings to candidates that were tried: the deepest first, until one is good enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec

from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.hardening.benign.corpus import Half, corpus
from bartizan.hardening.book import Tried
from bartizan.hardening.candidate import Candidate, Depth
from bartizan.hardening.change import POLICY
from bartizan.hardening.declared import Declared
from bartizan.hardening.findings import RedTeamFinding
from bartizan.hardening.gates import Decision
from bartizan.hardening.propose.interface import Material
from bartizan.hardening.propose.registry import candidates
from bartizan.hardening.stack import Stack
from bartizan.hardening.trial import Court, live
from bartizan.hardening.variants import Side
from bartizan.policy.document import PolicyDocument
from bartizan.workspace.document import loads

LEARNED = 60
"""Variants of the learning side that proposers get."""


class State(StrEnum):
    """What became of a finding."""

    HARDENED = "hardened"
    """A candidate was accepted."""
    STOPPED = "already_stopped"
    """The guards stop it as they are; the campaign met another policy."""
    OPEN = "open"
    """Every candidate was rejected."""
    INCONCLUSIVE = "inconclusive"
    """None was accepted, and about at least one too little could be measured, or nothing."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One finding."""

    finding: RedTeamFinding
    state: State
    tried: tuple[Tried, ...] = ()
    """In the order of trial."""
    advice: tuple[Candidate, ...] = ()

    @property
    def accepted(self) -> Tried | None:
        """The candidate to be approved."""
        return next((one for one in self.tried if one.trial and one.trial.decision is Decision.ACCEPTED), None)


class Loop:
    """Hardens one workspace against findings.

    Args:
        files: the workspace's, by name.
        stack: its guards.
        court: tries candidates of it.
        seed: chooses variants.
        hosts: to which the application's answers link, besides those that policy allows.
        declared: what the operator says of the application.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        stack: Stack,
        court: Court,
        seed: int,
        hosts: tuple[str, ...] = (),
        declared: Declared = Declared(),
    ) -> None:
        self._declared = declared
        self._files = files
        self._stack = stack
        self._court = court
        self._seed = seed
        self._hosts = hosts
        self._policy = loads(files.get(POLICY, b"version: 1\n"), POLICY, PolicyDocument)
        self._accepted: list[Candidate] = []

    def run(self, findings: Sequence[RedTeamFinding], tell: Callable[[RedTeamFinding, str], None]) -> list[Result]:
        """Every finding in turn; what was accepted for one is tried on the next ones too.

        Args:
            findings: in order of trial.
            tell: called before each trial with what is tried.
        """
        return [self._one(finding, tell) for finding in findings]

    def _one(self, finding: RedTeamFinding, tell: Callable[[RedTeamFinding, str], None]) -> Result:
        if self._stack.stops_attack(finding.exchange) is not None:
            return Result(finding=finding, state=State.STOPPED)
        tell(finding, "making candidates")
        learned = live(finding, Side.LEARN, self._stack, str(self._seed), LEARNED, values=self._declared.values)
        material = Material(
            finding=finding,
            policy=self._policy,
            files=self._files,
            stack=self._stack,
            variants=learned.rows,
            harmless=corpus(Half.DEVELOP),
            hosts=self._hosts,
            declared=self._declared,
        )
        found = candidates(material)
        known = {one.id for one in self._accepted}
        found = sorted([*self._accepted, *(one for one in found if one.id not in known)], key=lambda one: one.depth)
        tried: list[Tried] = []
        for candidate in found:
            if candidate.depth is Depth.ADVICE:
                continue
            tell(finding, candidate.title)
            try:
                trial = self._court.try_out(finding, candidate, self._files)
            except (ConfigurationError, DocumentError) as error:
                tried.append(Tried(candidate=candidate, problem=error.cause))
                continue
            tried.append(Tried(candidate=candidate, trial=trial))
            if trial.decision is Decision.ACCEPTED:
                if candidate.id not in known:
                    self._accepted.append(candidate)
                break
        return Result(
            finding=finding,
            state=_state(tried),
            tried=tuple(tried),
            advice=tuple(one for one in found if one.depth is Depth.ADVICE),
        )


def _state(tried: Sequence[Tried]) -> State:
    decisions = {one.trial.decision if one.trial is not None else Decision.INCONCLUSIVE for one in tried}
    if Decision.ACCEPTED in decisions:
        return State.HARDENED
    return State.INCONCLUSIVE if Decision.INCONCLUSIVE in decisions else State.OPEN
