"""A bill as CycloneDX 1.7 JSON, model cards included. Same bill, same bytes.

Fields of the standard carry the values; properties in the namespace ``bartizan:`` say for every fact on whose word it
stands, and hold what the standard has no field for. Source: the JSON schema of CycloneDX 1.7 (ECMA-424).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from bartizan.supplychain.bom.bill import Bill, Flow, Kind, Link, Relation
from bartizan.supplychain.bom.cyclonedx_parts import component, service, system, vulnerability

SPEC = "1.7"
PHASES = frozenset({"design", "pre-build", "build", "post-build", "operations", "discovery", "decommission"})
"""Of a life cycle, as the standard names them."""
SERVICES = frozenset({Kind.SERVICE, Kind.MCP_SERVER})
"""Kinds that become services, which have endpoints and flows."""


def cyclonedx(bill: Bill) -> bytes:
    """The document, indented, with a line end."""
    return msgspec.json.format(msgspec.json.encode(document(bill)), indent=2) + b"\n"


def document(bill: Bill) -> dict[str, Any]:
    """The document as plain values."""
    flows: dict[str, list[Flow]] = defaultdict(list)
    for flow in bill.flows:
        flows[flow.source].append(flow)
        flows[flow.target].append(flow)
    links: dict[str, list[Relation]] = defaultdict(list)
    for relation in bill.relations:
        links[relation.source].append(relation)
    out: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": bill.serial,
        "version": bill.revision,
        "metadata": _metadata(bill),
        "components": [component(one, links[one.ref]) for one in bill.components if one.kind not in SERVICES],
    }
    services = [service(one, flows[one.ref], links[one.ref]) for one in bill.components if one.kind in SERVICES]
    out["services"] = services
    out["dependencies"] = _dependencies(bill)
    out["vulnerabilities"] = [vulnerability(one) for one in bill.vulnerabilities]
    out["properties"] = [_flow(flow) for flow in bill.flows]
    return {key: value for key, value in out.items() if value not in ([], {})}


def _metadata(bill: Bill) -> dict[str, Any]:
    out: dict[str, Any] = {
        "timestamp": bill.at,
        "lifecycles": _lifecycles(bill.lifecycle),
        "tools": {"components": [{"type": "application", "name": bill.tool, "version": bill.tool_version}]},
        "authors": [{"name": bill.author}] if bill.author else [],
        "component": system(bill),
    }
    return {key: value for key, value in out.items() if value not in ("", [])}


def _lifecycles(name: str) -> list[dict[str, str]]:
    """A phase of the standard, or one of somebody's own."""
    return [{"phase" if name in PHASES else "name": name}] if name else []


def _dependencies(bill: Bill) -> list[dict[str, Any]]:
    """CycloneDX knows one link, "depends on"; the others are kept by name in properties of the source."""
    depends: dict[str, set[str]] = defaultdict(set)
    for relation in bill.relations:
        if relation.link is not Link.CONTAINS:
            depends[relation.source].add(relation.target)
    for flow in bill.flows:
        depends[flow.source].add(flow.target)
    inner = {one.target for one in bill.relations if one.link is Link.CONTAINS}
    depends["system"] |= {one.ref for one in bill.components if one.ref not in inner}
    refs = ["system", *(one.ref for one in bill.components)]
    return [{"ref": ref, "dependsOn": sorted(depends[ref])} if depends[ref] else {"ref": ref} for ref in refs]


def _flow(flow: Flow) -> dict[str, str]:
    return {"name": "bartizan:flow", "value": msgspec.json.encode(flow).decode()}
