"""``system.yaml`` as components, flows and facts of the whole system; all of it asserted."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from bartizan.core.system import System
from bartizan.core.system_parts import Component as Described
from bartizan.core.system_parts import ComponentKind, Sensitivity
from bartizan.supplychain.bom.bill import Component, Fact, Flow, Kind
from bartizan.supplychain.bom.parts import Part
from bartizan.supplychain.bom.reading.interface import asserted

BY = "system.yaml"
_KINDS = MappingProxyType(
    {
        ComponentKind.MODEL: Kind.MODEL, ComponentKind.AGENT: Kind.AGENT, ComponentKind.TOOL: Kind.TOOL,
        ComponentKind.DATA_STORE: Kind.DATA_STORE, ComponentKind.DATASET: Kind.DATASET,
        ComponentKind.GATEWAY: Kind.SERVICE, ComponentKind.SERVICE: Kind.SERVICE,
        ComponentKind.USER_GROUP: Kind.ACTOR, ComponentKind.EXTERNAL_PARTY: Kind.ACTOR,
    }
)  # fmt: skip
_ORDER = tuple(Sensitivity)
_LEGAL = MappingProxyType({"purpose": "use_case", "users": "users", "regions": "region", "role": "role"})


def ref_of(name: str) -> str:
    """The ref of a component of system.yaml."""
    return f"system:{name}"


def system_part(system: System) -> Part:
    """Everything that the description says."""
    return Part(
        name=system.name,
        facts=tuple(_whole(system)),
        components=[
            Component(ref=ref_of(name), kind=_KINDS[one.kind], name=name, facts=tuple(sorted(set(_facts(one, system)))))
            for name, one in system.components.items()
        ],
        flows=[
            Flow(
                id=name,
                source=ref_of(one.source),
                target=ref_of(one.target),
                protocol=one.protocol,
                authentication=one.authentication.value,
                encryption=one.encryption,
                data=one.data,
                sensitivity=_highest(system, one.data),
                by=BY,
            )
            for name, one in system.flows.items()
        ],
    )


def gateways(system: System) -> list[str]:
    """Refs of the components at which guards stand."""
    return [ref_of(name) for name, one in system.components.items() if one.kind is ComponentKind.GATEWAY]


def _whole(system: System) -> Iterator[Fact]:
    yield from asserted("description", system.description, BY)
    yield from asserted("owner", system.owner, BY)
    for name, fact in system.legal.facts():
        if fact.value in ("unknown", "", ()):
            continue
        by = f"{BY}: {fact.author}" if fact.author else BY
        yield from asserted(_LEGAL.get(name, f"legal.{name}"), fact.value, by)


def _facts(one: Described, system: System) -> Iterator[Fact]:
    provenance = one.provenance
    for name, value in (
        ("role", one.kind.value), ("description", one.description), ("owner", one.owner), ("zone", one.zone),
        ("identity", one.identity.id), ("authentication", one.identity.authentication.value),
        ("supplier", provenance.supplier), ("source", provenance.source), ("version", provenance.version),
        ("licence", provenance.licence), ("trust", provenance.trust), ("data", one.data),
        ("sha256", provenance.digest.removeprefix("sha256:").lower()),
        ("control", [f"{control.id} {control.status}" for control in one.controls]),
        ("effect", [f"{effect.kind.value} {effect.on}".strip() for effect in one.effects]),
    ):  # fmt: skip
        if value not in ("unknown", ""):
            yield from asserted(name, value, BY)
    if one.data:
        yield from asserted("sensitivity", _highest(system, one.data), BY)
    yield from asserted("personal", [name for name in one.data if system.data_classes[name].personal], BY)


def _highest(system: System, data: tuple[str, ...]) -> str:
    levels = [system.data_classes[name].sensitivity for name in data]
    return max(levels, key=_ORDER.index).value if levels else "unknown"
