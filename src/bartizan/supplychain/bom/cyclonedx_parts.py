"""Components, services, model cards and vulnerabilities in the words of CycloneDX 1.7."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any

from bartizan.supplychain.bom.bill import BYTES, Bill, Component, Fact, Flow, Kind, Link, Relation, Vulnerability
from bartizan.supplychain.bom.licences import is_spdx
from bartizan.supplychain.bom.locators import is_purl, is_url

PREFIX = "bartizan:"
TYPES = MappingProxyType(
    {
        Kind.SYSTEM: "application", Kind.MODEL: "machine-learning-model", Kind.DATASET: "data", Kind.PART: "file",
        Kind.TOKENIZER: "data", Kind.PROMPT: "data", Kind.TOOL: "application", Kind.AGENT: "application",
        Kind.GUARD: "application", Kind.LIBRARY: "library", Kind.DATA_STORE: "platform", Kind.HARDWARE: "device",
        Kind.ACTOR: "application", Kind.FILE: "file",
    }
)  # fmt: skip
_DATA_TYPES = MappingProxyType({Kind.DATASET: "dataset", Kind.TOKENIZER: "definition", Kind.PROMPT: "configuration"})
_STATES = MappingProxyType(
    {
        "affected": "exploitable", "not_affected": "not_affected", "fixed": "resolved",
        "under_investigation": "in_triage",
    }
)  # fmt: skip
STATES = MappingProxyType(
    {
        **{state: status for status, state in _STATES.items()},
        "resolved_with_pedigree": "fixed",
        "false_positive": "not_affected",
    }
)
_LONGEST_VERSION = 1_024


def component(one: Component, links: Sequence[Relation]) -> dict[str, Any]:
    """One component; a model gets its card."""
    out: dict[str, Any] = {"type": TYPES[one.kind], "bom-ref": one.ref, **_common(one)}
    if digest := next((fact.value for fact in one.of("sha256") if _is_digest(fact.value)), ""):
        out["hashes"] = [{"alg": "SHA-256", "content": digest}]
    for name, field in (("supplier", "supplier"), ("producer", "manufacturer")):
        if one.value(name):
            out[field] = {"name": one.value(name)}
    purl = next((fact.value for fact in one.of("purl") if is_purl(fact.value)), "")
    if purl:
        out["purl"] = purl
    if one.kind is Kind.MODEL:
        out["modelCard"] = model_card(one, links)
    if one.kind in _DATA_TYPES:
        out["data"] = [_data(one)]
    identity = [_identity(fact) for fact in one.of("sha256") if fact.verified]
    if identity:
        out["evidence"] = {"identity": identity}
    return out | {"properties": properties(one, links)}


def service(one: Component, flows: Iterable[Flow], links: Sequence[Relation]) -> dict[str, Any]:
    """A component that others reach over a network or a pipe."""
    out: dict[str, Any] = {"bom-ref": one.ref, **_common(one)}
    if one.value("supplier"):
        out["provider"] = {"name": one.value("supplier")}
    if endpoints := [fact.value for fact in one.of("endpoint") if is_url(fact.value)]:
        out["endpoints"] = endpoints
    if one.value("zone"):
        out["trustZone"] = one.value("zone")
    if data := [_service_data(one, flow) for flow in flows]:
        out["data"] = data
    return out | {"properties": properties(one, links)}


def system(bill: Bill) -> dict[str, Any]:
    """The system as the document's own component."""
    whole = Component(ref="system", kind=Kind.SYSTEM, name=bill.name, facts=bill.facts)
    out = {"type": "application", "bom-ref": "system", **_common(whole)}
    if bill.version:
        out["version"] = bill.version[:_LONGEST_VERSION]
    if whole.value("producer"):
        out["manufacturer"] = {"name": whole.value("producer")}
    return out | {"properties": properties(whole, ())}


