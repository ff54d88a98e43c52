"""SPDX 3.0 documents as bills: ours come back as they were, others say what has a place in a bill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bom_schemas import spdx_faults
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.supplychain.bom.bill import (
    BYTES,
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
from bartizan.supplychain.bom.completeness import completeness
from bartizan.supplychain.bom.cyclonedx import cyclonedx
from bartizan.supplychain.bom.diff import difference
from bartizan.supplychain.bom.document import from_document
from bartizan.supplychain.bom.spdx import spdx

AT = "2026-11-28T03:00:00Z"
REFS = ("file:a", "model:b", "data:c", "guard:d")
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
FACTS = st.builds(
    Fact,
    st.sampled_from(["licence", "version", "description", "task", "metric", "released", "supplier", "own.name"]),
    WORDS,
    st.sampled_from([BYTES, "system.yaml", "artefacts.yaml: ada"]),
)


def component(ref: str, kind: Kind, facts: list[Fact]) -> Component:
    return Component(ref=ref, kind=kind, name=f"name of {ref}", facts=tuple(facts))


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    kinds = st.sampled_from([one for one in Kind if one is not Kind.SYSTEM])
    components = [component(ref, draw(kinds), draw(st.lists(FACTS, max_size=4))) for ref in REFS]
    ends = st.sampled_from(REFS)
    links = st.lists(st.builds(Relation, ends, st.sampled_from(list(Link)), ends), max_size=5)
    flow = st.builds(Flow, id=WORDS, source=ends, target=ends, protocol=WORDS)
    status = st.sampled_from(["affected", "not_affected", "fixed", "under_investigation"])
    hole = st.builds(
        Vulnerability, id=WORDS, status=status, affects=st.tuples(ends), by=WORDS, unmatched=st.tuples(WORDS)
    )
    return settled(
        Bill(
            name="whole", version=draw(WORDS), author=draw(WORDS), at=AT, tool_version="1",
            facts=tuple(one for one in draw(st.lists(FACTS, max_size=3)) if one.name != "version"),
            components=tuple(components), relations=tuple(draw(links)), flows=tuple(draw(st.lists(flow, max_size=2))),
            vulnerabilities=tuple(draw(st.lists(hole, max_size=2))),
        )
    )  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(bills())
def test_our_own_documents_come_back_as_they_were(bill: Bill) -> None:
    back = from_document(spdx(bill))
    assert not difference(bill, back)
    assert completeness(back, "") == completeness(bill, "")
    assert (back.revision, back.lifecycle, back.author, back.at) == (
        bill.revision,
        bill.lifecycle,
        bill.author,
        bill.at,
    )
    assert spdx(back) == spdx(bill)


SIMPLE = settled(
    Bill(
        name="whole", at=AT, tool_version="1",
        components=(
            component("file:a", Kind.FILE, [Fact("sha256", "a" * 64), Fact("licence", "Not Listed", "ada")]),
            component("model:b", Kind.MODEL, [Fact("sha256", "b" * 64), Fact("parameters", "7")]),
        ),
        relations=(Relation("model:b", Link.CONTAINS, "file:a"),),
        vulnerabilities=(Vulnerability(id="CVE-2026-1", status="affected", affects=("model:b",), by="ada"),),
    )
)  # fmt: skip


def altered(change: Any) -> Bill:
    document = json.loads(spdx(SIMPLE))
    change(document["@graph"])
    return from_document(json.dumps(document).encode(), "other.json")


def element(graph: list[dict[str, Any]], **wanted: str) -> dict[str, Any]:
    return next(one for one in graph if all(one.get(key) == value for key, value in wanted.items()))


def test_an_altered_digest_stands_beside_the_marked_one() -> None:
    def change(graph: list[dict[str, Any]]) -> None:
        element(graph, name="name of model:b")["verifiedUsing"][0]["hashValue"] = "c" * 64

    found = {(one.value, one.by) for one in altered(change).by_ref()["model:b"].of("sha256")}
    assert found == {("b" * 64, BYTES), ("c" * 64, "other.json")}


def test_an_altered_statement_stands_beside_the_marked_one() -> None:
    def change(graph: list[dict[str, Any]]) -> None:
        element(graph, relationshipType="affects").update(
            type="security_VexFixedVulnAssessmentRelationship", relationshipType="fixedIn"
        )

    states = {(one.status, one.by) for one in altered(change).vulnerabilities}
    assert states == {("affected", "ada"), ("fixed", "other.json")}


FOREIGN = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
        {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": AT, "createdBy": ["urn:p"]},
        {"type": "Person", "spdxId": "urn:p", "name": "Grace", "creationInfo": "_:c"},
        {"type": "SpdxDocument", "spdxId": "urn:doc", "name": "theirs", "creationInfo": "_:c",
         "rootElement": ["urn:m"]},
        {
            "type": "ai_AIPackage", "spdxId": "urn:m", "name": "classifier", "creationInfo": "_:c",
            "software_packageVersion": "2", "suppliedBy": "urn:p", "ai_typeOfModel": ["transformer"],
            "ai_metric": [{"type": "DictionaryEntry", "key": "accuracy", "value": "0.9"}],
            "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "D" * 64}],
            "ai_limitation": "English only",
        },
        {"type": "dataset_DatasetPackage", "spdxId": "urn:d", "name": "rows", "creationInfo": "_:c",
         "dataset_confidentialityLevel": "amber", "dataset_intendedUse": "tests"},
        {"type": "Relationship", "spdxId": "urn:r", "from": "urn:m", "to": ["urn:d"], "relationshipType": "trainedOn"},
        {"type": "Relationship", "spdxId": "urn:l", "from": "urn:m", "to": ["urn:e"],
         "relationshipType": "hasConcludedLicense"},
        {"type": "simplelicensing_LicenseExpression", "spdxId": "urn:e", "simplelicensing_licenseExpression": "MIT"},
        {"type": "security_Vulnerability", "spdxId": "urn:v", "name": "CVE-2026-9"},
        {"type": "security_VexNotAffectedVulnAssessmentRelationship", "spdxId": "urn:x", "from": "urn:v",
         "to": ["urn:m"], "relationshipType": "doesNotAffect", "security_justificationType": "componentNotPresent"},
    ],
}  # fmt: skip


def test_somebody_elses_document_says_what_has_a_place() -> None:
    bill = from_document(json.dumps(FOREIGN).encode(), "theirs.json")
    model = bill.by_ref()["urn:m"]
    assert (bill.name, bill.author, bill.at, model.kind) == ("theirs", "Grace", AT, Kind.MODEL)
    assert {(one.name, one.value) for one in model.facts} == {
        ("sha256", "d" * 64), ("version", "2"), ("supplier", "Grace"), ("architecture", "transformer"),
        ("metric", "accuracy=0.9"), ("limitation", "English only"), ("licence", "MIT"),
    }  # fmt: skip
    assert {one.by for one in model.facts} == {"theirs.json"}  # nothing of it was read from bytes here
    assert bill.relations == (Relation("urn:m", Link.TRAINED_ON, "urn:d"),)
    assert ("sensitivity", "confidential") in {(one.name, one.value) for one in bill.by_ref()["urn:d"].facts}
    (hole,) = bill.vulnerabilities
    assert (hole.id, hole.status, hole.affects) == ("CVE-2026-9", "not_affected", ("urn:m",))
    assert hole.justification == "component_not_present"
    assert from_document(cyclonedx(bill)).by_ref()["urn:m"].value("sha256") == "d" * 64
    assert spdx_faults(spdx(bill)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda root: root.update({"@context": "https://example.org"}),
        lambda root: root["@graph"].append(7),
        lambda root: root["@graph"].append(root["@graph"][3]),
        lambda root: root["@graph"][0].update(specVersion="2.3"),
        lambda root: root.pop("@graph"),
        lambda root: root.update({"@graph": []}),
    ],
)
def test_what_is_no_such_document_is_refused(change: Any) -> None:
    document = json.loads(json.dumps(FOREIGN))
    change(document)
    with pytest.raises(BillError):
        from_document(json.dumps(document).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(FOREIGN["@graph"]) - 1), st.data(), JSON)
def test_any_value_anywhere_is_read_or_refused(number: int, data: st.DataObject, value: Any) -> None:
    document = json.loads(json.dumps(FOREIGN))
    one = document["@graph"][number]
    one[data.draw(st.sampled_from(sorted(one)))] = value
    try:
        bill = from_document(json.dumps(document).encode())
    except BillError:
        return
    cyclonedx(bill)
    completeness(bill, "")


def test_annotations_of_others_are_no_marks() -> None:
    document = json.loads(json.dumps(FOREIGN))
    for statement in ("{}", "[1]", "no JSON", '{"kind": "model"}', '{"bill": 7}'):
        for subject in ("urn:m", "urn:doc", "urn:absent"):
            note = {
                "type": "Annotation",
                "spdxId": f"urn:{statement}{subject}",
                "statement": statement,
                "subject": subject,
            }
            document["@graph"].append(note)
    assert from_document(json.dumps(document).encode()).by_ref()["urn:m"].kind is Kind.MODEL


def test_the_commands_take_such_documents(tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(app, ["bom", *words])

    (tmp_path / "one.spdx.json").write_bytes(spdx(SIMPLE))
    (tmp_path / "one.cdx.json").write_bytes(cyclonedx(SIMPLE))
    (tmp_path / "theirs.json").write_text(json.dumps(FOREIGN))
    assert run("diff", str(tmp_path / "one.spdx.json"), str(tmp_path / "one.cdx.json")).exit_code == 0
    assert run("diff", str(tmp_path / "one.spdx.json"), str(tmp_path / "theirs.json")).exit_code == 1
    words = ("check", "--ignore", "bom.vulnerable", "--format", "json")
    both = [json.loads(run(*words, str(tmp_path / f"one.{kind}.json")).stdout) for kind in ("spdx", "cdx")]
    assert both[0]["completeness"] == both[1]["completeness"]
    whole = str(tmp_path / "whole.json")
    merged = run("merge", str(tmp_path / "one.spdx.json"), str(tmp_path / "theirs.json"), "--at", AT, "--output", whole)
    assert merged.exit_code == 0
    assert {one.value("sha256") for one in from_document(Path(whole).read_bytes()).components} >= {"b" * 64, "d" * 64}
    assert msgspec.json.decode(Path(whole).read_bytes())["bomFormat"] == "CycloneDX"
