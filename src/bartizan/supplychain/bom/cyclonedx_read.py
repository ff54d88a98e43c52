"""A CycloneDX document of anybody as a bill: ours comes back as it was, of others what has a place in it.

Bounded before anything is built. Where the fields of the standard and our own properties differ, both are kept: the
field then is what the document asserts, and `check` names the contradiction.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import msgspec

from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import (
    BYTES,
    LONGEST,
    MOST_COMPONENTS,
    Bill,
    BillError,
    Component,
    Fact,
    Flow,
    Kind,
    Link,
    Relation,
    Vulnerability,
    settled,
)
from bartizan.supplychain.bom.cyclonedx_parts import PREFIX, STATES
from bartizan.supplychain.bom.document import moment_of, opened, writable

DEEPEST = 40
_KINDS = MappingProxyType(
    {"machine-learning-model": Kind.MODEL, "data": Kind.DATASET, "library": Kind.LIBRARY, "framework": Kind.LIBRARY,
     "file": Kind.FILE, "device": Kind.HARDWARE, "application": Kind.SERVICE, "container": Kind.SERVICE,
     "platform": Kind.SERVICE, "operating-system": Kind.LIBRARY}
)  # fmt: skip


def from_cyclonedx(raw: bytes, source: str = "the document") -> Bill:
    """The bill of a CycloneDX JSON document, 1.4 to 1.7.

    Args:
        raw: the document.
        source: what its assertions are attributed to.

    Raises:
        BillError: not such a document, too large, or it contradicts its own form.
    """
    return writable(read_cyclonedx(opened(raw), source))


def read_cyclonedx(root: dict[str, Any], source: str) -> Bill:
    """The bill of such a document's object. Raises BillError."""
    if root.get("bomFormat") != "CycloneDX":
        raise BillError("not a CycloneDX document", "bomFormat must be CycloneDX")
    if root.get("specVersion") not in ("1.4", "1.5", "1.6", "1.7"):
        raise BillError(f"CycloneDX {printable(str(root.get('specVersion')), 20)} is not read", "1.4 to 1.7 are")
    return _Read(root, source).bill()


class _Read:
    def __init__(self, root: dict[str, Any], source: str) -> None:
        self.root = root
        self.by = source
        self.components: dict[str, Component] = {}
        self.relations: list[Relation] = []

    def bill(self) -> Bill:
        metadata = _map(self.root, "metadata")
        whole = _map(metadata, "component")
        for one in _maps(self.root, "components"):
            self._component(one, "", 0)
        for one in _maps(self.root, "services"):
            self._component(one, "", 0, service=True)
        flows = list(self._flows())
        self._dependencies(flows)
        tools = metadata.get("tools")
        tool = next(iter(_maps(tools, "components") if isinstance(tools, dict) else _maps(metadata, "tools")), {})
        lifecycles = _maps(metadata, "lifecycles")
        system = self._made(whole, "system", service=False)
        version = self.root.get("version", 1)
        return settled(
            Bill(
                name=_text(whole, "name") or "system",
                version=_text(whole, "version"),
                author=next((_text(one, "name") for one in _maps(metadata, "authors")), ""),
                at=moment_of(_text(metadata, "timestamp")),
                revision=version if type(version) is int else 1,
                tool=_text(tool, "name"),
                tool_version=_text(tool, "version"),
                lifecycle=next((_text(one, "phase") or _text(one, "name") for one in lifecycles), ""),
                facts=tuple(fact for fact in system.facts if fact.name != "version"),
                components=tuple(self.components.values()),
                relations=tuple(self.relations),
                flows=tuple(flows),
                vulnerabilities=tuple(self._vulnerabilities()),
            )
        )

    def _component(self, value: dict[str, Any], parent: str, depth: int, *, service: bool = False) -> None:
        if depth > DEEPEST or len(self.components) >= MOST_COMPONENTS:
            raise BillError("the bill nests too deep or has too many components")
        name = _text(value, "name") or "?"
        ref = _text(value, "bom-ref") or f"unnamed:{len(self.components)}:{name}"
        if ref in self.components or ref == "system":
            raise BillError(
                f"two components with the bom-ref {printable(ref, 80)!r}", "a reference must mean one thing"
            )
        one = self._made(value, ref, service=service)
        self.components[ref] = one
        if parent:
            self.relations.append(Relation(parent, Link.CONTAINS, ref))
        for name, target in _ours(value):
            if name.startswith("link:") and name[5:] in set(Link):
                self.relations.append(Relation(ref, Link(name[5:]), target))
        for inner in _maps(value, "components"):
            self._component(inner, ref, depth + 1)
        for inner in _maps(value, "services"):
            self._component(inner, ref, depth + 1, service=True)

    def _made(self, value: dict[str, Any], ref: str, *, service: bool) -> Component:
        facts: list[Fact] = []
        kind = Kind.SERVICE if service else _KINDS.get(_text(value, "type"), Kind.FILE)
        for name, text in _ours(value):
            if name == "kind" and text in set(Kind):
                kind = Kind(text)
            elif name.startswith("verified:"):
                facts.append(Fact(name[9:], printable(text, LONGEST), BYTES))
            elif name.startswith("asserted:"):
                what, _, by = name[9:].partition(":")
                facts.append(Fact(what, printable(text, LONGEST), by))
        known = {(fact.name, fact.value) for fact in facts}
        native = ((name, printable(text, LONGEST)) for name, text in _native(value))
        facts += [Fact(name, text, self.by) for name, text in native if (name, text) not in known]
        facts = [fact for fact in facts if fact.value]
        return Component(
            ref=ref, kind=kind, name=printable(_text(value, "name"), LONGEST) or "?", facts=tuple(sorted(set(facts)))
        )

    def _dependencies(self, flows: list[Flow]) -> None:
        """What is not already said by a link's name or a flow, which ours also write as dependencies."""
        known = {(one.source, one.target) for one in self.relations if one.link is not Link.CONTAINS}
        known |= {(one.source, one.target) for one in flows}
        for one in _maps(self.root, "dependencies"):
            source, targets = _text(one, "ref"), one.get("dependsOn")
            for target in targets if isinstance(targets, list) else ():
                if isinstance(target, str) and (source, target) not in known:
                    self.relations.append(Relation(source, Link.DEPENDS_ON, target))

    def _flows(self) -> Iterator[Flow]:
        for name, value in _ours(self.root):
            if name == "flow":
                try:
                    yield msgspec.json.decode(value, type=Flow)
                except (msgspec.DecodeError, msgspec.ValidationError):
                    raise BillError("a flow in the bill's properties cannot be read") from None

    def _vulnerabilities(self) -> Iterator[Vulnerability]:
        for one in _maps(self.root, "vulnerabilities"):
            analysis = _map(one, "analysis")
            said = dict(_ours(one))
            yield Vulnerability(
                id=_text(one, "id") or "?",
                status=STATES.get(_text(analysis, "state"), "under_investigation"),
                affects=tuple(_text(target, "ref") for target in _maps(one, "affects")),
                justification=said.get("justification", "") or _text(analysis, "justification"),
                detail=_text(analysis, "detail"),
                action=_text(one, "recommendation"),
                by=said.get("by", "") or self.by,
                unmatched=tuple(value for name, value in _ours(one) if name == "unmatched"),
            )


