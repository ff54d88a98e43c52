"""What is decided about traffic. (Artefacts get an Admission instead.)"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bartizan.core.passage import Path
from bartizan.core.signal import Signal, Span


class Action(StrEnum):
    """Ordered from harmless to strict."""

    ALLOW = "allow"
    FLAG = "flag"
    REDACT = "redact"
    ASK = "ask"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """Position in the order allow < flag < redact < ask < block."""
        return _RANKS[self]


_RANKS = {action: rank for rank, action in enumerate(Action)}


class Mode(StrEnum):
    """Monitor records what would have happened and changes nothing; it is never evidence of enforcement."""

    ENFORCE = "enforce"
    MONITOR = "monitor"


class Uncovered(msgspec.Struct, frozen=True):
    """Content that no guard read, and why."""

    path: Path
    reason: str
    kind: str = "reference"
    """The row of policy that decides: image, audio, video, file, encrypted, reference or unread."""


class Coverage(msgspec.Struct, frozen=True):
    """What the guards read and what they did not."""

    passages: int = 0
    characters: int = 0
    trusted: int = 0
    """Passages of trusted origin that policy does not inspect."""
    uncovered: tuple[Uncovered, ...] = ()

    @property
    def complete(self) -> bool:
        """True when nothing was left unread."""
        return not self.uncovered


class Redaction(msgspec.Struct, frozen=True):
    """Replace ``span`` of the text at ``path`` by ``replacement``."""

    path: Path
    span: Span
    replacement: str


class Verdict(msgspec.Struct, frozen=True):
    """The decision on one request, response or text, with its reasons."""

    action: Action
    """What happens."""
    rule: str = ""
    """The policy rule that decided, such as ``user.prompt_injection``."""
    signals: tuple[Signal, ...] = ()
    coverage: Coverage = Coverage()
    redactions: tuple[Redaction, ...] = ()
    observed: Action = Action.ALLOW
    """What would have happened had no rule been in monitor mode."""


class Admission(StrEnum):
    """The decision about an artefact; inconclusive is never a pass."""

    ALLOW = "allow"
    BLOCK = "block"
    INCONCLUSIVE = "inconclusive"
