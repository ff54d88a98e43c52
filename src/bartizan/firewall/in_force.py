"""Everything that a policy snapshot determines, as one immutable value that requests take hold of once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bartizan.core.passage import Surface
from bartizan.firewall.authentication import Keyring
from bartizan.firewall.dialects.interface import Dialect
from bartizan.firewall.exchange import ApiFamily
from bartizan.firewall.guard import Guard
from bartizan.firewall.inference_front import InferenceFront
from bartizan.firewall.recording import Commit
from bartizan.firewall.tool_controls import ToolControls
from bartizan.policy.document import PolicyDocument


@dataclass(frozen=True, slots=True)
class InForce:
    """A reload builds a new one and swaps it in; a request that is under way keeps the one it began with."""

    policy: PolicyDocument
    guard: Guard
    keyring: Keyring
    dialects: Mapping[ApiFamily, Dialect]
    commit: Commit
    """Text to what the journal keeps of it."""
    learned: frozenset[Surface] = frozenset()
    """Surfaces on which the trained model has a say; empty where it is off."""
    harm: bool = False
    """Whether it is asked about harmful requests, too."""
    answers: bool = False
    """Whether it reads the sentences of answers."""
    tools: ToolControls | None = None
    """What decides the tool calls in answers; None lets them all go on."""
    inference: InferenceFront | None = None
    """Serves models that take tensors; None where policy names none."""
    version: int = 0
    """Number of the workspace snapshot."""
    digest: str = ""
