"""Where guards read and from which score on they act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from bartizan.core.passage import Origin, Surface
from bartizan.core.threat import Guard
from bartizan.core.verdict import Action, Mode
from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.change import Change, Setting
from bartizan.hardening.propose.interface import Material, candidate_id
from bartizan.hardening.stack import Layer
from bartizan.policy.document import Row

LOWEST: Final = 0.1
"""No threshold is set below: a guard that is so unsure says nothing."""
_SHARE: Final = 0.02
"""Of the variants that a lowered threshold may leave out."""
_ORIGINS: Final = {Surface.USER: Origin.USER, Surface.CONTENT: Origin.RETRIEVED}


class PolicyRules:
    """Proposes rows that act where they only watch, lower thresholds, and surfaces that are not read yet."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``."""
        yield from _rows(material)
        yield from _surfaces(material)


def _rows(material: Material) -> Iterator[Candidate]:
    surface = material.finding.hostile
    row = material.policy.surfaces.get(surface, {}).get(Guard.PROMPT_INJECTION)
    if row is None or row.mode is Mode.MONITOR or row.action is not Action.BLOCK:
        threshold = row.threshold if row is not None else 0.5
        yield _row(material, surface, threshold, f"refuse prompt injection on the surface '{surface}'")
        row = Row(Action.BLOCK, threshold)
    seen = [material.stack.scores(row) for row in (material.finding.exchange, *material.variants[:60])]
    scores = sorted(one.get((surface, Guard.PROMPT_INJECTION.value), 0.0) for one in seen)
    wanted = round(scores[int(len(scores) * _SHARE)] - 0.005, 2)
    if LOWEST <= wanted < row.threshold:
        title = f"refuse prompt injection on the surface '{surface}' from a score of {wanted}"
        yield _row(material, surface, wanted, title)


def _row(material: Material, surface: Surface, threshold: float, title: str) -> Candidate:
    value = {"action": "block", "threshold": threshold}
    setting = Setting(("surfaces", surface.value, "prompt_injection"), value)
    return _candidate(material, Kind.THRESHOLD, title, surface, setting)


def _surfaces(material: Material) -> Iterator[Candidate]:
    """Read an origin as more surfaces than now."""
    origin = _ORIGINS[material.finding.hostile]
    read = material.policy.origins.get(origin, (Surface.CONTENT,))
    for more in (Surface.CONTENT, Surface.USER):
        if more not in read:
            setting = Setting(("origins", origin.value), [*(one.value for one in read), more.value])
            title = f"read what comes from '{origin}' as '{more}' too"
            yield _candidate(material, Kind.SURFACE, title, material.finding.hostile, setting)


def _candidate(material: Material, kind: Kind, title: str, surface: Surface, setting: Setting) -> Candidate:
    return Candidate(
        id=candidate_id(material.finding.id, f"{kind}/{setting.path}/{setting.value}"),
        kind=kind,
        depth=Depth.POLICY,
        title=title,
        layer=Layer.REQUEST,
        control="BZN-RT-01" if surface is Surface.USER else "BZN-RT-02",
        change=Change(settings=(setting,)),
    )