def _native(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The standard's own fields as names of facts and values."""
    for name in ("version", "description", "purl"):
        if _text(value, name):
            yield name, _text(value, name)
    for field, name in (("supplier", "supplier"), ("provider", "supplier"), ("manufacturer", "producer")):
        if _text(_map(value, field), "name"):
            yield name, _text(_map(value, field), "name")
    for one in _maps(value, "hashes"):
        if _text(one, "alg") == "SHA-256":
            yield "sha256", _text(one, "content").lower()
    for one in _maps(value, "licenses"):
        licence = _map(one, "license")
        text = _text(licence, "id") or _text(licence, "name") or _text(one, "expression")
        if text:
            yield "licence", text
    for one in _maps(value, "externalReferences"):
        if _text(one, "type") in ("distribution", "vcs", "website"):
            yield "source", _text(one, "url")
    endpoints = value.get("endpoints")
    for endpoint in endpoints if isinstance(endpoints, list) else ():
        if isinstance(endpoint, str):
            yield "endpoint", endpoint
    if _text(value, "trustZone"):
        yield "zone", _text(value, "trustZone")
    for one in _maps(value, "data") if "type" in value else ():
        if _text(one, "classification"):
            yield "sensitivity", _text(one, "classification")
    yield from _card(_map(value, "modelCard"))


def _card(card: dict[str, Any]) -> Iterator[tuple[str, str]]:
    parameters = _map(card, "modelParameters")
    for field, name in (
        ("task", "task"), ("architectureFamily", "architecture_family"), ("modelArchitecture", "architecture")
    ):  # fmt: skip
        if _text(parameters, field):
            yield name, _text(parameters, field)
    for field, name in (("inputs", "input"), ("outputs", "output")):
        yield from ((name, _text(one, "format")) for one in _maps(parameters, field))
    yield from (("dataset", _text(one, "name")) for one in _maps(parameters, "datasets") if _text(one, "name"))
    considerations = _map(card, "considerations")
    for field, name in (("technicalLimitations", "limitation"), ("useCases", "use_case")):
        texts = considerations.get(field)
        yield from ((name, one) for one in (texts if isinstance(texts, list) else ()) if isinstance(one, str))
    for one in _maps(_map(card, "quantitativeAnalysis"), "performanceMetrics"):
        shown = _text(one, "type") + (f"={_text(one, 'value')}" if "value" in one else "")
        yield "metric", shown + (f" on {_text(one, 'slice')}" if "slice" in one else "")


def _map(value: dict[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _maps(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    inner = value.get(key)
    return [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []


def _text(value: dict[str, Any], key: str) -> str:
    inner = value.get(key)
    return inner if isinstance(inner, str) else ""


def _ours(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Our properties without their namespace."""
    for one in _maps(value, "properties"):
        if _text(one, "name").startswith(PREFIX):
            yield _text(one, "name").removeprefix(PREFIX), _text(one, "value")
