"""An SPDX 3.0 document (JSON-LD in its canonical form) of anybody as a bill: ours comes back as it was.

Source: SPDX specification 3.0.1, JSON-LD serialisation: one ``@graph`` of elements that refer to each other by their
``spdxId``. Our own annotations say on whose word each fact stands; where the elements themselves say something else
about which thing it is, both are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

import msgspec

from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import (
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
from bartizan.supplychain.bom.document import moment_of
from bartizan.supplychain.bom.spdx_native import COMPONENTS, describing, identifying, kind_of, maps, text, texts
from bartizan.supplychain.bom.spdx_vex import statements

_LINKS: Final = MappingProxyType(
    {"dependsOn": Link.DEPENDS_ON, "contains": Link.CONTAINS, "trainedOn": Link.TRAINED_ON,
     "descendantOf": Link.DERIVED_FROM, "testedOn": Link.DEPENDS_ON, "hasDynamicLink": Link.DEPENDS_ON,
     "hasStaticLink": Link.DEPENDS_ON, "usesTool": Link.DEPENDS_ON, "hasDataFile": Link.DEPENDS_ON}
)  # fmt: skip
_LICENCES: Final = ("hasDeclaredLicense", "hasConcludedLicense")
_AGENTS: Final = frozenset({"Agent", "Organization", "Person", "SoftwareAgent"})


class _Marks(msgspec.Struct):
    """What our annotation of a component says."""

    kind: Kind
    ref: str
    facts: list[dict[str, str]]


class _Kept(msgspec.Struct):
    """What our annotation of the document says."""

    revision: int = 1
    lifecycle: str = ""
    version: str = ""
    author: str = ""
    tool: str = ""
    tool_version: str = ""
    relations: list[Relation] = []
    flows: list[Flow] = []
    vulnerabilities: list[Vulnerability] = []


def read_spdx(root: dict[str, Any], source: str) -> Bill:
    """The bill of such a document's object. Raises BillError."""
    graph = maps(root, "@graph")
    if not any("spdx.org/rdf/3.0" in one for one in texts(root, "@context")) or len(graph) != len(root["@graph"]):
        raise BillError("not an SPDX 3.0 document", "@context must be https://spdx.org/rdf/3.0.1/spdx-context.jsonld")
    return _Read(graph, source).bill()


