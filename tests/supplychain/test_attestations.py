"""Signed decisions: what they say, and everything that is wrong with one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from typer.testing import CliRunner, Result

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.cli.main import app
from bartizan.supplychain.signing.bundle import Bundle
from bartizan.trust.dsse import EllipticSigner
from bartizan.workspace.scaffold import write_workspace

GOOD, BAD = whole(value({"a": 1})), whole(call("os", "system", ("true",)))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["artefacts", *words])


def key(folder: Path, name: str) -> EllipticSigner:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / name).write_bytes(pem)
    (folder / f"{name}.pub").write_bytes(
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return EllipticSigner(private)


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    write_workspace(tmp_path / "ws")
    key(tmp_path, "ci")
    (tmp_path / "good.pkl").write_bytes(GOOD)
    (tmp_path / "bad.pkl").write_bytes(BAD)
    words = ("--workspace", str(tmp_path / "ws"), "--attest", str(tmp_path / "out"), "--key", str(tmp_path / "ci"))
    assert run("admit", str(tmp_path / "good.pkl"), str(tmp_path / "bad.pkl"), *words).exit_code == 1
    return tmp_path


def ask(lab: Path, name: str, signer: str = "ci") -> tuple[int, str]:
    words = ("--attestations", str(lab / "out"), "--key", str(lab / f"{signer}.pub"), "--format", "json")
    done = run("attested", str(lab / name), *words)
    return done.exit_code, json.loads(done.stdout)["state"]


def statement(path: Path) -> dict[str, Any]:
    envelope = json.loads(path.read_text(encoding="utf-8"))["dsseEnvelope"]
    out: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
    return out


def test_what_was_decided_is_attested(lab: Path) -> None:
    assert ask(lab, "good.pkl") == (0, "admitted")
    assert ask(lab, "bad.pkl") == (1, "refused")
    found = {one["subject"][0]["name"]: one for one in map(statement, (lab / "out").iterdir())}
    good, bad = found["good.pkl"], found["bad.pkl"]
    assert good["_type"] == "https://in-toto.io/Statement/v1"
    assert good["predicateType"] == "https://slsa.dev/verification_summary/v1"
    assert (good["predicate"]["verificationResult"], bad["predicate"]["verificationResult"]) == ("PASSED", "FAILED")
    assert "pickle.dangerous_global" in bad["predicate"]["bartizan_admission"]["rules"]
    assert len(good["predicate"]["policy"]["digest"]["sha256"]) == 64


def test_other_bytes_other_signers_and_broken_ones(lab: Path) -> None:
    key(lab, "mallory")
    assert ask(lab, "good.pkl", "mallory") == (1, "invalid")
    (lab / "new.pkl").write_bytes(whole(value({"a": 2})))
    assert ask(lab, "new.pkl") == (2, "none")
    place = next(one for one in (lab / "out").iterdir() if statement(one)["subject"][0]["name"] == "good.pkl")
    (lab / "bad.pkl").write_bytes(GOOD + b"x")
    place.write_bytes(b"{}")
    assert ask(lab, "good.pkl") == (1, "invalid")


@pytest.mark.parametrize(
    ("where", "said", "state"),
    [
        (("predicate", "verificationResult"), "FAILED", (1, "refused")),
        (("predicate", "timeVerified"), "2020-01-01T00:00:00Z", (2, "old")),
        (("predicate", "timeVerified"), "2999-01-01T00:00:00Z", (2, "old")),
        (("predicate", "timeVerified"), "yesterday", (1, "invalid")),
        (("predicate", "timeVerified"), "2026-11-27T00:00:00", (1, "invalid")),
        (("predicate", "verifier"), {"id": "https://other.example"}, (1, "invalid")),
        (("predicateType",), "https://model_signing/signature/v1.0", (1, "invalid")),
        (("subject",), [{"name": "x", "digest": {"sha256": "00"}}], (1, "invalid")),
        (("subject",), [], (1, "invalid")),
    ],
)
def test_what_a_signed_statement_may_say(lab: Path, where: tuple[str, ...], said: Any, state: tuple[int, str]) -> None:
    signer = EllipticSigner.read(lab / "ci")
    place = next(one for one in (lab / "out").iterdir() if statement(one)["subject"][0]["name"] == "good.pkl")
    document = statement(place)
    inner = document
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = said
    place.write_bytes(Bundle.sign(json.dumps(document).encode(), signer).encode())
    assert ask(lab, "good.pkl") == state


def test_an_observing_pack_attests_no_admission(lab: Path) -> None:
    policy = lab / "ws" / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("pack: balanced", "pack: observe"), encoding="utf-8")
    words = ("--workspace", str(lab / "ws"), "--attest", str(lab / "out"), "--key", str(lab / "ci"))
    assert run("admit", str(lab / "bad.pkl"), *words).exit_code == 0
    assert ask(lab, "bad.pkl") == (1, "refused")


def test_folder_and_key_go_together(lab: Path) -> None:
    assert run("admit", str(lab / "good.pkl"), "--workspace", str(lab / "ws"), "--attest", str(lab / "o")).exception
