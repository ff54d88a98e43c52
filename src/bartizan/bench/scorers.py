"""What `bartizan bench detection` compares: our tiers, and every peer found installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bartizan.api import Guard
from bartizan.app.guards import build_guard
from bartizan.core.passage import Surface
from bartizan.core.threat import Guard as GuardName
from bartizan.policy.document import PolicyDocument


class Answer(NamedTuple):
    """What a detector says of one text."""

    score: float
    """Higher is more suspect; only its order counts."""
    flagged: bool
    """At the detector's own default threshold."""


class Scorer(NamedTuple):
    """A detector under comparison."""

    name: str
    score: Callable[[str, Surface], Answer]
    ours: bool = False


PRODUCT = "bartizan"
RULES = "bartizan, rules alone"


def scorers() -> Iterator[Scorer]:
    """Ours first, then the peers that are installed, each set up as its own documentation says."""
    yield Scorer(PRODUCT, _guarded(Guard.default()), ours=True)
    yield Scorer(RULES, _guarded(Guard(build_guard(PolicyDocument(version=1), {}, {}))), ours=True)
    for module, (name, build) in PEERS.items():
        if importlib.util.find_spec(module) is not None:
            yield Scorer(name, build())


def _guarded(guard: Guard) -> Callable[[str, Surface], Answer]:
    def score(text: str, surface: Surface) -> Answer:
        signals = guard.inspect(text, surface).signals
        name = GuardName.PROMPT_INJECTION.value
        return Answer(guard.scores(signals)[name], guard.flagged(signals, surface)[name])

    return score


def _picket() -> Callable[[str, Surface], Answer]:
    detector = importlib.import_module("aicordon.picket").load()

    def score(text: str, surface: Surface) -> Answer:
        flagged = bool(detector.check(text).flagged)
        return Answer(float(flagged), flagged)

    return score


def _forcefield() -> Callable[[str, Surface], Answer]:
    guard = importlib.import_module("forcefield").Guard()

    def score(text: str, surface: Surface) -> Answer:
        result = guard.scan(text)
        return Answer(float(result.risk_score), bool(result.blocked))

    return score


def _agent_cordon() -> Callable[[str, Surface], Answer]:
    scan = importlib.import_module("agent_cordon").scan

    def score(text: str, surface: Surface) -> Answer:
        result = scan(text)
        return Answer(float(result.risk), bool(result.is_suspicious))

    return score


def _prompt_shield() -> Callable[[str, Surface], Answer]:
    scanner = importlib.import_module("prompt_shield").PromptScanner()

    def score(text: str, surface: Surface) -> Answer:
        result = scanner.scan(text)
        return Answer(float(result.risk_score), not result.is_safe)

    return score


PEERS: dict[str, tuple[str, Callable[[], Callable[[str, Surface], Answer]]]] = {
    "aicordon": ("aicordon picket", _picket),
    "forcefield": ("forcefield", _forcefield),
    "agent_cordon": ("agent-cordon", _agent_cordon),
    "prompt_shield": ("ai-injection-guard", _prompt_shield),
}
"""By module: the peer's name on PyPI and what builds it. None of them needs a network or a key."""
