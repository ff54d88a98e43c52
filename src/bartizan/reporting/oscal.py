"""OSCAL 1.1.3 assessment results (NIST): what was assessed, what was observed, and which risks that shows.

A weakness is an observation, a risk and a finding whose target is ``not-satisfied``. What showed no weakness is an
observation alone: that an attack failed never shows that a control is satisfied.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from bartizan.core.clock import rfc3339
from bartizan.core.finding import Finding
from bartizan.core.problem import printable

VERSION = "1.1.3"
NAMESPACE = "https://bartizan.readthedocs.io/ns/oscal"
_IDS = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)
_MARKUP = frozenset("\\`*_{}[]<>#|~^&$!")
_TEXT = 2_000


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the assessment was meant to do."""

    title: str
    href: str
    """Of the file, or empty if there is none."""
    sha256: str = ""
    description: str
    authorisation: str = ""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, whether or not it shows a weakness."""

    key: str
    """Stable and unique within the assessment."""
    title: str
    text: str
    facts: Mapping[str, str] = {}
    """Properties: names are tokens."""
    control: str = ""
    """Of the catalogue; empty where it is about none."""


class Weakness(msgspec.Struct, frozen=True, kw_only=True):
    """A finding and the control that it speaks against."""

    finding: Finding
    control: str


class Assessed(msgspec.Struct, frozen=True, kw_only=True):
    """A whole assessment."""

    key: str
    """Stable: the same assessment has the same identifiers."""
    title: str
    description: str
    tool: str
    """Version of Bartizan."""
    subject: str
    start: datetime
    end: datetime | None = None
    at: datetime
    """When this document was written; when the assessment ended serves as well."""
    plan: Plan
    controls: tuple[str, ...]
    """Those that were reviewed, by id."""
    observations: tuple[Observation, ...]
    weaknesses: tuple[Weakness, ...]


def oscal(assessed: Assessed) -> bytes:
    """The document as JSON. Identifiers are UUIDs of version 5, made from ``key``: the same content, the same bytes."""
    return msgspec.json.format(msgspec.json.encode(_Writer(assessed).document()), indent=2) + b"\n"


class _Writer:
    def __init__(self, assessed: Assessed) -> None:
        self._it = assessed
        self._origin = {"actors": [{"type": "tool", "actor-uuid": self._id("tool")}]}
        self._subject = {"subject-uuid": self._id("subject"), "type": "component"}

    def _id(self, *parts: str) -> str:
        name = "\n".join((self._it.key, *parts))
        return str(uuid.uuid5(_IDS, name.encode("utf-8", "backslashreplace").decode()))

    def document(self) -> dict[str, Any]:
        it, plan = self._it, self._it.plan
        resource: dict[str, Any] = {
            "uuid": self._id("plan"), "title": line(plan.title), "description": prose(plan.description),
        }  # fmt: skip
        if plan.href:
            rlink: dict[str, Any] = {"href": href(plan.href)}
            if plan.sha256:
                rlink["hashes"] = [{"algorithm": "SHA-256", "value": plan.sha256}]
            resource["rlinks"] = [rlink]
        return {
            "assessment-results": {
                "uuid": self._id("document"),
                "metadata": {
                    "title": line(it.title),
                    "last-modified": rfc3339(it.at),
                    "version": rfc3339(it.at),
                    "oscal-version": VERSION,
                },
                "import-ap": {"href": f"#{self._id('plan')}", "remarks": "The plan is not in OSCAL."},
                "results": [self._result()],
                "back-matter": {"resources": [resource]},
            }
        }

    def _result(self) -> dict[str, Any]:
        it = self._it
        out: dict[str, Any] = {
            "uuid": self._id("result"),
            "title": line(it.title),
            "description": prose(it.description),
            "start": rfc3339(it.start),
        }
        if it.end is not None:
            out["end"] = rfc3339(it.end)
        out |= {
            "local-definitions": self._definitions(),
            "reviewed-controls": {"control-selections": [self._selection()]},
        }
        if it.plan.authorisation:
            part = {"name": "authorisation", "ns": NAMESPACE, "prose": prose(it.plan.authorisation)}
            out["attestations"] = [{"parts": [part]}]
        observations = [self._observation(one) for one in it.observations]
        observations += [self._shown(one) for one in it.weaknesses]
        for name, rows in (
            ("observations", observations),
            ("risks", [self._risk(one) for one in it.weaknesses]),
            ("findings", [self._finding(one) for one in it.weaknesses]),
        ):
            if rows:  # an array that is there may not be empty
                out[name] = rows
        return out

    def _selection(self) -> dict[str, Any]:
        described = {"description": "Controls of Bartizan's own catalogue."}
        if not self._it.controls:
            return {**described, "include-all": {}}
        return {**described, "include-controls": [{"control-id": one} for one in sorted(set(self._it.controls))]}

    def _definitions(self) -> dict[str, Any]:
        it = self._it
        state = {"state": "operational"}
        tool = {
            "uuid": self._id("tool"), "type": "software", "title": f"Bartizan {line(it.tool)}",
            "description": "The tool that attacked and judged.", "status": state,
        }  # fmt: skip
        subject = {
            "uuid": self._id("subject"), "type": "system", "title": line(it.subject) or "subject",
            "description": "What was assessed.", "status": state,
        }  # fmt: skip
        platform = {"uuid": self._id("platform"), "uses-components": [{"component-uuid": self._id("tool")}]}
        return {
            "components": [subject],
            "assessment-assets": {"components": [tool], "assessment-platforms": [platform]},
        }

    def _observation(self, one: Observation) -> dict[str, Any]:
        facts = {"control": one.control, **one.facts} if one.control else one.facts
        return self._observed(("observation", one.key), one.title, one.text, facts, ())

    def _shown(self, one: Weakness) -> dict[str, Any]:
        finding = one.finding
        facts = {"severity": finding.severity, "confidence": f"{finding.confidence:.3g}", "threat": finding.threat}
        return self._observed(
            ("shown", finding.id), finding.title, finding.title, {**facts, "finding": finding.id}, finding.evidence
        ) | {"types": ["finding"]}

    def _observed(
        self, key: tuple[str, ...], title: str, text: str, facts: Mapping[str, str], evidence: Sequence[str]
    ) -> dict[str, Any]:
        out: dict[str, Any] = {
            "uuid": self._id(*key), "title": line(title), "description": prose(text) or "Nothing was said.",
        }  # fmt: skip
        if rows := _props(facts.items()):
            out["props"] = rows
        out |= {"methods": ["TEST"], "origins": [self._origin], "subjects": [self._subject]}
        if shown := [{"description": prose(each)} for each in evidence if each.strip()]:
            out["relevant-evidence"] = shown
        return out | {"collected": rfc3339(self._it.end or self._it.start)}

    def _risk(self, one: Weakness) -> dict[str, Any]:
        finding = one.finding
        facet = {"name": "severity", "system": NAMESPACE, "value": finding.severity.value}
        advice = {
            "uuid": self._id("advice", finding.id), "lifecycle": "recommendation", "title": "What helps",
            "description": prose(finding.remediation) or "None was named.",
        }  # fmt: skip
        return {
            "uuid": self._id("risk", finding.id),
            "title": line(finding.title),
            "description": prose(finding.title),
            "statement": prose(f"{finding.title}. It can be shown again with: {finding.reproduction}"),
            "status": "open",
            "characterizations": [{"origin": self._origin, "facets": [facet]}],
            "remediations": [advice],
            "related-observations": [{"observation-uuid": self._id("shown", finding.id)}],
        }

    def _finding(self, one: Weakness) -> dict[str, Any]:
        finding = one.finding
        references = [("reference", each) for each in finding.techniques]
        return {
            "uuid": self._id("finding", finding.id),
            "title": line(finding.title),
            "description": prose(finding.title),
            "props": _props([("finding", finding.id), ("reproduction", finding.reproduction), *references]),
            "target": {
                "type": "objective-id",
                "target-id": one.control,
                "status": {"state": "not-satisfied", "reason": "fail"},
            },
            "related-observations": [{"observation-uuid": self._id("shown", finding.id)}],
            "related-risks": [{"risk-uuid": self._id("risk", finding.id)}],
        }


def line(text: str) -> str:
    """One line of plain text, as titles and properties take it."""
    return " ".join(printable(" ".join(text.split()), _TEXT).split()) or "-"


def prose(text: str) -> str:
    """Plain text as a paragraph of Markdown, which descriptions are: nothing in it is markup."""
    flat = " ".join(text.split())
    return "".join(f"\\{character}" if character in _MARKUP else character for character in printable(flat, _TEXT))


def href(path: str) -> str:
    """A path as a URI reference."""
    return quote(printable(path, _TEXT), safe="/:~.-_") or "."


def _props(facts: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "ns": NAMESPACE, "value": line(value)} for name, value in facts if value.strip()]
