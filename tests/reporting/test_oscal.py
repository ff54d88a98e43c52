"""OSCAL assessment results hold to what NIST's metaschema of version 1.1 asks: fields, types, links.

The official JSON schema is no file of this project, so the rules below are written from the model reference. What both
commands write was loaded with the models of compliance-trestle as well, by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.reporting.test_audit_report import audit

from bartizan.core.finding import Finding
from bartizan.core.threat import Severity, Threat
from bartizan.reporting.oscal import Assessed, Observation, Plan, Weakness, oscal
from bartizan.robustness.assessed import assessed

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TOKEN = re.compile(r"[^\W\d][\w.\-]*")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
REQUIRED = {
    "assessment-results": {"uuid", "metadata", "import-ap", "results"},
    "metadata": {"title", "last-modified", "version", "oscal-version"},
    "import-ap": {"href"},
    "results": {"uuid", "title", "description", "start", "reviewed-controls"},
    "reviewed-controls": {"control-selections"},
    "include-controls": {"control-id"},
    "parts": {"name"},
    "components": {"uuid", "type", "title", "description", "status"},
    "assessment-assets": {"assessment-platforms"},
    "assessment-platforms": {"uuid"},
    "uses-components": {"component-uuid"},
    "observations": {"uuid", "description", "methods", "collected"},
    "relevant-evidence": {"description"},
    "subjects": {"subject-uuid", "type"},
    "actors": {"type", "actor-uuid"},
    "risks": {"uuid", "title", "description", "statement", "status"},
    "characterizations": {"origin", "facets"},
    "facets": {"name", "system", "value"},
    "remediations": {"uuid", "lifecycle", "title", "description"},
    "findings": {"uuid", "title", "description", "target"},
    "target": {"type", "target-id", "status"},
    "props": {"name", "value"},
    "resources": {"uuid"},
    "rlinks": {"href"},
    "hashes": {"algorithm", "value"},
}
LINKS = {
    "observation-uuid": "observations", "risk-uuid": "risks", "subject-uuid": "components", "actor-uuid": "components",
    "component-uuid": "components",
}  # fmt: skip
ALLOWED = {
    "state": {"satisfied", "not-satisfied", "operational"},
    "reason": {"pass", "fail", "other"},
    "lifecycle": {"recommendation", "planned", "completed"},
    "algorithm": {"SHA-256"},
}


def objects(name: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object with the name of the field that holds it."""
    if isinstance(value, dict):
        yield name, value
        for key, each in value.items():
            yield from objects(key, each)
    elif isinstance(value, list):
        assert value, f"{name}: an array that is there holds something"
        for each in value:
            yield from objects(name, each)


def check(content: bytes) -> dict[str, Any]:
    """The document, if it holds to the rules."""
    document: dict[str, Any] = json.loads(content)
    assert list(document) == ["assessment-results"]
    known: dict[str, set[str]] = {}
    every = list(objects("", document))
    for name, one in every:
        assert not REQUIRED.get(name, set()) - set(one), f"{name} lacks {REQUIRED[name] - set(one)}"
        if "uuid" in one:
            assert UUID.fullmatch(one["uuid"])
            assert one["uuid"] not in set().union(*known.values()), "each is used once"
            known.setdefault(name, set()).add(one["uuid"])
        for key in set(one) & {"last-modified", "start", "end", "collected"}:
            assert MOMENT.fullmatch(one[key])
        for key, values in ALLOWED.items():
            assert one.get(key, "") in {*values, ""}
        if name in {"props", "facets"}:
            assert TOKEN.fullmatch(one["name"])
            assert re.fullmatch(r"\S(.*\S)?", one["value"])
        for key in set(one) & {"target-id", "control-id"}:
            assert TOKEN.fullmatch(one[key])
    for _, one in every:
        for key in set(one) & set(LINKS):
            assert one[key] in known[LINKS[key]]
    root = document["assessment-results"]
    assert root["import-ap"]["href"].removeprefix("#") in known["resources"]
    return root


def whole(text: str = "It leaks", *, weak: bool = True) -> Assessed:
    finding = Finding(
        id=f"x/{text}", title=text, threat=Threat.DATA_LEAKAGE, techniques=("OWASP-LLM-2026:LLM02", text),
        severity=Severity.HIGH, confidence=0.5, subject=text, evidence=(text, ""), reproduction=text, remediation=text,
    )  # fmt: skip
    return Assessed(
        key="k", title=text, description=text, tool="1", subject=text, start=datetime(2026, 1, 1, tzinfo=UTC),
        at=datetime(2026, 1, 2, tzinfo=UTC), controls=("BZN-RT-06",) if weak else (),
        plan=Plan(title=text, href=text, sha256="0" * 64, description=text, authorisation=text),
        observations=(Observation(key="o", title=text, text=text, facts={"n": text}),),
        weaknesses=(Weakness(finding=finding, control="BZN-RT-06"),) if weak else (),
    )  # fmt: skip


def test_a_weakness_is_an_observation_a_risk_and_a_finding() -> None:
    (result,) = check(oscal(whole()))["results"]
    assert result["findings"][0]["target"]["status"] == {"state": "not-satisfied", "reason": "fail"}
    assert result["risks"][0]["characterizations"][0]["facets"][0]["value"] == "high"
    assert len(result["observations"]) == 2


def test_what_showed_nothing_is_never_called_satisfied() -> None:
    content = oscal(whole(weak=False))
    (result,) = check(content)["results"]
    assert not {"findings", "risks"} & set(result)
    assert b"satisfied" not in content


def test_hostile_texts_stay_text_and_the_document_valid() -> None:
    for text in (
        "<script>alert(1)</script> [x](javascript:y) `a` **b**\n# c",
        "\u202e\x00\x1b[31m\ud800",
        " \n ",
        "x" * 9_000,
    ):
        root = check(oscal(whole(text)))
        described = root["results"][0]["observations"][0]["description"]
        assert not re.search(r"(?<!\\)[<>`*\[]", described)
        assert "\n" not in described
        assert len(described) < 5_000


def test_an_audit_says_which_controls_it_reviewed() -> None:
    root = check(oscal(assessed(audit(untested=("patches",), remediation="train against it"))))
    (result,) = root["results"]
    assert result["reviewed-controls"]["control-selections"][0]["include-controls"] == [{"control-id": "BZN-ML-01"}]
    first, skipped, shown = result["observations"]
    assert "robust\\_accuracy 62.0% (58.9–65.0%), n = 1000" in first["description"]
    assert "Not tested: patches" in first["description"]
    assert skipped["title"] == "Not run: evasion.l2"
    assert shown["uuid"] == result["findings"][0]["related-observations"][0]["observation-uuid"]


def test_the_same_assessment_is_the_same_document() -> None:
    assert oscal(whole()) == oscal(whole())
