"""Models that an identity signed without a key of its own: the command line, admission, and who counts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.trust.sigstore_building import IDENTITY, ISSUER, Sigstore
from typer.testing import CliRunner, Result

from bartizan.bench.supplychain.assembler import value, whole
from bartizan.cli.main import app
from bartizan.core.artefact import Admission
from bartizan.core.errors import BartizanError
from bartizan.supplychain.admission.gate import Decision, open_gate
from bartizan.supplychain.signing.statement import WHOLE, Resource, Statement

STORE = Sigstore()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A signed file, its bundle beside it, and ``root.json``."""
    file = tmp_path / "m.pkl"
    file.write_bytes(whole(value({"a": [1, 2]})))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    statement = Statement(name="m.pkl", resources=(Resource(WHOLE, "sha256", digest),))
    (tmp_path / "m.pkl.sig").write_text(json.dumps(STORE.bundle(statement.encode())))
    (tmp_path / "root.json").write_text(json.dumps(STORE.trust_root()))
    return file


def verify(model: Path, *words: str) -> Result:
    root = ("--trust-root", str(model.with_name("root.json")))
    return CliRunner().invoke(app, ["artefacts", "verify", str(model), *root, *words])


def test_a_keyless_signature_is_verified_on_the_command_line(model: Path) -> None:
    who = ("--identity", IDENTITY, "--issuer", ISSUER)
    assert verify(model, *who).exit_code == 0
    assert verify(model, "--identity", IDENTITY[:-1], "--issuer", ISSUER).exit_code == 1
    assert verify(model, "--identity", IDENTITY, "--issuer", "https://other.example").exit_code == 1
    for words in (who[:2], who[2:], (*who, "--as-of", "2026-11-20T12:00:00Z"), (*who, "--key", "x")):
        assert isinstance(verify(model, *words).exception, BartizanError)
    model.write_bytes(whole(value({"a": [1, 3]})))
    assert verify(model, *who).exit_code == 1


def test_admission_counts_an_identity_as_a_signer(model: Path, tmp_path: Path) -> None:
    root = tmp_path / "ws"
    assert CliRunner().invoke(app, ["init", str(root)]).exit_code == 0
    model.with_name("root.json").rename(root / "sigstore.json")
    policy = (root / "policy.yaml").read_text()
    assert "signers: []" in policy

    def decided(identity: str) -> Decision:
        signer = f"{{name: release, trust_root: sigstore.json, identity: '{identity}', issuer: '{ISSUER}'}}"
        (root / "policy.yaml").write_text(policy.replace("signers: []", f"signers: [{signer}]"))
        with open_gate(root) as gate:
            return gate.decide(model)

    for identity in (IDENTITY, "https://github.com/acme/*"):
        assert decided(identity).facts.signature == "valid"
        assert decided(identity).facts.signer == "release"
    stranger = decided("https://github.com/mallory/*")
    assert (stranger.facts.signature, stranger.admission) == ("untrusted", Admission.INCONCLUSIVE)
    model.write_bytes(whole(value({"a": [1, 3]})))
    assert (decided(IDENTITY).facts.signature, decided(IDENTITY).admission) == ("invalid", Admission.BLOCK)


@pytest.mark.parametrize(
    "signer",
    [
        "{name: a, trust_root: s.json}",
        "{name: a, trust_root: s.json, identity: '*', issuer: 'https://i.example'}",
        "{name: a, trust_root: s.json, identity: b@c.example}",
        "{name: a, trust_root: s.json, key: k.pub, identity: b@c.example, issuer: 'https://i.example'}",
        "{name: a, key: k.pub, issuer: 'https://i.example'}",
    ],
)
def test_a_signer_under_a_trust_root_needs_identity_and_issuer(signer: str, tmp_path: Path) -> None:
    root = tmp_path / "ws"
    assert CliRunner().invoke(app, ["init", str(root)]).exit_code == 0
    policy = (root / "policy.yaml").read_text()
    (root / "policy.yaml").write_text(policy.replace("signers: []", f"signers: [{signer}]"))
    with pytest.raises(BartizanError), open_gate(root):
        pass
