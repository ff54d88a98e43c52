"""What the proxy is asked for, and the ways in which it says no. A protocol is one file that speaks in these terms."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from bartizan.core.errors import ArtefactError, BartizanError
from bartizan.supplychain.admission.gate import Decision

PURPOSE: Final = "proxy"
"""Of the events of its decisions."""


class ProxyLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the proxy may spend."""

    file_bytes: int = 20 << 30
    """Largest file."""
    disk_bytes: int = 50 << 30
    """All files that are kept and under way together."""
    seconds: float = 3_600.0
    """For one download."""
    idle_seconds: float = 60.0
    """Between two pieces of a download."""
    document_bytes: int = 16 << 20
    """Largest description: of a model, of a tree, a manifest."""
    under_way: int = 64
    """Files that are fetched, scanned or waited for at once."""
    downloads: int = 4
    """Downloads at once."""


class Wanted(NamedTuple):
    """One file of a registry that never changes under its name."""

    origin: str
    """Registry and repository as policy names them: ``huggingface.co/acme/x``."""
    version: str
    """Commit of the repository, or digest of the content."""
    path: str
    """Relative path with ``/``, or title of a blob."""

    @property
    def shown(self) -> str:
        """As events and errors name it."""
        return f"{self.origin}@{self.version}/{self.path}"


class Held(NamedTuple):
    """A file that is admitted and lies in the store."""

    sha256: str
    size: int


class NotAdmittedError(ArtefactError):
    """Policy does not admit what was asked for."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(
            f"policy does not admit it ({decision.admission}, {decision.policy or 'no policy'}): {decision.reason}",
            f"'bartizan events' has the decision about {decision.sha256[:16]}",
        )
        self.decision = decision


class UnavailableError(BartizanError):
    """It cannot be handed out, whatever policy says.

    Args:
        status: the HTTP status that tells the client so.
        code: of the Hub, such as ``EntryNotFound``; empty for none.
    """

    def __init__(self, cause: str, *, status: int = 502, code: str = "") -> None:
        super().__init__(cause)
        self.status = status
        self.code = code