def model_card(one: Component, links: Sequence[Relation]) -> dict[str, Any]:
    """The part of the standard that describes a model: parameters, metrics, considerations."""
    parameters: dict[str, Any] = {}
    for name, field in (
        ("task", "task"), ("architecture_family", "architectureFamily"), ("architecture", "modelArchitecture")
    ):  # fmt: skip
        if one.value(name):
            parameters[field] = one.value(name)
    trained = [link.target for link in links if link.link is Link.TRAINED_ON]
    named = [{"type": "dataset", "name": fact.value} for fact in one.of("dataset")]
    if trained or named:
        parameters["datasets"] = [*({"ref": ref} for ref in trained), *named]
    for name, field in (("input", "inputs"), ("output", "outputs")):
        if one.of(name):
            parameters[field] = [{"format": fact.value} for fact in one.of(name)]
    card: dict[str, Any] = {"modelParameters": parameters} if parameters else {}
    if metrics := [_metric(fact.value) for fact in one.of("metric")]:
        card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    considerations = {
        field: [fact.value for fact in one.of(name)]
        for name, field in (("limitation", "technicalLimitations"), ("use_case", "useCases"))
        if one.of(name)
    }
    if considerations:
        card["considerations"] = considerations
    return card


def properties(one: Component, links: Sequence[Relation]) -> list[dict[str, str]]:
    """Kind, every fact with the word it stands on, and the links that the standard has no name for."""
    out = [(f"{PREFIX}kind", one.kind.value)]
    for fact in one.facts:
        mark = "verified" if fact.by == BYTES else "asserted"
        out.append((f"{PREFIX}{mark}:{fact.name}" + ("" if fact.by == BYTES else f":{fact.by}"), fact.value))
    out += [(f"{PREFIX}link:{link.link}", link.target) for link in links]
    return [{"name": name, "value": value} for name, value in out]


def vulnerability(one: Vulnerability) -> dict[str, Any]:
    """A VEX statement."""
    analysis: dict[str, Any] = {"state": _STATES.get(one.status, "in_triage")}
    if one.justification in JUSTIFICATIONS:
        analysis["justification"] = JUSTIFICATIONS[one.justification]
    if one.detail:
        analysis["detail"] = one.detail
    out: dict[str, Any] = {"id": one.id, "analysis": analysis}
    if one.action:
        out["recommendation"] = one.action
    if one.affects:
        out["affects"] = [{"ref": ref} for ref in one.affects]
    kept = [(f"{PREFIX}by", one.by), (f"{PREFIX}justification", one.justification)]
    kept += [(f"{PREFIX}unmatched", product) for product in one.unmatched]
    return out | {"properties": [{"name": name, "value": value} for name, value in kept if value]}


JUSTIFICATIONS = MappingProxyType(
    {
        "component_not_present": "code_not_present",
        "vulnerable_code_not_present": "code_not_present",
        "vulnerable_code_not_in_execute_path": "code_not_reachable",
        "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
        "inline_mitigations_already_exist": "protected_by_mitigating_control",
    }
)
"""OpenVEX's words for why something is not affected, and the nearest of CycloneDX's."""


def _common(one: Component) -> dict[str, Any]:
    out: dict[str, Any] = {"name": one.name}
    if one.value("version"):
        out["version"] = one.value("version")[:_LONGEST_VERSION]
    if one.value("description"):
        out["description"] = one.value("description")
    if licences := sorted({fact.value for fact in one.of("licence")}):
        out["licenses"] = [{"license": {"id": one} if is_spdx(one) else {"name": one}} for one in licences]
    references = [{"type": "distribution", "url": fact.value} for fact in one.of("source") if is_url(fact.value)]
    if references:
        out["externalReferences"] = references
    return out


def _data(one: Component) -> dict[str, Any]:
    out: dict[str, Any] = {"type": _DATA_TYPES[one.kind], "name": one.name}
    if one.value("sensitivity"):
        out["classification"] = one.value("sensitivity")
    personal = [fact.value for fact in one.of("personal")]
    return out | ({"sensitiveData": personal} if personal else {})


def _service_data(one: Component, flow: Flow) -> dict[str, Any]:
    inbound = flow.target == one.ref
    other = {"source": [flow.source]} if inbound else {"destination": [flow.target]}
    return {
        "flow": "inbound" if inbound else "outbound",
        "classification": flow.sensitivity,
        "name": flow.id,
        **other,
    }


def _identity(fact: Fact) -> dict[str, Any]:
    return {
        "field": "hash",
        "confidence": 1,
        "concludedValue": fact.value,
        "methods": [{"technique": "binary-analysis", "confidence": 1, "value": "SHA-256 of the whole file"}],
    }


def _metric(shown: str) -> dict[str, str]:
    kind, equals, rest = shown.partition("=")
    value, on, where = rest.partition(" on ")
    if not equals:
        return {"type": shown}
    return {"type": kind, "value": value} | ({"slice": where} if on else {})


def _is_digest(value: str) -> bool:
    return len(value) == 64 and all(one in "0123456789abcdef" for one in value)
