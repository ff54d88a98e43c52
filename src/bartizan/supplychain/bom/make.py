"""Makes a bill from what is on disk and what the workspace says."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.policy.document import PolicyDocument
from bartizan.supplychain.bom.bill import Bill, Component, Fact, Flow, Relation, Vulnerability, settled
from bartizan.supplychain.bom.describing import Described
from bartizan.supplychain.bom.files import Place, components_of
from bartizan.supplychain.bom.joining import joined
from bartizan.supplychain.bom.licences import spdx
from bartizan.supplychain.bom.parts import Part
from bartizan.supplychain.bom.said.guards import deployment_part, guard_part
from bartizan.supplychain.bom.said.register import registered
from bartizan.supplychain.bom.said.system import gateways, system_part
from bartizan.workspace.register import Register
from bartizan.workspace.workspace import DEPLOYMENT, POLICY, REGISTER, SYSTEM, Workspace


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says of itself."""

    name: str = ""
    """Of the system; empty: of system.yaml, or of the folder."""
    version: str = ""
    author: str = ""
    at: str = ""
    lifecycle: str = "pre-build"
    tool_version: str = ""


def files_part(described: Iterable[Described], place: Place) -> Part:
    """What the files are."""
    components, relations = components_of(described, place)
    return Part(components=components, relations=relations)


def workspace_parts(workspace: Workspace) -> list[Part]:
    """What system.yaml, policy.yaml and bartizan.yaml say, those that are there. Raises ConfigurationError."""
    parts: list[Part] = []
    at: list[str] = []
    if workspace.path(SYSTEM).exists():
        parts.append(system_part(workspace.system))
        at = gateways(workspace.system)
    if workspace.path(POLICY).exists():
        parts.append(guard_part(workspace.load(POLICY, PolicyDocument), at))
    if workspace.path(DEPLOYMENT).exists():
        parts.append(deployment_part(workspace.deployment))
    return parts


def with_register(part: Part, workspace: Workspace, place: Place, root: Path | None = None) -> Part:
    """The files with what artefacts.yaml says of them. Raises ConfigurationError.

    Args:
        part: the files.
        workspace: that of the register.
        place: which file has which ref.
        root: to what registered paths are relative; the workspace without one.
    """
    if not workspace.path(REGISTER).exists():
        return part
    entries: Register = workspace.load(REGISTER, Register)
    refs = {
        one.path: place.refs.get(os.path.realpath((root or workspace.root) / one.path), "")
        for one in entries
        if one.path
    }
    return msgspec.structs.replace(part, components=registered(part.components, entries, refs))


def assemble(heading: Heading, parts: Iterable[Part], name: str = "") -> Bill:
    """One bill. Components with one ref become one. Raises BillError: too large."""
    components: dict[str, Component] = {}
    relations: list[Relation] = []
    facts: list[Fact] = []
    flows: list[Flow] = []
    vulnerabilities: list[Vulnerability] = []
    for part in parts:
        name = part.name or name
        for one in part.components:
            known = components.get(one.ref)
            components[one.ref] = one if known is None else known.with_facts(one.facts)
        relations += part.relations
        facts += part.facts
        flows += part.flows
        vulnerabilities += part.vulnerabilities
    whole, links = joined(components.values())
    return settled(
        Bill(
            name=heading.name or name or "system",
            version=heading.version,
            author=heading.author,
            at=heading.at,
            tool_version=heading.tool_version,
            lifecycle=heading.lifecycle,
            facts=tuple(facts),
            components=tuple(_licensed(one) for one in whole),
            relations=(*relations, *links),
            flows=tuple(flows),
            vulnerabilities=tuple(vulnerabilities),
        )
    )


def _licensed(one: Component) -> Component:
    """Licences in the spelling of SPDX, so that two spellings are not two licences."""
    if not one.of("licence"):
        return one
    facts = (Fact(fact.name, spdx(fact.value), fact.by) if fact.name == "licence" else fact for fact in one.facts)
    return msgspec.structs.replace(one, facts=tuple(sorted(facts)))


def moment(given: str, environment: Mapping[str, str] = os.environ) -> str:
    """The document's time: ``given``, else SOURCE_DATE_EPOCH (reproducible-builds.org), else now. Whole seconds, UTC.

    Raises:
        ConfigurationError: it is no time.
    """
    epoch = environment.get("SOURCE_DATE_EPOCH", "")
    try:
        if given:
            at = datetime.datetime.fromisoformat(given)
            at = at.replace(tzinfo=datetime.UTC) if at.tzinfo is None else at.astimezone(datetime.UTC)
        elif epoch:
            at = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
        else:
            at = utc_now()
    except (ValueError, OverflowError, OSError):
        wrong = printable(given or f"SOURCE_DATE_EPOCH={epoch}", 80)
        raise ConfigurationError(f"{wrong} is no time", "write it as 2026-11-27T12:00:00Z") from None
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
