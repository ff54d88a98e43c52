"""Completeness, contradictions, comparison with bytes, difference and merging of bills."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from bom_schemas import cyclonedx_faults, spdx_faults
from building import safetensors
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.bom.bill import Bill, BillError, Component, Fact, Flow, Kind, Link, Relation, settled
from bartizan.supplychain.bom.checking import RULES, against, problems
from bartizan.supplychain.bom.completeness import catalogue, completeness, lacking
from bartizan.supplychain.bom.cyclonedx import cyclonedx
from bartizan.supplychain.bom.cyclonedx_read import from_cyclonedx
from bartizan.supplychain.bom.describing import Describer
from bartizan.supplychain.bom.diff import difference
from bartizan.supplychain.bom.files import Place, describe_all
from bartizan.supplychain.bom.make import Heading, assemble, files_part
from bartizan.supplychain.bom.merge import merge
from bartizan.supplychain.bom.spdx import spdx
from bartizan.supplychain.bom.vex import read_vex
from bartizan.trust.signing import SignatureInvalid

AT = "2026-11-27T12:00:00Z"


def weights(fill: bytes = b"\0") -> bytes:
    return safetensors({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, fill * 8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "models"
    root.mkdir()
    (root / "model.safetensors").write_bytes(weights())
    (root / "train.csv").write_text("a,b\n1,2\n")
    digest = hashlib.sha256(b"x").hexdigest()
    (root / "requirements.txt").write_text(f"requests==2.31.0 --hash=sha256:{digest}\n")
    return root


def bill_of(folder: Path) -> Bill:
    place = Place([folder])
    return assemble(
        Heading(at=AT, author="Ada"), [files_part(describe_all([folder], Describer(), 1), place)], place.name
    )


def rules_against(bill: Bill, folder: Path) -> set[str]:
    part = files_part(describe_all([folder], Describer(), 1), Place([folder]))
    return {f"{one.rule} {one.ref}" for one in against(bill, part)}


def test_there_are_fifty_elements_in_seven_clusters() -> None:
    assert list(Counter(one.cluster for one in catalogue().elements).values()) == [10, 9, 13, 10, 2, 4, 2]
    assert len({one.id for one in catalogue().elements}) == 50
    assert catalogue().confidence == "secondary"


def test_each_element_is_missing_at_first_and_can_be_present() -> None:
    empty = completeness(Bill(name="", tool="", lifecycle="", revision=0))
    missing = {row.id for row in empty.rows if row.state == "missing"}
    applicable = {row.id for row in empty.rows if row.state != "not_applicable"}
    assert missing == applicable - {"metadata.format_name", "metadata.format_version", "metadata.version"}
    names = {name for one in catalogue().elements for name in one.facts}
    facts = tuple(sorted(Fact(name, "known", "Ada") for name in names))
    kinds = (Kind.MODEL, Kind.DATASET, Kind.LIBRARY, Kind.HARDWARE, Kind.GUARD)
    parts = tuple(Component(ref=f"x:{kind}", kind=kind, name=kind, facts=facts) for kind in kinds)
    whole = Bill(
        name="full", version="1", author="Ada", at=AT, tool_version="1", facts=facts, components=parts,
        relations=(Relation("x:model", Link.TRAINED_ON, "x:dataset"),),
        flows=(Flow(id="f", source="x:model", target="x:library", data=("d",)),),
        vulnerabilities=tuple(read_vex(vex("CVE-1", "pkg:pypi/x", "affected"), "v", ())),
    )  # fmt: skip
    assert completeness(whole, "verified").counted == (50, 50)


def test_a_row_says_how_many_and_on_whose_word(folder: Path) -> None:
    rows = {row.id: row for row in completeness(bill_of(folder)).rows}
    assert (rows["model.hash"].state, rows["model.hash"].verified, rows["model.hash"].asserted) == ("present", 1, 0)
    assert rows["model.licence"].state == "missing"
    assert rows["model.licence"].missing == ("file:model.safetensors",)
    assert rows["metadata.author"].by == ("the document",)
    without = completeness(Bill(name="none"))
    assert {row.state for row in without.rows if row.cluster == "Models"} == {"not_applicable"}


def test_what_a_component_lacks(folder: Path) -> None:
    bill = bill_of(folder)
    missing = lacking(bill.by_ref()["file:model.safetensors"], bill)
    assert "model.licence" in missing
    assert "model.hash" not in missing
    assert lacking(bill.by_ref()["file:requirements.txt"], bill) == ()


def test_every_rule_has_its_row() -> None:
    root = Path(__file__).parents[2]
    source = (root / "src/bartizan/supplychain/bom/checking.py").read_text()
    assert set(RULES) == set(re.findall(r'rule="(bom\.\w+)"', source))
    page = (root / "docs/supplychain/bom.md").read_text()
    found = set(re.findall(r'rule="(bom\.\w+)"', source))
    assert found == set(re.findall(r"^\| `(bom\.\w+)` \|", page, re.M))


def test_parties_that_disagree_are_named() -> None:
    facts = (Fact("licence", "MIT", "card"), Fact("licence", "GPL-3.0-only", "register"), Fact("size", "3"))
    bill = Bill(name="x", components=(Component(ref="m", kind=Kind.MODEL, name="m", facts=facts),))
    (found,) = problems(bill)
    assert found.rule == "bom.contradiction"
    assert "card" in found.explanation
    assert "register" in found.explanation
    same = Bill(name="x", components=(Component(ref="m", kind=Kind.MODEL, name="m", facts=facts[:1]),))
    assert problems(same) == []


def test_a_digest_that_no_file_has_is_unfounded(folder: Path) -> None:
    said = Component(ref="system:m", kind=Kind.MODEL, name="m", facts=(Fact("sha256", "0" * 64, "system.yaml"),))
    bill = settled(msgspec.structs.replace(bill_of(folder), components=(*bill_of(folder).components, said)))
    assert [one.rule for one in problems(bill)] == ["bom.digest_not_there"]


def test_an_honest_bill_agrees_with_its_bytes(folder: Path) -> None:
    assert rules_against(bill_of(folder), folder) == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda root: (root / "model.safetensors").write_bytes(weights(b"\1")), "bom.exchanged file:model.safetensors"),
        (lambda root: (root / "train.csv").unlink(), "bom.missing file:train.csv"),
        (lambda root: (root / "more.bin").write_bytes(b"more"), "bom.unlisted file:more.bin"),
        (lambda root: (root / "train.csv").rename(root / "other.csv"), "bom.unlisted file:other.csv"),
    ],
)
def test_bytes_that_changed_are_found(folder: Path, change: object, expected: str) -> None:
    bill = bill_of(folder)
    change(folder)  # type: ignore[operator]
    assert expected in rules_against(bill, folder)


def doctored(bill: Bill, ref: str, old: Fact, new: Fact | None) -> Bill:
    one = bill.by_ref()[ref]
    facts = tuple(fact for fact in one.facts if fact != old) + ((new,) if new is not None else ())
    changed = msgspec.structs.replace(one, facts=facts)
    return settled(
        msgspec.structs.replace(bill, components=tuple(changed if one.ref == ref else one for one in bill.components))
    )


def test_a_bill_that_lies_about_facts_is_found(folder: Path) -> None:
    bill, ref = bill_of(folder), "file:model.safetensors"
    assert Fact("parameters", "2") in bill.by_ref()[ref].facts
    lie = doctored(bill, ref, Fact("parameters", "2"), Fact("parameters", "7000000000"))
    assert f"bom.false_fact {ref}" in rules_against(lie, folder)
    digest = Fact("sha256", bill.by_ref()[ref].value("sha256"))
    assert f"bom.exchanged {ref}" in rules_against(doctored(bill, ref, digest, Fact("sha256", "0" * 64)), folder)
    assert f"bom.no_digest {ref}" in rules_against(doctored(bill, ref, digest, None), folder)


def test_a_bill_that_lies_about_what_a_file_says_of_itself_is_found(tmp_path: Path) -> None:
    header = {"__metadata__": {"license": "cc-by-nc-4.0"}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    (tmp_path / "m.safetensors").write_bytes(safetensors(header, b"\0" * 8))
    bill, by = bill_of(tmp_path), "metadata of m.safetensors"
    lie = doctored(bill, "file:m.safetensors", Fact("licence", "CC-BY-NC-4.0", by), Fact("licence", "MIT", by))
    assert rules_against(bill, tmp_path) == set()
    assert rules_against(lie, tmp_path) == {"bom.false_fact file:m.safetensors"}


def test_only_the_register_knows_what_was_exchanged_together_with_its_bill(folder: Path, tmp_path: Path) -> None:
    right = hashlib.sha256((folder / "train.csv").read_bytes()).hexdigest()
    root = tmp_path / "ws"
    root.mkdir()
    entry = f"- {{path: ../models/train.csv, sha256: '{right}', by: ada, date: 2026-11-27}}\n"
    (root / "artefacts.yaml").write_text(entry)
    (root / "bartizan.yaml").write_text("version: 1\n")
    (folder / "train.csv").write_text("a,b\n6,6\n")
    out, run = tmp_path / "bom.json", CliRunner()
    run.invoke(app, ["bom", "make", str(folder), "--at", AT, "--output", str(out)])
    words = ["bom", "check", str(out), "--against", str(folder)]
    assert run.invoke(app, words).exit_code == 0
    told = run.invoke(app, [*words, "--workspace", str(root)])
    assert told.exit_code == 1
    assert "bom.contradiction file:train.csv" in told.output
    assert run.invoke(app, [*words, "--workspace", str(root), "--ignore", "bom.contradiction"]).exit_code == 0
    with pytest.raises(ConfigurationError):
        run.invoke(app, [*words, "--ignore", "bom.everything"], catch_exceptions=False)


def test_a_bill_with_two_faces_is_found(folder: Path) -> None:
    document = json.loads(cyclonedx(bill_of(folder)))
    one = next(one for one in document["components"] if one["name"] == "model.safetensors")
    one["hashes"][0]["content"] = "0" * 64
    bill = from_cyclonedx(json.dumps(document).encode(), "theirs")
    assert "bom.contradiction" in {one.rule for one in problems(bill)}
    assert "bom.exchanged file:model.safetensors" in rules_against(bill, folder)


def test_somebody_elses_bill_is_compared_by_digest(folder: Path) -> None:
    files = [path for path in folder.iterdir() if path.name != "train.csv"]
    parts = [
        {"type": "file", "name": path.name, "bom-ref": path.name,
         "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}]}
        for path in files
    ]  # fmt: skip
    parts.append(
        {"type": "file", "name": "gone", "bom-ref": "gone", "hashes": [{"alg": "SHA-256", "content": "0" * 64}]}
    )
    raw = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": parts}).encode()
    assert rules_against(from_cyclonedx(raw, "theirs"), folder) == {"bom.unlisted file:train.csv", "bom.missing gone"}


def test_differences_are_by_ref_then_by_digest(folder: Path) -> None:
    before = bill_of(folder)
    (folder / "train.csv").rename(folder / "renamed.csv")
    (folder / "model.safetensors").write_bytes(weights(b"\1"))
    (folder / "new.bin").write_bytes(b"new")
    found = difference(before, bill_of(folder))
    assert [(one.before, one.after) for one in found.moved] == [("file:train.csv", "file:renamed.csv")]
    assert [(one.ref, one.bytes_differ) for one in found.changed] == [("file:model.safetensors", True)]
    assert [one.ref for one in found.added] == ["file:new.bin"]
    assert not found.removed
    assert not difference(before, before)


def test_a_changed_link_alone_is_a_difference() -> None:
    parts = tuple(Component(ref=ref, kind=Kind.FILE, name=ref) for ref in "ab")
    before = Bill(name="x", components=parts)
    after = settled(msgspec.structs.replace(before, relations=(Relation("a", Link.CONTAINS, "b"),)))
    assert difference(before, after).other == ("relations",)


def test_merging_verifies_nothing_and_keeps_two_files_of_one_name_apart(folder: Path) -> None:
    first = bill_of(folder)
    (folder / "model.safetensors").write_bytes(weights(b"\1"))
    second = bill_of(folder)
    whole = merge([("one", first), ("two", second)], Bill(name="both", at=AT))
    assert not any(fact.verified for one in whole.components for fact in one.facts)
    refs = whole.by_ref()
    assert refs["file:model.safetensors"].value("sha256") != refs["two:file:model.safetensors"].value("sha256")
    assert Fact("lines", "2", "one") in refs["file:train.csv"].facts
    assert Fact("lines", "2", "two") in refs["file:train.csv"].facts
    assert cyclonedx_faults(cyclonedx(whole)) == []
    assert spdx_faults(spdx(whole)) == []
    assert from_cyclonedx(cyclonedx(whole)) == whole
    assert merge([("one", first), ("two", second)], Bill(name="both", at=AT)) == whole


def vex(name: str, product: str, status: str, **more: object) -> bytes:
    statement = {"vulnerability": {"name": name}, "products": [{"@id": product}], "status": status, **more}
    return json.dumps(
        {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "Acme", "statements": [statement]}
    ).encode()


@pytest.mark.parametrize(
    ("product", "matches"),
    [
        ("pkg:pypi/requests@2.31.0", True),
        ("pkg:pypi/requests", True),
        ("pkg:pypi/requests@2.31.0?os=linux#x", True),
        ("pkg:pypi/requests@2.32.0", False),
        ("pkg:pypi/requestsx", False),
        ("https://example.org/requests", False),
    ],
)
def test_statements_are_joined_by_purl(folder: Path, product: str, matches: bool) -> None:
    (found,) = read_vex(vex("CVE-2024-35195", product, "affected"), "vex.json", bill_of(folder).components)
    assert found.affects == (("pkg:pypi/requests@2.31.0",) if matches else ())
    assert found.unmatched == (() if matches else (product,))
    assert found.by == "vex.json: Acme"


def test_statements_are_joined_by_digest_and_to_subcomponents(folder: Path) -> None:
    bill = bill_of(folder)
    digest = bill.by_ref()["file:model.safetensors"].value("sha256")
    product = {"@id": "https://x/y", "hashes": {"sha-256": digest}}
    statement = {"vulnerability": {"name": "A"}, "products": [product], "status": "under_investigation"}
    whole = {"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:pypi/requests@2.31.0"}]}
    more = {"vulnerability": {"name": "B"}, "products": [whole], "status": "fixed"}
    raw = json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [statement, more]}).encode()
    first, second = read_vex(raw, "v", bill.components)
    assert first.affects == ("file:model.safetensors",)
    assert second.affects == ("pkg:pypi/requests@2.31.0",)


def test_statements_of_cyclonedx_are_joined(folder: Path) -> None:
    bill = bill_of(folder)
    theirs = {"type": "library", "name": "requests", "bom-ref": "r", "purl": "pkg:pypi/requests@2.31.0"}
    serial = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#r"
    said = {"id": "CVE-1", "analysis": {"state": "not_affected", "detail": "not called"}, "affects": [{"ref": serial}]}
    raw = json.dumps({"bomFormat": "CycloneDX", "components": [theirs], "vulnerabilities": [said]}).encode()
    (found,) = read_vex(raw, "v", bill.components)
    assert (found.status, found.affects, found.detail) == ("not_affected", ("pkg:pypi/requests@2.31.0",), "not called")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b"[]",
        b'{"@context":"https://openvex.dev/ns/v0.2.0","@context":"x"}',
        vex("CVE-1", "x", "maybe"),
        vex("", "x", "fixed"),
        vex("CVE-1", "x", "not_affected"),
        vex("CVE-1", "x", "not_affected", justification="because"),
        b'{"bomFormat":"CycloneDX","vulnerabilities":[{"id":"x","analysis":{"state":"fine"}}]}',
    ],
)
def test_statements_that_are_none_are_refused(raw: bytes) -> None:
    with pytest.raises(BillError):
        read_vex(raw, "v", ())


def test_statements_are_in_both_documents(folder: Path) -> None:
    bill = bill_of(folder)
    reason = {"justification": "vulnerable_code_not_in_execute_path"}
    found = read_vex(vex("CVE-2024-35195", "pkg:pypi/requests", "affected"), "v", bill.components)
    found += read_vex(vex("CVE-1", "pkg:pypi/requests", "not_affected", **reason), "v", bill.components)
    found += read_vex(vex("CVE-2", "pkg:pypi/elsewhere", "not_affected", impact_statement="no"), "v", bill.components)
    found += read_vex(vex("CVE-3", "pkg:pypi/requests", "under_investigation"), "v", bill.components)
    found += read_vex(vex("CVE-4", "pkg:pypi/requests", "fixed"), "v", bill.components)
    whole = settled(msgspec.structs.replace(bill, vulnerabilities=tuple(found)))
    assert cyclonedx_faults(cyclonedx(whole)) == []
    assert spdx_faults(spdx(whole)) == []
    assert from_cyclonedx(cyclonedx(whole)) == whole
    assert [one.rule for one in problems(whole) if one.rule == "bom.vulnerable"] == ["bom.vulnerable"]


def test_references_in_a_circle_end(folder: Path) -> None:
    bill = bill_of(folder)
    names = [one.ref for one in bill.components]
    circle = tuple(Relation(a, Link.DEPENDS_ON, b) for a, b in zip(names, names[1:] + names[:1], strict=True))
    round_ = settled(msgspec.structs.replace(bill, relations=(*bill.relations, *circle)))
    assert from_cyclonedx(cyclonedx(round_)) == round_
    assert spdx_faults(spdx(round_)) == []
    assert completeness(round_).counted[1] == 50


def test_the_commands(folder: Path, tmp_path: Path) -> None:
    run, bom = CliRunner(), tmp_path / "models" / "bom.json"
    out = tmp_path / "bom.json"
    assert run.invoke(app, ["bom", "make", str(folder), "--at", AT, "--output", str(out)]).exit_code == 0
    bom.write_bytes(out.read_bytes())  # beside the files: it is not one of them
    checked = run.invoke(app, ["bom", "check", str(bom), "--against", str(folder), "--format", "json"])
    assert checked.exit_code == 0, checked.output
    document = json.loads(checked.output)
    assert document["schema"] == "bartizan/bom-check/v1"
    assert run.invoke(app, ["bom", "check", str(bom), "--require", "90"]).exit_code == 1
    statement = tmp_path / "vex.json"
    statement.write_bytes(vex("CVE-1", "pkg:pypi/requests", "affected"))
    assert run.invoke(app, ["bom", "check", str(bom), "--vex", str(statement)]).exit_code == 1
    statement.write_bytes(vex("CVE-1", "pkg:pypi/elsewhere", "affected"))
    assert run.invoke(app, ["bom", "check", str(bom), "--vex", str(statement)]).exit_code == 0
    bom.unlink()
    assert run.invoke(app, ["bom", "diff", str(out), str(folder)]).exit_code == 0
    (folder / "train.csv").write_text("a,b\n")
    assert run.invoke(app, ["bom", "diff", str(out), str(folder)]).exit_code == 1
    assert run.invoke(app, ["bom", "check", str(out), "--against", str(folder)]).exit_code == 1
    merged = run.invoke(app, ["bom", "merge", str(out), str(out), "--at", AT])
    assert merged.exit_code == 0
    assert cyclonedx_faults(merged.stdout_bytes) == []


def test_a_signed_document_counts_as_signed_and_a_changed_one_is_an_error(folder: Path, tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    none = serialization.NoEncryption()
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    (tmp_path / "key").write_bytes(pem)
    (tmp_path / "key").chmod(0o600)
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "key.pub").write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, public))
    run, out = CliRunner(), tmp_path / "bom.json"
    run.invoke(app, ["bom", "make", str(folder), "--at", AT, "--output", str(out)])
    signed = run.invoke(app, ["artefacts", "sign", str(out), "--key", str(tmp_path / "key")])
    assert signed.exit_code == 0, signed.output
    words = ["bom", "check", str(out), "--key", str(tmp_path / "key.pub"), "--format", "json"]
    rows = {one["id"]: one for one in json.loads(run.invoke(app, words).output)["completeness"]["rows"]}
    assert rows["metadata.signature"]["verified"] == 1
    out.write_bytes(out.read_bytes() + b"\n")
    with pytest.raises(SignatureInvalid):
        run.invoke(app, words, catch_exceptions=False)


def test_what_other_tools_leave_open_is_written_as_the_standards_want_it() -> None:
    said = {"name": "bartizan:asserted:licence:somebody", "value": ""}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"timestamp": "yesterday", "lifecycles": [{"name": "baking"}, {"phase": ""}]},
        "components": [{"type": "library", "name": "x", "bom-ref": "x", "properties": [said]}],
    }
    bill = from_cyclonedx(json.dumps(document).encode(), "theirs")
    assert (bill.at, bill.lifecycle) == ("", "baking")
    assert not bill.by_ref()["x"].of("licence")
    assert cyclonedx_faults(cyclonedx(bill)) == []
    with pytest.raises(BillError, match="time"):
        spdx(bill)
    assert spdx_faults(spdx(msgspec.structs.replace(bill, at=AT))) == []
    for given, kept in (
        ("2026-11-27T13:00:00.5+01:00", AT),
        ("2026-11-27T12:00:00", ""),
        ("0001-01-01T00:00:00+14:00", ""),
    ):
        document["metadata"] = {"timestamp": given}
        assert from_cyclonedx(json.dumps(document).encode(), "theirs").at == kept
