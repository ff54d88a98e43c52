"""The guards that policy sets, and the servers and upstreams of the deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bartizan.core.verdict import Mode
from bartizan.policy.document import PolicyDocument
from bartizan.supplychain.bom.bill import Component, Fact, Kind, Link, Relation
from bartizan.supplychain.bom.parts import Part
from bartizan.supplychain.bom.reading.agents import bare_url
from bartizan.supplychain.bom.reading.interface import asserted
from bartizan.workspace.deployment import Deployment

POLICY, DEPLOYMENT = "policy.yaml", "bartizan.yaml"


def guard_part(policy: PolicyDocument, at: Iterable[str] = ()) -> Part:
    """One component for each guard on each surface, and for the policies over tool calls and artefacts.

    Args:
        policy: ``policy.yaml``.
        at: refs of the gateways at which the guards stand.
    """
    components = list(_guards(policy))
    relations = [Relation(gateway, Link.GUARDED_BY, one.ref) for gateway in at for one in components]
    return Part(components=components, relations=relations)


def _guards(policy: PolicyDocument) -> Iterator[Component]:
    for surface, rows in policy.surfaces.items():
        for guard, row in rows.items():
            mode = Mode.MONITOR if policy.mode is Mode.MONITOR else row.mode
            facts = {"action": row.action.value, "threshold": f"{row.threshold:g}", "mode": mode.value}
            yield _component(f"guard:{surface}/{guard}", f"{guard} on {surface}", facts)
    yield _component("guard:tools", "tool calls", {"pack": policy.tools.guard, "mode": policy.mode.value})
    yield _component("guard:artefacts", "artefacts", {"pack": policy.artefacts.pack})


def _component(ref: str, name: str, facts: dict[str, str]) -> Component:
    found = tuple(sorted(Fact(key, value, POLICY) for key, value in facts.items()))
    return Component(ref=ref, kind=Kind.GUARD, name=name, facts=found)


def deployment_part(deployment: Deployment) -> Part:
    """Upstreams as services, MCP servers as what they are. No key, header, variable or argument of them."""
    components = []
    for upstream in deployment.upstreams:
        facts = [*asserted("endpoint", bare_url(upstream.url), DEPLOYMENT)]
        facts += [*asserted("protocol", upstream.protocol, DEPLOYMENT)]
        facts += [*asserted("serves", sorted(set(upstream.models.values())), DEPLOYMENT)]
        components.append(
            Component(
                ref=f"upstream:{upstream.name}", kind=Kind.SERVICE, name=upstream.name, facts=tuple(sorted(facts))
            )
        )
    for server in deployment.mcp.servers:
        facts = [*asserted("endpoint", bare_url(server.url) if server.url else "", DEPLOYMENT)]
        program = server.command[0].rpartition("/")[2] if server.command else ""
        facts += [*asserted("command", program, DEPLOYMENT)]
        facts += [*asserted("protocol", "mcp over http" if server.url else "mcp over stdio", DEPLOYMENT)]
        components.append(
            Component(ref=f"mcp:{server.name}", kind=Kind.MCP_SERVER, name=server.name, facts=tuple(sorted(facts)))
        )
    return Part(components=components)
