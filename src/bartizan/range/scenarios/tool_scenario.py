"""An exercise with a tool server: find what it hides, then let only its honest tools through."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from importlib.resources.abc import Traversable

import msgspec

from bartizan.core.stats import Rate
from bartizan.core.tool_front import ToolFront, ToolFronts
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade
from bartizan.range.toolbox.tools import drop_code
from bartizan.range.yaml_data import read_yaml


class ToolCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One held-out case."""

    id: str
    tool: str
    """The tool that is called: the bait of an attack, an honest one else."""
    arguments: dict[str, str]
    environment: dict[str, str] = {}
    """What the server's process is told."""
    first: str = ""
    """An honest tool that is called before, with the argument ``day``."""


class ToolScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    cases: Traversable
    """Folder with ``attacks.yaml`` and ``benign.yaml``: the held-out cases."""
    stop_at_least: float
    keep_at_least: float

    def grade_attack(self, seed: int, submitted: str) -> bool:
        """Whether ``submitted`` is what this learner's toolbox hides."""
        return hmac.compare_digest(submitted.strip().upper().encode(), drop_code(seed).encode())

    def held_out(self, name: str) -> list[ToolCase]:
        """The cases of ``attacks`` or ``benign``."""
        return msgspec.convert(read_yaml(self.cases / f"{name}.yaml"), list[ToolCase])

    async def grade_defence(self, fronts: ToolFronts, seed: int) -> DefenceGrade:
        """Run every case without and with the defence. One that lets nothing through keeps nothing."""
        through, stopped = await _run(self.held_out("attacks"), fronts, seed)
        kept, lost = await _run(self.held_out("benign"), fronts, seed)
        attacks, benign = len(through) + len(stopped), len(kept) + len(lost)
        passed: bool | None = None
        stop, keep = Rate(len(stopped), attacks), Rate(len(kept), benign)
        if min(attacks, benign) >= MIN_WORKING_ATTACKS:
            passed = stop.value >= self.stop_at_least and keep.value >= self.keep_at_least
        total = len(self.held_out("attacks")) + len(self.held_out("benign"))
        return DefenceGrade(
            stopped=stop,
            kept=keep,
            inconclusive=total - attacks - benign,
            passed=passed,
            got_through=tuple(through),
            lost=tuple(lost),
        )


async def _run(cases: Sequence[ToolCase], fronts: ToolFronts, seed: int) -> tuple[list[str], list[str]]:
    """Ids of the cases whose call worked with the defence, and of those whose call did not; both work without it."""
    worked: list[str] = []
    failed: list[str] = []
    for case in cases:
        environment = {"TOOLBOX_SEED": str(seed), **case.environment}
        async with fronts.direct(environment) as front:
            if not await _works(front, case):
                continue
        async with fronts.guarded(environment) as front:
            (worked if await _works(front, case) else failed).append(case.id)
    return worked, failed


async def _works(front: ToolFront, case: ToolCase) -> bool:
    await front.offered()
    if case.first:
        await front.call(case.first, {"day": "Monday"})
    offered = await front.offered()
    return case.tool in offered and await front.call(case.tool, dict(case.arguments)) is not None