class _Read:
    def __init__(self, graph: list[dict[str, Any]], source: str) -> None:
        self.by = source
        self.elements: dict[str, dict[str, Any]] = {}
        for one in graph:
            ref = text(one, "spdxId") or text(one, "@id")
            if ref in self.elements:
                raise BillError(f"two elements with the id {printable(ref, 80)!r}", "an id must mean one thing")
            self.elements[ref] = one
        self.agents = {ref: text(one, "name") or ref for ref, one in self._of(*_AGENTS)}
        self.kept = _Kept()
        self.marks: dict[str, _Marks] = {}
        for _, one in self._of("Annotation"):
            self._annotation(one)
        self.refs: dict[str, str] = {}
        self.declared: dict[str, list[str]] = {}
        for _, one in self._of("Relationship"):
            if text(one, "relationshipType") in _LICENCES:
                self.declared.setdefault(text(one, "from"), []).extend(texts(one, "to"))

    def bill(self) -> Bill:
        document = next((one for _, one in self._of("SpdxDocument")), {})
        info = self.elements.get(text(document, "creationInfo"), {}) or next(
            (one for _, one in self._of("CreationInfo")), {}
        )
        if not text(info, "specVersion").startswith("3.0"):
            raise BillError(
                f"SPDX {printable(text(info, 'specVersion') or 'without a version', 40)} is not read", "3.0 is"
            )
        root = self._root(document)
        system = self._component(root, "system") if root else None
        components = []
        for ref, _ in self._of(*COMPONENTS):
            if ref != root:
                components.append(self._component(ref, self.marks[ref].ref if ref in self.marks else ref))
                self.refs[ref] = components[-1].ref
        if len(components) > MOST_COMPONENTS:
            raise BillError("the bill has too many components")
        if len({one.ref for one in components}) != len(components):
            raise BillError("two components of the document are marked with one ref")
        kept, facts = self.kept, system.facts if system else ()
        version = kept.version or text(self.elements.get(root, {}), "software_packageVersion")
        authors = [self.agents[one] for one in texts(info, "createdBy") if one in self.agents]
        return settled(
            Bill(
                name=printable(system.name if system else text(document, "name"), LONGEST) or "?",
                version=printable(version, LONGEST),
                author=printable(kept.author or ("" if kept.tool else next(iter(authors), "")), LONGEST),
                at=moment_of(text(info, "created")),
                revision=kept.revision,
                tool=printable(kept.tool or self._tool(info), LONGEST),
                tool_version=printable(kept.tool_version, LONGEST),
                lifecycle=printable(kept.lifecycle, LONGEST),
                facts=tuple(one for one in facts if one.name != "version"),
                components=tuple(components),
                relations=tuple(self._relations()),
                flows=tuple(kept.flows),
                vulnerabilities=tuple(statements(self.elements, self.refs, self.by, kept.vulnerabilities)),
            )
        )

    def _of(self, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
        return ((ref, one) for ref, one in self.elements.items() if text(one, "type") in kinds)

    def _tool(self, info: dict[str, Any]) -> str:
        return next((text(self.elements.get(one, {}), "name") for one in texts(info, "createdUsing")), "")

    def _annotation(self, one: dict[str, Any]) -> None:
        """Ours, if it has the shape of ours; those of others say nothing here."""
        subject, statement = text(one, "subject"), text(one, "statement")
        try:
            if text(self.elements.get(subject, {"type": ""}), "type") in COMPONENTS:
                self.marks[subject] = msgspec.json.decode(statement, type=_Marks)
            else:
                self.kept = msgspec.json.decode(statement, type=dict[str, _Kept])["bill"]
        except (msgspec.DecodeError, KeyError, UnicodeEncodeError):
            return

    def _root(self, document: dict[str, Any]) -> str:
        """The element that is the system: ours is marked, another's is the only root that is a package."""
        marked = [ref for ref, one in self.marks.items() if one.kind is Kind.SYSTEM]
        if marked:
            return marked[0]
        roots = [ref for _, one in self._of("software_Sbom") for ref in texts(one, "rootElement")]
        roots = [ref for ref in roots or texts(document, "rootElement") if ref in self.elements]
        package = len(roots) == 1 and text(self.elements[roots[0]], "type") == "software_Package"
        return roots[0] if package else ""

    def _component(self, place: str, ref: str) -> Component:
        value, marks = self.elements[place], self.marks.get(place)
        facts = [] if marks is None else [_fact(one) for one in marks.facts]
        known = {(one.name, one.value) for one in facts}
        native = [*identifying(value, self.agents), *(("licence", one) for one in self._licences(place))]
        native += [] if marks else list(describing(value))
        shown = ((name, printable(found, LONGEST)) for name, found in native)
        facts += [Fact(name, found, self.by) for name, found in shown if (name, found) not in known]
        return Component(
            ref=ref,
            kind=marks.kind if marks else kind_of(value),
            name=printable(text(value, "name"), LONGEST) or "?",
            facts=tuple(sorted({one for one in facts if one.value})),
        )

    def _licences(self, place: str) -> Iterator[str]:
        for one in self.declared.get(place, ()):
            value = self.elements.get(one, {})
            expression = text(value, "simplelicensing_licenseExpression") or text(value, "simplelicensing_licenseText")
            own = {text(entry, "key"): text(entry, "value") for entry in maps(value, "simplelicensing_customIdToUri")}
            custom = self.elements.get(own.get(expression, ""), {})
            yield text(custom, "simplelicensing_licenseText") or expression or text(value, "name") or one

    def _relations(self) -> Iterator[Relation]:
        """What relationships say, without those that only repeat what our annotation says by its own name."""
        yield from self.kept.relations
        said = {(one.source, one.target) for one in self.kept.relations}
        said |= {(one.source, one.target) for one in self.kept.flows}
        for _, one in self._of("Relationship", "LifecycleScopedRelationship"):
            link = _LINKS.get(text(one, "relationshipType"))
            source = self.refs.get(text(one, "from"))
            for target in texts(one, "to") if link and source else ():
                found = self.refs.get(target)
                if link and source and found and not (link is Link.DEPENDS_ON and (source, found) in said):
                    yield Relation(source, link, found)


def _fact(one: dict[str, str]) -> Fact:
    return Fact(printable(one.get("field", ""), 100), printable(one.get("value", ""), LONGEST), one.get("by", "nobody"))
