"""Writes a scope file for a described system. What only people know is left to them: nothing runs by mistake."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

import msgspec

from bartizan.core.system import System
from bartizan.redteam.planning.coverage import DISGUISES
from bartizan.redteam.planning.exposure import Exposure, Why
from bartizan.redteam.taxonomy import EntryPoint, Objective
from bartizan.workspace.writing import flow, quoted

CANARY, KEY, PROMPT, PERSON = "REDTEAM_CANARY", "REDTEAM_KEY", "system-prompt.txt", "REDTEAM_PERSON"
TOOLS = frozenset({EntryPoint.TOOL_OUTPUT, EntryPoint.TOOL_METADATA})
"""Where servers of tools bring text in."""
UNAUTHORISED = datetime.date(2000, 1, 1)
"""An authorisation that ended before it began: nothing runs with it."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How the system is reached, as far as the workspace says."""

    url: str = ""
    """Of a gateway, ending in ``/v1``."""
    model: str = ""
    proxy: tuple[str, ...] = ()
    """Command of the MCP proxy before the agent's tools."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What only a person can say."""

    by: str = ""
    """Who allows the campaign."""
    until: datetime.date | None = None
    statement: str = ""


def scope_text(system: System, exposure: Exposure, reach: Reach, given: Given, disguised: bool) -> str:
    """The scope file, with the reasons for what it asks for as comments.

    Args:
        system: described.
        exposure: of it.
        reach: how it is reached.
        given: the authorisation.
        disguised: whether each case also goes through the converters of the catalogue's disguises.
    """
    lines = [*_head(system, given), *_targets(exposure, reach), *_facts(system, exposure), *_plan(exposure, disguised)]
    return "\n".join(lines) + "\n"


def open_points(exposure: Exposure, reach: Reach, given: Given) -> tuple[str, ...]:
    """What somebody must still say or do before the campaign runs, or runs to some purpose."""
    points = []
    if not (given.by and given.until):
        points.append("authorisation: nobody has given one; say who and until when (--by, --until), or edit the file")
    if reach.url:
        points.append(f"targets: set the environment variable {KEY} to a key of the gateway")
    else:
        points.append("targets: url, ask and reply are guesses; say how the application is spoken to")
    if exposure.secrets:
        points.append(f"facts.secrets: plant a canary among {', '.join(exposure.secrets)} and set {CANARY} to it")
    if Objective.LEAK_SYSTEM_PROMPT in exposure.objectives:
        points.append(f"facts.system_prompt: put the hidden instructions into {PROMPT} beside the scope file")
    if Objective.LEAK_PERSONAL_DATA in exposure.objectives:
        points.append("facts.people: name an invented person and values; until then such cases are not tested")
    if Objective.MISINFORMATION in exposure.objectives:
        points.append("facts.falsehoods: write down false statements; until then cases that plant one are not tested")
    if reach.proxy and TOOLS & set(exposure.entry_points):
        points.append("mcp.servers: put 'bartizan redteam tool-server' among them and pin it, else nothing attacks")
    if EntryPoint.RAG_DOCUMENT in exposure.entry_points and not reach.url:
        points.append("targets: plant and remove say how a document is brought in and taken out")
    return tuple(points)


def _head(system: System, given: Given) -> Iterator[str]:
    yield "# Drawn from system.yaml by 'bartizan redteam plan'; the reasons stand beside what they led to."
    yield "version: 1"
    yield f"name: {quoted(system.name[:200])}"
    yield "authorisation:"
    allowed = bool(given.by and given.until)
    said = given.statement or f"The system {system.name[:120]} may be attacked as this file says."
    yield f"  statement: {quoted(said if allowed else 'Nobody has allowed this campaign yet: say who does.')}"
    yield f"  by: {quoted(given.by if allowed else 'nobody')}"
    until = given.until if allowed and given.until else UNAUTHORISED
    yield f"  expires: {until}" + ("" if allowed else "   # it does not run before somebody says until when")


def _targets(exposure: Exposure, reach: Reach) -> Iterator[str]:
    yield "targets:"
    known = [one for one in EntryPoint if one in exposure.entry_points]
    if reach.url:
        yield "  - id: gateway"
        yield "    kind: openai"
        yield f"    url: {quoted(reach.url)}"
        yield f"    model: {quoted(reach.model or 'default')}"
        yield f"    key: {{env: {KEY}}}"
        if Objective.LEAK_SYSTEM_PROMPT in exposure.objectives:
            yield f"    system: {{file: {PROMPT}}}"
        yield f"    entry_points: {flow([str(one) for one in known])}"
    else:
        name = exposure.targets[0] if exposure.targets else "application"
        yield f"  - id: {name.replace('_', '-')}"
        yield "    kind: http                       # a guess: say how it is spoken to"
        yield "    url: http://127.0.0.1:8000"
        yield '    ask: {url: /chat, body: {message: "{message}", session: "{conversation}"}}'
        yield "    reply: {text: answer}"
        if EntryPoint.RAG_DOCUMENT in known:
            yield "    plant:"
            yield '      rag_document: {url: /documents, body: {title: "{title}", text: "{content}"}}'
            yield "    remove:"
            yield '      rag_document: {url: "/documents/{title}", method: DELETE}'
    if reach.proxy and TOOLS & set(exposure.entry_points):
        yield "  - id: tools"
        yield "    kind: agent"
        yield "    servers:"
        yield f"      - {{name: proxy, command: {flow(list(reach.proxy))}}}"


def _facts(system: System, exposure: Exposure) -> Iterator[str]:
    yield "facts:"
    yield f"  application: {quoted((system.description or system.name)[:300])}"
    if exposure.secrets:
        names = ", ".join(exposure.secrets)
        yield f"  secrets:                           # a canary of yours among: {names}"
        yield f"    - {{name: {quoted(exposure.secrets[0].replace('_', ' '))}, value: {{env: {CANARY}}}}}"
    if Objective.LEAK_SYSTEM_PROMPT in exposure.objectives:
        yield f"  system_prompt: {{file: {PROMPT}}}"
    if exposure.tools:
        yield "  forbidden_tools:                   # by the name that the agent calls them"
        yield from (f"    - {{name: {quoted(name)}}}" for name in exposure.tools)


def _plan(exposure: Exposure, disguised: bool) -> Iterator[str]:
    yield "plan:"
    yield "  entry_points:"
    yield from _reasoned([(str(one), exposure.entry_points[one]) for one in EntryPoint if one in exposure.entry_points])
    yield "  objectives:"
    yield from _reasoned([(str(one), exposure.objectives[one]) for one in Objective if one in exposure.objectives])
    chains = ["", *sorted({one for one in DISGUISES.values() if one})] if disguised else [""]
    yield f"  converters: [{', '.join(map(quoted, chains))}]"
    yield "  strategies: [single]"
    yield "limits:"
    yield "  in_flight: 4"
    yield "  requests_per_second: 10"
    yield "stop:"
    yield "  futility: 0.05                     # a cell without a success in 59 trials is left"


def _reasoned(rows: Sequence[tuple[str, tuple[Why, ...]]]) -> Iterator[str]:
    """Items of a list with the first reason for each; a comment cannot break out of its line."""
    for name, reasons in rows:
        more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        told = " ".join(f"{reasons[0].place}: {reasons[0].reason}{more}".split())
        yield f"    - {name:<22}# {told.encode('ascii', 'replace').decode()[:150]}"
