"""The Python API: text in, verdict out.

from bartizan import Guard

guard = Guard.from_workspace(".")
verdict = guard.inspect("Ignore all previous instructions", surface="user")
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bartizan.core.passage import Origin, Passage, Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import TENSOR_GUARDS
from bartizan.core.threat import Guard as GuardName
from bartizan.core.verdict import Verdict
from bartizan.firewall import guard as firewall
from bartizan.inspection.redaction import redact

_ORIGINS = {Surface.USER: Origin.USER, Surface.CONTENT: Origin.RETRIEVED, Surface.OUTPUT: Origin.ASSISTANT}


class Guard:
    """Inspection and policy of one workspace. Immutable and safe to share between threads."""

    def __init__(self, guard: firewall.Guard) -> None:
        self._guard = guard

    @classmethod
    def from_workspace(cls, root: str | Path = ".") -> Guard:
        """Load ``policy.yaml`` and ``signatures/`` of a workspace.

        Raises:
            DocumentError: a file is wrong, with file, line and column.
            ConfigurationError: a file or a named secret is missing.
        """
        from bartizan.app import load_guard

        return cls(load_guard(Path(root)))

    @classmethod
    def default(cls) -> Guard:
        """The default policy and the shipped signatures, without a workspace."""
        from bartizan.app import default_guard

        return cls(default_guard())

    def inspect(self, text: str, surface: Surface | str = Surface.USER) -> Verdict:
        """The verdict on ``text``, read as one surface: ``user``, ``content`` or ``output``.

        Spans of signals and redactions are ranges of code points in ``text``.
        """
        where = Surface(surface)
        return self._guard.inspect_passages([Passage(text, _ORIGINS[where], (where,))])

    async def inspect_async(self, text: str, surface: Surface | str = Surface.USER) -> Verdict:
        """`inspect` in a thread, so that a long text does not hold up an event loop."""
        return await asyncio.to_thread(self.inspect, text, surface)

    def redacted(self, text: str, verdict: Verdict) -> str:
        """``text`` with the verdict's redactions applied."""
        return redact(text, [(redaction.span, redaction.replacement) for redaction in verdict.redactions])

    def flagged(self, signals: tuple[Signal, ...], surface: Surface | str) -> dict[str, bool]:
        """For each guard of text, whether a signal reached the threshold that policy sets on this surface."""
        where = Surface(surface)
        return {
            name.value: (threshold := self._guard.policy.threshold(where, name)) is not None
            and any(signal.guard is name and signal.score >= threshold for signal in signals)
            for name in GuardName
            if name not in TENSOR_GUARDS
        }

    @staticmethod
    def scores(signals: tuple[Signal, ...]) -> dict[str, float]:
        """For each guard of text, the highest score of its signals; 0 without one."""
        return {
            name.value: max((signal.score for signal in signals if signal.guard is name), default=0.0)
            for name in GuardName
            if name not in TENSOR_GUARDS
        }
