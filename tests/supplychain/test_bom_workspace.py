"""Bills with what people say in a workspace, and the same bills as SPDX."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from pathlib import Path

import pytest
from bom_schemas import cyclonedx_faults, spdx_faults
from building import safetensors
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.supplychain.bom.bill import Bill, Fact, Kind, Link, Relation
from bartizan.supplychain.bom.cyclonedx import cyclonedx
from bartizan.supplychain.bom.cyclonedx_read import from_cyclonedx
from bartizan.supplychain.bom.describing import Describer
from bartizan.supplychain.bom.files import Place, describe_all
from bartizan.supplychain.bom.make import Heading, assemble, files_part, with_register, workspace_parts
from bartizan.supplychain.bom.spdx import spdx
from bartizan.workspace.scaffold import write_workspace
from bartizan.workspace.workspace import Workspace

AT = "2026-11-27T12:00:00Z"
WEIGHTS = safetensors({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, b"\0" * 8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_workspace(tmp_path / "ws")
    root = tmp_path / "ws"
    (root / "models").mkdir()
    (root / "models" / "model.safetensors").write_bytes(WEIGHTS)
    (root / "models" / "data.jsonl").write_text('{"a": 1}\n')
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    text = (root / "system.yaml").read_text()
    said = f"provenance: {{trust: vetted, supplier: model provider, digest: 'sha256:{digest}', licence: mit}}"
    (root / "system.yaml").write_text(text.replace("provenance: {trust: vetted, supplier: model provider}", said))
    return root


def bill_of(root: Path) -> Bill:
    workspace, paths = Workspace(root), [root / "models"]
    place = Place(paths)
    files = with_register(files_part(describe_all(paths, Describer(), 1), place), workspace, place)
    return assemble(Heading(at=AT, author="Ada"), [files, *workspace_parts(workspace)], place.name)


def test_what_is_described_is_joined_to_the_file_with_its_digest(root: Path) -> None:
    bill = bill_of(root)
    model = bill.by_ref()["system:model"]
    assert Fact("parameters", "2") in model.facts
    assert Fact("licence", "MIT", "system.yaml") in model.facts
    assert Relation("system:model", Link.CONTAINS, "file:model.safetensors") in bill.relations
    assert bill.by_ref()["file:model.safetensors"].kind is Kind.PART


def test_guards_flows_and_the_purpose_are_in_it(root: Path) -> None:
    bill = bill_of(root)
    guard = bill.by_ref()["guard:user/prompt_injection"]
    assert {Fact("action", "block", "policy.yaml"), Fact("mode", "enforce", "policy.yaml")} <= set(guard.facts)
    assert Relation("system:gateway", Link.GUARDED_BY, guard.ref) in bill.relations
    assert {flow.id for flow in bill.flows} == {"ask", "search", "complete", "forward"}
    assert next(flow for flow in bill.flows if flow.id == "forward").sensitivity == "confidential"
    assert bill.name == "Help-desk assistant"
    assert any(fact.name == "use_case" and fact.by == "system.yaml: example author" for fact in bill.facts)


def test_a_guard_that_only_watches_says_so(root: Path) -> None:
    policy = root / "policy.yaml"
    policy.write_text(policy.read_text().replace("mode: enforce  ", "mode: monitor  "))
    assert bill_of(root).by_ref()["guard:user/prompt_injection"].value("mode") == "monitor"


def test_the_register_speaks_by_digest_and_by_path(root: Path) -> None:
    day = datetime.date(2026, 11, 27)
    right = f"- {{path: models/model.safetensors, sha256: '{hashlib.sha256(WEIGHTS).hexdigest()}', licence: MIT, "
    right += f"origin: huggingface.co/acme/x, by: ada, date: {day}}}\n"
    wrong = f"- {{path: models/data.jsonl, sha256: '{'0' * 64}', by: bob, date: {day}}}\n"
    (root / "artefacts.yaml").write_text(right + wrong)
    found = bill_of(root).by_ref()
    assert Fact("origin", "huggingface.co/acme/x", "artefacts.yaml: ada") in found["file:model.safetensors"].facts
    assert Fact("sha256", "0" * 64, "artefacts.yaml: bob") in found["file:data.jsonl"].facts
    assert found["file:data.jsonl"].of("sha256")[0].verified


def test_both_documents_satisfy_their_judges(root: Path) -> None:
    bill = bill_of(root)
    assert cyclonedx_faults(cyclonedx(bill)) == []
    assert spdx_faults(spdx(bill)) == []
    assert from_cyclonedx(cyclonedx(bill)) == bill


@pytest.mark.parametrize("damage", ["relationshipType", "to", "unknown"])
def test_the_judge_of_spdx_would_object(root: Path, damage: str) -> None:
    document = json.loads(spdx(bill_of(root)))
    one = next(one for one in document["@graph"] if one["type"] == "Relationship")
    one |= {"relationshipType": "likes"} if damage == "relationshipType" else {}
    one |= {"to": ["https://example.org/nobody"]} if damage == "to" else {}
    one |= {"colour": "red"} if damage == "unknown" else {}
    assert spdx_faults(json.dumps(document).encode())


def profiles(bill: Bill) -> list[str]:
    graph = json.loads(spdx(bill))["@graph"]
    return next(one["profileConformance"] for one in graph if one["type"] == "SpdxDocument")


def test_a_profile_is_declared_only_where_all_of_it_is_known(root: Path) -> None:
    bill = bill_of(root)
    assert "ai" not in profiles(bill)
    assert "dataset" not in profiles(bill)
    full = [Fact("source", "https://example.org/m"), Fact("version", "1"), Fact("released", "2026-01-02")]
    full += [Fact("supplier", "Acme", "system.yaml"), Fact("producer", "Acme"), Fact("built", "2026-01-01")]
    parts = [one.with_facts(full) for one in bill.components]
    known = Bill(name="known", at=AT, components=tuple(parts))
    assert {"ai", "dataset"} <= set(profiles(known))
    assert spdx_faults(spdx(known)) == []


def test_secrets_of_the_deployment_stay_out(root: Path) -> None:
    servers = [
        "{name: files, command: [/opt/files, --token=hunter2], env: {KEY: hunter2}}",
        '{name: web, url: "https://ada:hunter2@mcp.example.org/x?key=hunter2", headers: {x-key: hunter2}}',
    ]
    with (root / "bartizan.yaml").open("a") as file:
        file.write(f"\nmcp:\n  servers:\n    - {servers[0]}\n    - {servers[1]}\n")
    raw = cyclonedx(bill_of(root))
    assert b"hunter2" not in raw
    assert b"https://mcp.example.org/x" in raw


def test_scan_writes_bills_with_verdicts(root: Path) -> None:
    run = CliRunner(env={"SOURCE_DATE_EPOCH": "1795780800"})
    for form, faults in (("cyclonedx", cyclonedx_faults), ("spdx", spdx_faults)):
        result = run.invoke(app, ["scan", str(root / "models"), "--format", form])
        assert result.exit_code == 0, result.output
        assert faults(result.stdout_bytes) == []
        assert result.stdout_bytes == run.invoke(app, ["scan", str(root / "models"), "--format", form]).stdout_bytes
    (root / "models" / "evil.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    result = run.invoke(app, ["scan", str(root / "models"), "--format", "cyclonedx"])
    assert result.exit_code == 1
    assert from_cyclonedx(result.stdout_bytes).by_ref()["file:evil.pkl"].value("verdict") == "block"


def test_the_command_takes_a_workspace_in(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "bom.spdx.json"
    words = ["bom", "make", str(root / "models"), "--workspace", str(root), "--at", AT, "--format", "spdx"]
    assert CliRunner().invoke(app, [*words, "--output", os.fspath(out)]).exit_code == 0
    assert spdx_faults(out.read_bytes()) == []
