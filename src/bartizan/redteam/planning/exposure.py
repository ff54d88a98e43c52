"""Where a described system can be attacked and what for, each with the place in the description that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from bartizan.core.passage import Origin
from bartizan.core.system import System
from bartizan.core.system_parts import Component, ComponentKind, EffectKind, Flow, Sensitivity, Trust
from bartizan.redteam.taxonomy import EntryPoint, Objective

_ENTRY_POINTS = {
    Origin.USER: EntryPoint.CHAT,
    Origin.RETRIEVED: EntryPoint.RAG_DOCUMENT,
    Origin.TOOL_RESULT: EntryPoint.TOOL_OUTPUT,
    Origin.TOOL_DEFINITION: EntryPoint.TOOL_METADATA,
    Origin.MEMORY: EntryPoint.MEMORY,
}
_KEPT = frozenset({Sensitivity.CONFIDENTIAL, Sensitivity.SECRET})
_RUNS = frozenset({EffectKind.EXECUTE, EffectKind.WRITE, EffectKind.GRANT})
THINKING = frozenset({ComponentKind.MODEL, ComponentKind.AGENT, ComponentKind.SERVICE, ComponentKind.GATEWAY})
"""Kinds of components that text may lead astray."""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """A reason, and where the description gives it."""

    place: str
    """Such as ``flows.ask``."""
    reason: str


Reasons = Mapping[EntryPoint, tuple[Why, ...]]


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """What a description exposes. What is not a key is not exposed, as far as the description goes."""

    entry_points: dict[EntryPoint, tuple[Why, ...]]
    objectives: dict[Objective, tuple[Why, ...]]
    targets: tuple[str, ...]
    """Components that people, or anything outside, send user text to."""
    secrets: tuple[str, ...]
    """Data classes that reach a model and must not be shown, without those that are personal or the hidden prompt."""
    tools: tuple[str, ...]
    """Components that can do harm for an agent: they send, pay, delete, execute, grant or act physically."""


def exposure_of(system: System) -> Exposure:
    """What ``system`` exposes; it has been checked."""
    found = _reaching(system)
    entry_points: dict[EntryPoint, tuple[Why, ...]] = {}
    for entry_point, why in _entries(system):
        entry_points[entry_point] = (*entry_points.get(entry_point, ()), why)
    objectives: dict[Objective, tuple[Why, ...]] = {}
    for objective, why in _aims(system, found):
        objectives[objective] = (*objectives.get(objective, ()), why)
    return Exposure(
        entry_points=entry_points,
        objectives=objectives,
        targets=tuple(dict.fromkeys(flow.target for _, flow in _asked(system))),
        secrets=tuple(n for n in found if system.data_classes[n].sensitivity in _KEPT and not _personal(system, n)),
        tools=tuple(name for name, effects in harmful(system).items() if effects),
    )


def harmful(system: System) -> dict[str, tuple[EffectKind, ...]]:
    """Each component to the effects by which it can do harm."""
    passive = {EffectKind.READ, EffectKind.WRITE}
    return {
        name: tuple(effect.kind for effect in component.effects if effect.kind not in passive)
        for name, component in system.components.items()
    }


def _asked(system: System) -> Iterator[tuple[str, Flow]]:
    """Flows on which a person's or an outsider's own text enters."""
    for name, flow in system.flows.items():
        outside = system.components[flow.source].kind in {ComponentKind.USER_GROUP, ComponentKind.EXTERNAL_PARTY}
        if Origin.USER in flow.content and outside and system.components[flow.target].kind in THINKING:
            yield name, flow


def _entries(system: System) -> Iterator[tuple[EntryPoint, Why]]:
    for name, flow in system.flows.items():
        for origin in flow.content:
            if origin in _ENTRY_POINTS:
                yield _ENTRY_POINTS[origin], Why(place=f"flows.{name}", reason=_said(system, flow, origin))
        if _between_agents(system, flow):
            yield (
                EntryPoint.MULTI_AGENT,
                Why(place=f"flows.{name}", reason=f"agents {flow.source} and {flow.target} talk"),
            )
    for name, component in system.components.items():
        if component.kind is ComponentKind.MODEL:
            yield EntryPoint.MODEL, Why(place=f"components.{name}", reason=f"a model {_supplied(component)}")


def _said(system: System, flow: Flow, origin: Origin) -> str:
    source = system.components[flow.source]
    trust = system.zones[source.zone].trust
    who = "anybody" if trust is Trust.UNTRUSTED else f"who is in the zone {source.zone} ({trust})"
    if origin is Origin.USER:
        return f"{flow.source} writes to {flow.target}: {who}"
    return f"text from {flow.source} or {flow.target} reaches a model as {origin}"


def _between_agents(system: System, flow: Flow) -> bool:
    ends = {system.components[flow.source].kind, system.components[flow.target].kind}
    return ends == {ComponentKind.AGENT} and bool(flow.content)


def _supplied(component: Component) -> str:
    return {
        "own": "of our own",
        "vetted": "of a vetted supplier",
        "unvetted": "of a supplier whom nobody vetted",
        "unknown": "whose origin is not described",
    }[component.provenance.trust]


def _reaching(system: System) -> dict[str, str]:
    """Data classes that are on a flow with content for a model, or kept by a thinking component: each to the place."""
    found: dict[str, str] = {}
    for name, flow in system.flows.items():
        for data in flow.data if flow.content else ():
            found.setdefault(data, f"flows.{name}")
    for name, component in system.components.items():
        for data in component.data if component.kind in THINKING else ():
            found.setdefault(data, f"components.{name}")
    return found


def _personal(system: System, name: str) -> bool:
    one = system.data_classes[name]
    return one.personal or one.special_category


def _aims(system: System, found: Mapping[str, str]) -> Iterator[tuple[Objective, Why]]:
    for name, place in found.items():
        data = system.data_classes[name]
        if _personal(system, name):
            yield Objective.LEAK_PERSONAL_DATA, Why(place=place, reason=f"{name} is personal and within reach")
        elif data.sensitivity in _KEPT:
            yield Objective.LEAK_SECRET, Why(place=place, reason=f"{name} is {data.sensitivity} and within reach")
        if data.sensitivity is not Sensitivity.PUBLIC:
            yield Objective.EXFILTRATE, Why(place=place, reason=f"{name} could leave inside an answer or a call")
    for name, flow in system.flows.items():
        place = f"flows.{name}"
        if Origin.SYSTEM in flow.content:
            yield Objective.LEAK_SYSTEM_PROMPT, Why(place=place, reason="hidden instructions travel on it")
        if Origin.USER in flow.content:
            yield Objective.POLICY_EVASION, Why(place=place, reason="whoever writes can ask for what is not allowed")
            yield Objective.MISINFORMATION, Why(place=place, reason="people act on its answers")
            yield Objective.DENIAL_OF_WALLET, Why(place=place, reason="each question is paid for in tokens")
            yield Objective.UNSAFE_OUTPUT, Why(place=place, reason="its answers are shown or run somewhere")
    for name, effects in harmful(system).items():
        for effect in dict.fromkeys(effects):
            yield (
                Objective.UNAUTHORISED_ACTION,
                Why(place=f"components.{name}.effects", reason=f"{name} can {effect}"),
            )
    for name, component in system.components.items():
        for one in component.effects:
            if one.kind in _RUNS:
                yield (
                    Objective.UNSAFE_OUTPUT,
                    Why(place=f"components.{name}.effects", reason=f"{name} can {one.kind}"),
                )
