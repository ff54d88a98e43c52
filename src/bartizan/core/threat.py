"""The seven threats, and the guards that watch for them."""

from __future__ import annotations

from enum import StrEnum


class Threat(StrEnum):
    """The seven threats of the product; ``catalog/threats.yaml`` describes each."""

    PROMPT_INJECTION = "prompt_injection"
    DATA_POISONING = "data_poisoning"
    DATA_LEAKAGE = "data_leakage"
    MODEL_EXTRACTION = "model_extraction"
    ADVERSARIAL_INPUT = "adversarial_input"
    SUPPLY_CHAIN = "supply_chain"
    AGENT_RISK = "agent_risk"


class Guard(StrEnum):
    """What a detector looks for, and the name under which policy sets threshold and action."""

    PROMPT_INJECTION = "prompt_injection"
    """Override, jailbreak or extraction of hidden instructions."""
    HARMFUL_REQUEST = "harmful_request"
    """A request for something that does harm, with a trick or without one. Off unless policy has a row for it."""
    OBFUSCATION = "obfuscation"
    """Text dressed up so that filters do not read what the model reads. Never blocks alone."""
    PERSONAL_DATA = "personal_data"
    """Personal data that passes its format's checks."""
    SECRET = "secret"  # noqa: S105 - a guard's name, not a password
    """Credentials: keys, tokens, passwords."""
    KNOWN_VALUE = "known_value"
    """Values of a list that you gave, such as your customers' addresses and numbers."""
    PASSAGE = "passage"
    """Passages that answers may not repeat: hidden instructions, and statements that you declared false."""
    CANARY = "canary"
    """A planted marker: whoever shows it has read what must stay hidden."""
    OUTPUT_HAZARD = "output_hazard"
    """Output that becomes active in the place where it is shown or run."""
    DECLARED = "declared"
    """A tensor is not what its model's policy declares."""
    DISTRIBUTION = "distribution"
    """A tensor is unlike the benign ones that a profile was made from."""
    SIMILARITY = "similarity"
    """A tensor stands close to several earlier ones of its principal."""
    EXTRACTION = "extraction"
    """A principal's queries copy a model."""


TENSOR_GUARDS = frozenset({Guard.DECLARED, Guard.DISTRIBUTION, Guard.SIMILARITY, Guard.EXTRACTION})
"""Guards of tensors; the others read text."""


class Severity(StrEnum):
    """How bad it is if true."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
