"""All proposers, and the order in which their candidates are tried."""

from __future__ import annotations

from typing import Final

from bartizan.hardening.candidate import Candidate
from bartizan.hardening.propose.advice import Advice
from bartizan.hardening.propose.calls import CallBudget
from bartizan.hardening.propose.interface import Material, Proposer
from bartizan.hardening.propose.known import KnownValues
from bartizan.hardening.propose.length import AnswerLength
from bartizan.hardening.propose.output import OutputRules
from bartizan.hardening.propose.passages import FalseStatements, HiddenInstructions
from bartizan.hardening.propose.policy import PolicyRules
from bartizan.hardening.propose.signature import Signatures
from bartizan.hardening.propose.tools import ToolRules
from bartizan.hardening.sigma import with_rule

PROPOSERS: Final[tuple[Proposer, ...]] = (
    CallBudget(),
    ToolRules(),
    AnswerLength(),
    KnownValues(),
    HiddenInstructions(),
    FalseStatements(),
    OutputRules(),
    PolicyRules(),
    Signatures(),
    Advice(),
)


def candidates(material: Material) -> list[Candidate]:
    """Every candidate once, the deepest first; within a depth as its proposer orders them."""
    found = {one.id: with_rule(one, material.finding) for p in PROPOSERS for one in p.propose(material)}
    return sorted(found.values(), key=lambda one: one.depth)
