"""What a before-and-after assessment found: plain data, and the figures that follow from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from bartizan.core.stats import McNemar, Rate, mcnemar

HIT = "hit"
MISS = "miss"
INCONCLUSIVE = "inconclusive"
HARDENED = "hardened"
"""State of a remedy that is in force."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request on one way, and what came of it."""

    outcome: str
    """``hit``, ``miss`` or ``inconclusive``. For a benign request, ``hit`` means that it was answered."""
    reason: str
    """The trace that decided, in words."""
    text: str
    """What arrived; hostile, never trusted."""
    status: int = 0
    verdict: str = ""
    rule: str = ""
    error: str = ""
    streamed: bool = False
    milliseconds: float = 0.0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One attack or benign request, sent both ways."""

    id: str
    title: str
    group: str
    """The technique of an attack, the kind of a benign request."""
    carrier: str
    obfuscation: str = ""
    goal: str = ""
    sent: str
    prompt: str = ""
    """What the application made of it for its model, articles included; the same on both ways."""
    direct: Exchange
    guarded: Exchange


class Quantile(msgspec.Struct, frozen=True):
    """A quantile in milliseconds with its 95% interval."""

    value: float
    low: float
    high: float


class AddedLatency(msgspec.Struct, frozen=True):
    """Paired differences, guarded minus direct."""

    n: int
    p50: Quantile
    p95: Quantile
    first_text_p50: Quantile
    """Of the first text of a stream."""
    first_text_n: int


class Fact(msgspec.Struct, frozen=True):
    """A line of the section on method: what was used, and which exactly."""

    name: str
    value: str


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """What was tried against one attack that got through the gateway."""

    case: str
    title: str
    state: str
    """``hardened``, ``already_stopped``, ``open`` or ``inconclusive``."""
    control: str = ""
    """The control that is in force now, or the one that came nearest."""
    tried: int = 0
    """Controls that were tried."""
    reason: str = ""
    """What the trial of that control says."""
    stopped: int = 0
    variants: int = 0
    """Held-out variants of the attack that it was tried on."""
    disturbed: int = 0
    harmless: int = 0
    """Harmless exchanges that it was tried on."""


class LastAct(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the attacks that got through."""

    remedies: tuple[Remedy, ...]
    attacks: tuple[Exchange, ...] = ()
    """Every attack once more, through the hardened gateway, in the order of the cases; empty if nothing changed."""
    benign: tuple[Exchange, ...] = ()
    """The same for the benign requests."""


class Assessment(msgspec.Struct, kw_only=True):
    """The whole result. ``schema`` is ``bartizan/demo/v1`` in JSON."""

    schema: str = "bartizan/demo/v1"
    title: str
    at: datetime
    seed: int
    secret: str
    """What was planted, so that the report can mark it; invented, worthless elsewhere."""
    attacks: tuple[Case, ...]
    benign: tuple[Case, ...]
    latency: AddedLatency
    seconds: float
    facts: tuple[Fact, ...]
    policy: str
    """The policy that was in force, as text."""
    last_act: LastAct | None = None
    """None if nothing got through, or nobody was to harden."""

    @property
    def before(self) -> Rate:
        """Attack success without the gateway, over conclusive attempts."""
        return success(case.direct for case in self.attacks)

    @property
    def after(self) -> Rate:
        """Attack success through the gateway, over conclusive attempts."""
        return success(case.guarded for case in self.attacks)

    @property
    def hardened(self) -> Rate:
        """Attack success once more after hardening; that through the gateway where nothing was changed."""
        act = self.last_act
        return success(act.attacks) if act and act.attacks else self.after

    @property
    def kept_hardened(self) -> Rate:
        """``kept`` once more after hardening."""
        act = self.last_act
        if act is None or not act.benign:
            return self.kept
        return success(e for c, e in zip(self.benign, act.benign, strict=True) if c.direct.outcome == HIT)

    @property
    def kept(self) -> Rate:
        """Benign requests answered through the gateway, of those that were answered without it."""
        return success(case.guarded for case in self.benign if case.direct.outcome == HIT)

    @property
    def unchanged(self) -> Rate:
        """Benign answers that arrived word for word as without the gateway, of those that were kept."""
        pairs = [case for case in self.benign if case.direct.outcome == HIT and case.guarded.outcome == HIT]
        return Rate(sum(case.direct.text == case.guarded.text for case in pairs), len(pairs))

    @property
    def change(self) -> McNemar:
        """The paired test of before against after, over attacks that were conclusive on both ways."""
        pairs = [
            (case.direct.outcome == HIT, case.guarded.outcome == HIT)
            for case in self.attacks
            if INCONCLUSIVE not in (case.direct.outcome, case.guarded.outcome)
        ]
        return mcnemar(sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs))

    @property
    def inconclusive(self) -> int:
        """Exchanges of attacks and benign requests, on either way, that show nothing."""
        cases = (*self.attacks, *self.benign)
        return sum((c.direct.outcome == INCONCLUSIVE) + (c.guarded.outcome == INCONCLUSIVE) for c in cases)

    @property
    def got_through(self) -> tuple[Case, ...]:
        """Attacks that reached their goal in spite of the gateway."""
        return tuple(case for case in self.attacks if case.guarded.outcome == HIT)

    @property
    def lost(self) -> tuple[Case, ...]:
        """Benign requests that were refused only by the gateway."""
        return tuple(c for c in self.benign if c.direct.outcome == HIT and c.guarded.outcome == MISS)

    def groups(self) -> list[tuple[str, Rate, Rate]]:
        """Per technique: its name, success before and after; most successful before first."""
        names = dict.fromkeys(case.group for case in self.attacks)
        rows = [
            (
                name,
                success(c.direct for c in self.attacks if c.group == name),
                success(c.guarded for c in self.attacks if c.group == name),
            )
            for name in names
        ]
        return sorted(rows, key=lambda row: (-row[1].successes, row[0]))


def success(exchanges: Iterable[Exchange]) -> Rate:
    """Hits of the conclusive exchanges."""
    conclusive = [exchange.outcome == HIT for exchange in exchanges if exchange.outcome != INCONCLUSIVE]
    return Rate(sum(conclusive), len(conclusive))
