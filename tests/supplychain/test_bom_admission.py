"""A bill of materials as evidence of admission: it only ever asks for more."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from building import safetensors
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner, Result

from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.admission.gate import rules_of
from bartizan.supplychain.bom.bill import Bill, Component, Fact, Kind, Link, Relation, Vulnerability, settled
from bartizan.supplychain.bom.cyclonedx import cyclonedx
from bartizan.supplychain.bom.evidence import Billed, BillEvidence
from bartizan.workspace.workspace import Workspace

WEIGHTS = safetensors({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, b"\0" * 8)
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
AT = "2026-11-27T12:00:00Z"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    assert run("init", str(root)).exit_code == 0
    (root / "models").mkdir()
    (root / "models" / "m.safetensors").write_bytes(WEIGHTS)
    return root


def name_bill(root: Path, elements: str = "[]") -> None:
    made = run("bom", "make", str(root / "models"), "--at", AT, "--output", str(root / "bom.json"))
    assert made.exit_code == 0
    policy = root / "policy.yaml"
    text = (
        policy.read_text()
        .replace('  bom: ""  ', "  bom: bom.json  ")
        .replace("bom_elements: []", f"bom_elements: {elements}")
    )
    policy.write_text(text)


def decided(root: Path) -> tuple[str, str]:
    done = run("artefacts", "admit", str(root / "models"), "--workspace", str(root), "--format", "json")
    (one,) = json.loads(done.output)["decisions"]
    return one["admission"], one["policy"]


def test_what_the_bill_lists_is_admitted_and_an_exchanged_file_is_held(root: Path) -> None:
    assert decided(root) == ("allow", "permit_scanned")
    name_bill(root)
    assert decided(root) == ("allow", "permit_scanned")
    (root / "models" / "m.safetensors").write_bytes(WEIGHTS[:-1] + b"\1")
    assert decided(root) == ("inconclusive", "hold_unbilled")


def test_a_bill_that_lacks_what_policy_asks_for_holds_until_somebody_waives_it(root: Path) -> None:
    name_bill(root, "[model.licence]")
    assert decided(root) == ("inconclusive", "hold_incomplete")
    today = datetime.datetime.now(datetime.UTC).date()
    waiver = {"subject": "hold_incomplete", "sha256": DIGEST, "reason": "ours", "author": "ada"}
    waiver |= {"date": str(today), "expires": str(today + datetime.timedelta(3))}
    lines = [f"  {key}: {value!r}" if key == "sha256" else f"  {key}: {value}" for key, value in waiver.items()]
    (root / "waivers.yaml").write_text("-" + "\n".join(lines)[1:] + "\n")
    assert decided(root) == ("allow", "permit_scanned")


def test_a_vulnerability_in_what_the_model_depends_on_holds_it(root: Path) -> None:
    name_bill(root)
    parts = (
        Component(ref="m", kind=Kind.MODEL, name="m", facts=(Fact("sha256", DIGEST),)),
        Component(ref="l", kind=Kind.LIBRARY, name="l"),
    )
    links = (Relation("m", Link.DEPENDS_ON, "l"), Relation("l", Link.DEPENDS_ON, "m"))
    said = Vulnerability(id="CVE-1", status="affected", affects=("l",))
    bill = settled(Bill(name="x", at=AT, components=parts, relations=links, vulnerabilities=(said,)))
    (root / "bom.json").write_bytes(cyclonedx(bill))
    assert decided(root) == ("inconclusive", "hold_vulnerable")
    fixed = msgspec.structs.replace(said, status="fixed")
    (root / "bom.json").write_bytes(cyclonedx(msgspec.structs.replace(bill, vulnerabilities=(fixed,))))
    assert decided(root) == ("allow", "permit_scanned")


def test_a_bill_never_admits_what_the_scanner_blocks(root: Path) -> None:
    (root / "models" / "m.safetensors").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    name_bill(root)
    assert decided(root) == ("block", "forbid_hostile")


def test_a_part_lacks_what_its_model_lacks() -> None:
    model = Component(ref="model", kind=Kind.MODEL, name="m", facts=(Fact("licence", "MIT", "card"),))
    part = Component(ref="part", kind=Kind.PART, name="p", facts=(Fact("sha256", DIGEST),))
    evidence = BillEvidence(
        Bill(name="x", components=(model, part), relations=(Relation("model", Link.CONTAINS, "part"),))
    )
    assert "model.licence" not in evidence.of(DIGEST).missing
    assert "model.version" in evidence.of(DIGEST).missing
    assert evidence.of("") == Billed()
    assert evidence.of("0" * 64) == Billed()


@pytest.mark.parametrize("damage", ["missing", "broken", "element", "outside"])
def test_a_bill_that_cannot_be_asked_stops_every_decision_and_policy_check_says_so(root: Path, damage: str) -> None:
    name_bill(root, "[model.colour]" if damage == "element" else "[]")
    if damage == "missing":
        (root / "bom.json").unlink()
    elif damage == "broken":
        (root / "bom.json").write_text("{}")
    elif damage == "outside":
        policy = root / "policy.yaml"
        policy.write_text(policy.read_text().replace("bom: bom.json", "bom: ../bom.json"))
    with pytest.raises(ConfigurationError):
        rules_of(Workspace(root))
    checked = run("policy", "check", "--workspace", str(root))
    assert checked.exit_code == 2
    assert "policy.yaml:" in checked.output


def test_where_there_are_signers_one_of_them_must_have_signed_the_bill(root: Path, tmp_path: Path) -> None:
    name_bill(root)
    private = ec.generate_private_key(ec.SECP256R1())
    none = serialization.NoEncryption()
    key = tmp_path / "key"
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none))
    key.chmod(0o600)
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (root / "key.pub").write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, public))
    policy = root / "policy.yaml"
    policy.write_text(policy.read_text().replace("  signers: []", "  signers: [{name: ada, key: key.pub}]"))
    with pytest.raises(ConfigurationError, match="signed by none"):
        rules_of(Workspace(root))
    assert run("artefacts", "sign", str(root / "bom.json"), "--key", str(key)).exit_code == 0
    rules_of(Workspace(root))
    (root / "bom.json").write_bytes((root / "bom.json").read_bytes() + b"\n")
    with pytest.raises(ConfigurationError, match="signed by none"):
        rules_of(Workspace(root))
