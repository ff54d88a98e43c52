"""What could stop a finding, before anybody knows whether it does."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

from bartizan.hardening.change import Change
from bartizan.hardening.stack import Layer


class Depth(IntEnum):
    """How deep a control takes hold; the deepest is tried first."""

    ACTION = 0
    """What the model may do: no wording of an attack changes it."""
    EGRESS = 1
    """What may leave in an answer: the attack may be worded as it likes, but the harm has a form."""
    POLICY = 2
    """Where and from which score on guards act."""
    TEXT = 3
    """How this attack is worded: only a patch."""
    ADVICE = 4
    """For the application's authors. Nothing here enforces it, so it is never counted as a control."""


class Kind(StrEnum):
    """What is changed."""

    TOOL_POLICY = "tool_policy"
    TOOL_PROFILE = "tool_profile"
    TOOL_BUDGET = "tool_budget"
    ANSWER_LENGTH = "answer_length"
    CANARY = "canary"
    INSTRUCTIONS = "instructions"
    STATEMENT = "statement"
    KNOWN_VALUES = "known_values"
    LINKS = "links"
    OUTPUT_ROW = "output_row"
    THRESHOLD = "threshold"
    SURFACE = "surface"
    SIGNATURE = "signature"
    PROMPT = "prompt"


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate."""

    id: str
    """Of finding and change: the same finding gives the same candidates."""
    kind: Kind
    depth: Depth
    title: str
    layer: Layer
    """Where it acts, and so what harmless traffic it can disturb."""
    control: str
    """Id of the control of the catalogue that it strengthens."""
    change: Change = Change()
    advice: str = ""
    """Words for a person; the only content of a :attr:`Depth.ADVICE`."""
    note: str = ""
    """What a reviewer should know."""
    sigma: str = ""
    """The rule that would see it, as it is written into ``rules/``."""
    secrets: dict[str, str] = msgspec.field(default_factory=dict)
    """Values by the file below the workspace's state that a setting names; never part of the diff."""

    @property
    def patch_only(self) -> bool:
        """Whether it knows the wording only."""
        return self.depth is Depth.TEXT
