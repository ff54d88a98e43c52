"""``system.yaml``: the described AI system, on which threat models, zero-trust scores and obligations stand.

It says what is there and what is not known; it never says what is good or bad. Maps are keyed by id, so an id can only
be given once, and everything that refers to something refers to it by id.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from bartizan.core.passage import Path
from bartizan.core.problem import Problem, quote
from bartizan.core.system_legal import Legal
from bartizan.core.system_parts import Component, DataClass, Flow, Zone

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class System(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``system.yaml``."""

    version: Literal[1]
    name: str
    description: str = ""
    owner: str = ""
    """Who answers for the system as a whole."""
    zones: dict[str, Zone] = msgspec.field(default_factory=dict)
    data_classes: dict[str, DataClass] = msgspec.field(default_factory=dict)
    components: dict[str, Component] = msgspec.field(default_factory=dict)
    flows: dict[str, Flow] = msgspec.field(default_factory=dict)
    legal: Legal = Legal()

    def crosses_boundary(self, flow: Flow) -> bool:
        """Whether the two ends of ``flow`` are in different zones."""
        return self.components[flow.source].zone != self.components[flow.target].zone

    def problems(self) -> Iterator[Problem]:
        """Ids that are malformed or refer to nothing, zones that contain themselves, unsigned legal facts."""
        groups: dict[str, Mapping[str, object]] = {
            "zones": self.zones,
            "data_classes": self.data_classes,
            "components": self.components,
            "flows": self.flows,
        }
        for group, members in groups.items():
            for name in members:
                if _ID.fullmatch(name) is None:
                    found, expected = f"the id {quote(name)}", "lower-case letters, digits, '-' and '_', at most 64"
                    yield Problem((group, name), found, expected)
        yield from self._zone_problems()
        for name, component in self.components.items():
            yield from self._component_problems(name, component)
        for name, flow in self.flows.items():
            yield from self._flow_problems(name, flow)
        yield from self.legal.problems()

    def unknown_controls(self, known: Collection[str]) -> Iterator[Problem]:
        """Declared controls that are not among the catalogue's ids ``known``."""
        for name, component in self.components.items():
            for i, control in enumerate(component.controls):
                yield from _refer(control.id, known, "a control", ("components", name, "controls", i, "id"))

    def _zone_problems(self) -> Iterator[Problem]:
        for name, zone in self.zones.items():
            if not zone.inside:
                continue
            yield from _refer(zone.inside, self.zones, "a zone", ("zones", name, "inside"))
            seen, outer = {name}, zone.inside
            while outer in self.zones and outer not in seen:
                seen.add(outer)
                outer = self.zones[outer].inside
            if outer == name:
                yield Problem(("zones", name, "inside"), "a zone inside itself", "zones that nest")

    def _component_problems(self, name: str, component: Component) -> Iterator[Problem]:
        place: Path = ("components", name)
        yield from _refer(component.zone, self.zones, "a zone", (*place, "zone"))
        yield from _refer_all(component.data, self.data_classes, "a data class", (*place, "data"))
        for i, effect in enumerate(component.effects):
            if effect.on:
                yield from _refer(effect.on, self.components, "a component", (*place, "effects", i, "on"))
        seen: set[str] = set()
        for i, control in enumerate(component.controls):
            if control.id in seen:
                yield Problem((*place, "controls", i), f"the control {quote(control.id)} again", "each control once")
            seen.add(control.id)

    def _flow_problems(self, name: str, flow: Flow) -> Iterator[Problem]:
        place: Path = ("flows", name)
        yield from _refer(flow.source, self.components, "a component", (*place, "from"))
        yield from _refer(flow.target, self.components, "a component", (*place, "to"))
        if flow.source == flow.target:
            yield Problem((*place, "to"), "a flow from a component to itself", "two components")
        yield from _refer_all(flow.data, self.data_classes, "a data class", (*place, "data"))


def _refer(name: str, known: Collection[str], what: str, path: Path) -> Iterator[Problem]:
    if name not in known:
        near = difflib.get_close_matches(name[:64], known, n=1)
        yield Problem(path, quote(name), f"the id of {what}", f"did you mean {quote(near[0])}?" if near else "")


def _refer_all(names: Iterable[str], known: Collection[str], what: str, path: Path) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, name in enumerate(names):
        yield from _refer(name, known, what, (*path, i))
        if name in seen:
            yield Problem((*path, i), f"{quote(name)} again", "each id once")
        seen.add(name)
