"""A bill as SPDX 3.0.1 JSON-LD with the AI and Dataset profiles. Same bill, same bytes.

Marks are annotations: one a component, whose statement lists every fact with ``bytes`` or who asserts it. A profile is
declared only where everything that it asks for is known; nothing is made up to fit. Source: SPDX specification 3.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import msgspec

from bartizan.supplychain.bom.bill import Bill, BillError, Component, Flow, Kind, Link, Vulnerability
from bartizan.supplychain.bom.licences import is_spdx
from bartizan.supplychain.bom.spdx_elements import Agents, Identifiers, Profiles, element, license_ref, type_of

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_INFO = "_:creation"
_LINKS = MappingProxyType(
    {
        Link.DEPENDS_ON: "dependsOn", Link.CONTAINS: "contains", Link.TRAINED_ON: "trainedOn",
        Link.DERIVED_FROM: "descendantOf", Link.GUARDED_BY: "dependsOn",
    }
)  # fmt: skip
_VEX = MappingProxyType(
    {
        "affected": ("security_VexAffectedVulnAssessmentRelationship", "affects"),
        "not_affected": ("security_VexNotAffectedVulnAssessmentRelationship", "doesNotAffect"),
        "fixed": ("security_VexFixedVulnAssessmentRelationship", "fixedIn"),
        "under_investigation": ("security_VexUnderInvestigationVulnAssessmentRelationship", "underInvestigationFor"),
    }
)
_JUSTIFICATIONS = MappingProxyType(
    {
        "component_not_present": "componentNotPresent",
        "vulnerable_code_not_present": "vulnerableCodeNotPresent",
        "vulnerable_code_not_in_execute_path": "vulnerableCodeNotInExecutePath",
        "vulnerable_code_cannot_be_controlled_by_adversary": "vulnerableCodeCannotBeControlledByAdversary",
        "inline_mitigations_already_exist": "inlineMitigationsAlreadyExist",
    }
)


def spdx(bill: Bill) -> bytes:
    """The document, indented, with a line end. Raises BillError: the bill has no time, which SPDX asks for."""
    if not bill.at:
        raise BillError("a bill without a time cannot be written as SPDX", "SPDX asks when it was made")
    return msgspec.json.format(msgspec.json.encode(document(bill)), indent=2) + b"\n"


def document(bill: Bill) -> dict[str, Any]:
    """The document as plain values."""
    return {"@context": CONTEXT, "@graph": list(_Graph(bill).elements())}


class _Graph:
    def __init__(self, bill: Bill) -> None:
        self.bill = bill
        self.ids = Identifiers(f"https://spdx.org/spdxdocs/bartizan-{bill.serial.removeprefix('urn:uuid:')}#")
        self.agents = Agents(self.ids)
        self.profiles = Profiles()
        self.licences: dict[str, str] = {}
        self.count = 0

    def elements(self) -> Iterator[dict[str, Any]]:
        author = self.agents.of(self.bill.author) if self.bill.author else ""
        tool = self.ids.of("tool")
        info: dict[str, Any] = {"type": "CreationInfo", "@id": _INFO, "specVersion": "3.0.1", "created": self.bill.at}
        software = self.ids.of("agent-of-tool")
        yield info | {"createdBy": [author or software], "createdUsing": [tool]}
        yield self._one("Tool", tool, name=f"{self.bill.tool} {self.bill.tool_version}".strip())
        if not author:
            yield self._one("SoftwareAgent", software, name=self.bill.tool)
        inner = [*self._packages(), *self._relations(), *self._vulnerabilities()]
        inner += [self._one(kind, ref, name=name) for name, (kind, ref) in self.agents.known.items()]
        root = self.ids.of("system")
        refs = sorted(one["spdxId"] for one in inner)
        kept = self.ids.of("kept")
        yield self._one(
            "SpdxDocument",
            self.ids.of("document"),
            name=self.bill.name,
            rootElement=[self.ids.of("sbom")],
            element=[self.ids.of("sbom"), kept, *refs],
            profileConformance=self.profiles.declared(vulnerabilities=bool(self.bill.vulnerabilities)),
        )
        yield self._one(
            "software_Sbom",
            self.ids.of("sbom"),
            name=f"bill of materials of {self.bill.name}",
            rootElement=[root],
            element=refs,
            software_sbomType=["analyzed"],
        )
        yield self._kept()
        yield from inner

    def _one(self, kind: str, ref: str, **fields: Any) -> dict[str, Any]:
        filled = {name: value for name, value in fields.items() if value not in ("", [], None)}
        return {"type": kind, "spdxId": ref, "creationInfo": _INFO, **filled}

    def _kept(self) -> dict[str, Any]:
        """What of the bill SPDX has no place for, so that it can be read back."""
        bill = self.bill
        written = {(one.source, one.target) for one in bill.flows}  # as dependsOn too, like guards
        written |= {(one.source, one.target) for one in bill.relations if one.link is Link.GUARDED_BY}
        depends = (Link.DEPENDS_ON, Link.GUARDED_BY)
        links = [one for one in bill.relations if one.link in depends and (one.source, one.target) in written]
        kept = {
            "revision": bill.revision, "lifecycle": bill.lifecycle, "version": bill.version, "author": bill.author,
            "tool": bill.tool, "tool_version": bill.tool_version, "relations": links, "flows": bill.flows,
            "vulnerabilities": bill.vulnerabilities,
        }  # fmt: skip
        return self._one(
            "Annotation",
            self.ids.of("kept"),
            annotationType="other",
            contentType="application/json",
            statement=msgspec.json.encode({"bill": kept}).decode(),
            subject=self.ids.of("document"),
        )

    def _packages(self) -> Iterator[dict[str, Any]]:
        whole = Component(ref="system", kind=Kind.SYSTEM, name=self.bill.name, facts=self.bill.facts)
        version = {"software_packageVersion": self.bill.version} if self.bill.version else {}
        fields = element(whole, self.agents)
        yield self._one("software_Package", self.ids.of("system"), **(fields | version))
        yield from self._marks(whole)
        for one in self.bill.components:
            kind, fields = type_of(one), element(one, self.agents)
            self.profiles.saw(kind, fields)
            yield self._one(kind, self.ids.of(one.ref), **fields)
            yield from self._marks(one)
            for licence in sorted({fact.value for fact in one.of("licence")}):
                yield from self._licence(one, licence)

    def _marks(self, one: Component) -> Iterator[dict[str, Any]]:
        statement = [{"field": fact.name, "value": fact.value, "by": fact.by} for fact in one.facts]
        yield self._one(
            "Annotation",
            self.ids.of(f"marks of {one.ref}"),
            annotationType="other",
            contentType="application/json",
            statement=msgspec.json.encode({"kind": one.kind.value, "ref": one.ref, "facts": statement}).decode(),
            subject=self.ids.of(one.ref),
        )

    def _licence(self, one: Component, licence: str) -> Iterator[dict[str, Any]]:
        if licence not in self.licences:
            self.licences[licence] = self.ids.of(f"licence {licence}")
            fields: dict[str, Any] = {"simplelicensing_licenseExpression": licence}
            if not is_spdx(licence):
                text, name = self.ids.of(f"text of licence {licence}"), license_ref(licence)
                fields = {
                    "simplelicensing_licenseExpression": name,
                    "simplelicensing_customIdToUri": [{"type": "DictionaryEntry", "key": name, "value": text}],
                }
                yield self._one("simplelicensing_SimpleLicensingText", text, simplelicensing_licenseText=licence)
            yield self._one("simplelicensing_LicenseExpression", self.licences[licence], **fields)
        yield self._relation(self.ids.of(one.ref), "hasDeclaredLicense", [self.licences[licence]])

    def _relation(self, source: str, kind: str, targets: list[str], **fields: Any) -> dict[str, Any]:
        self.count += 1
        ref = self.ids.of(f"relation {self.count}")
        return self._one("Relationship", ref, **{"from": source, "relationshipType": kind, "to": targets}, **fields)

    def _relations(self) -> Iterator[dict[str, Any]]:
        inner = {one.target for one in self.bill.relations if one.link is Link.CONTAINS}
        tops = [self.ids.of(one.ref) for one in self.bill.components if one.ref not in inner]
        if tops:
            yield self._relation(self.ids.of("system"), "contains", tops)
        for one in self.bill.relations:
            yield self._relation(self.ids.of(one.source), _LINKS[one.link], [self.ids.of(one.target)])
        known = {one.ref for one in self.bill.components}
        for flow in self.bill.flows:
            if {flow.source, flow.target} <= known:
                yield self._flow(flow)

    def _flow(self, flow: Flow) -> dict[str, Any]:
        shown = f"data flow {flow.id}: {flow.protocol}, authentication {flow.authentication or 'unknown'}, "
        shown += f"encryption {flow.encryption or 'unknown'}, {flow.sensitivity} data {', '.join(flow.data)}".rstrip()
        source, target = self.ids.of(flow.source), self.ids.of(flow.target)
        return self._relation(source, "dependsOn", [target], description=shown, comment=f"asserted by {flow.by}")

    def _vulnerabilities(self) -> Iterator[dict[str, Any]]:
        seen: set[str] = set()
        for number, one in enumerate(self.bill.vulnerabilities):
            ref = self.ids.of(f"vulnerability {one.id}")
            if one.id not in seen:
                seen.add(one.id)
                yield self._one("security_Vulnerability", ref, name=one.id, externalIdentifier=[_cve(one.id)])
            if one.affects:
                yield self._assessment(one, ref, number)

    def _assessment(self, one: Vulnerability, ref: str, number: int) -> dict[str, Any]:
        kind, relation = _VEX[one.status]
        fields: dict[str, Any] = {"security_statusNotes": one.detail, "comment": f"asserted by {one.by}"}
        if one.status == "affected":
            fields["security_actionStatement"] = one.action or "none stated"
        if one.status == "not_affected":
            fields["security_justificationType"] = _JUSTIFICATIONS.get(one.justification, "")
            fields["security_impactStatement"] = (
                "" if one.justification in _JUSTIFICATIONS else one.detail or "none stated"
            )
        targets = [self.ids.of(target) for target in one.affects]
        own = self.ids.of(f"assessment {number}")
        return self._one(kind, own, **{"from": ref, "relationshipType": relation, "to": targets}, **fields)


def _cve(name: str) -> dict[str, Any]:
    kind = "cve" if name.startswith("CVE-") else "securityOther"
    return {"type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": name}
