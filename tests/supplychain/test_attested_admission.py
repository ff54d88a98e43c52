"""Admission asks for decisions that somebody else signed: CI for what runs."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from bartizan.bench.supplychain.assembler import value, whole
from bartizan.cli.main import app
from bartizan.core.artefact import Admission
from bartizan.supplychain.admission.attested import Attestors
from bartizan.supplychain.admission.attesting import attest_decision
from bartizan.supplychain.admission.gate import Decision, open_gate
from bartizan.trust.dsse import EllipticSigner


@pytest.mark.parametrize("pack", ["balanced", "strict"])
def test_what_nobody_attested_is_held_and_what_was_refused_is_blocked(tmp_path: Path, pack: str) -> None:
    root = tmp_path / "ws"
    assert CliRunner().invoke(app, ["init", str(root)]).exit_code == 0
    model = tmp_path / "m.pkl"
    model.write_bytes(whole(value({"a": [1, 2]})))
    pin = ["artefacts", "pin", str(model), "--by", "ada", "--origin", "hub.example/a", "--licence", "MIT"]
    assert CliRunner().invoke(app, [*pin, "--workspace", str(root), "--write"]).exit_code == 0
    key = ec.generate_private_key(ec.SECP256R1())
    signer, stranger = EllipticSigner(key), EllipticSigner(ec.generate_private_key(ec.SECP256R1()))
    (root / "ci.pub").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    policy = (root / "policy.yaml").read_text().replace("  pack: balanced ", f"  pack: {pack} ")
    policy = policy.replace("origins: []", "origins: [hub.example]").replace("licences: []", "licences: [MIT]")
    (root / "policy.yaml").write_text(policy)

    def decided() -> Decision:
        with open_gate(root) as gate:
            return gate.decide(model)

    first = decided()
    assert (first.admission, first.facts.attestation) == (Admission.ALLOW, "none")
    asking = policy.replace("artefacts:\n", "artefacts:\n  attestors: [{name: ci, key: ci.pub}]\n")
    (root / "policy.yaml").write_text(asking)
    assert (decided().admission, decided().policy) == (Admission.INCONCLUSIVE, "hold_unattested")
    folder = root / "attestations"
    attest_decision(first, folder, stranger)
    assert (decided().admission, decided().facts.attestation) == (Admission.INCONCLUSIVE, "invalid")
    attest_decision(first, folder, signer)
    assert (decided().admission, decided().facts.attestor) == (Admission.ALLOW, "ci")
    for moved in (datetime.timedelta(days=31), datetime.timedelta(hours=-1)):
        at = first.at + moved
        assert Attestors({"ci": signer.public}, folder, 30, lambda at=at: at).of(first.sha256).state == "old"
    attest_decision(msgspec.structs.replace(first, observed=Admission.BLOCK), folder, signer)
    assert (decided().admission, decided().policy) == (Admission.BLOCK, "forbid_refused")
