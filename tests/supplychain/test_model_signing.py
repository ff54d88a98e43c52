"""Signatures in the OpenSSF model-signing format: made here, made by model-signing 1.1.1, and tampered with."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from typer.testing import CliRunner

from bartizan.bench.supplychain.assembler import value, whole
from bartizan.cli.main import app
from bartizan.core.artefact import Admission
from bartizan.core.errors import ArtefactError, ConfigurationError
from bartizan.supplychain import safe_load
from bartizan.supplychain.admission.gate import open_gate
from bartizan.supplychain.signing.bundle import Bundle, decode
from bartizan.supplychain.signing.model import sign, verify
from bartizan.supplychain.signing.statement import Resource, Statement
from bartizan.trust.dsse import IN_TOTO, EllipticKey, EllipticSigner, pae
from bartizan.trust.signing import SignatureInvalid

VECTORS = json.loads((Path(__file__).parent / "vectors" / "model_signing_1.1.1.json").read_text())
PROGRAM = shutil.which("model_signing")


def key_pair(folder: Path, curve: ec.EllipticCurve | None = None, name: str = "key") -> tuple[Path, Path]:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    private, public = folder / name, folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "d").mkdir(parents=True)
    for name, content in (("a-b", "one\n"), ("d/f", "two\n"), ("z.bin", "three\n")):
        (folder / name).write_text(content)
    return folder


@pytest.fixture
def keys(tmp_path: Path) -> tuple[EllipticSigner, EllipticKey]:
    private, public = key_pair(tmp_path)
    return EllipticSigner.read(private), EllipticKey.read(public)


def test_the_encoding_that_is_signed_is_that_of_the_specification() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_a_folder_and_a_file_are_signed_and_verified(model: Path, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    private, public = key_pair(tmp_path, curve, "other")
    signer, key = EllipticSigner.read(private), EllipticKey.read(public)
    signed = sign(model, model / "model.sig", signer)
    assert [one.name for one in signed.resources] == ["a-b", "d/f", "z.bin"]
    assert verify(model, model / "model.sig", key).root == signed.root
    sign(model / "z.bin", tmp_path / "one.sig", signer)
    assert [one.name for one in verify(model / "z.bin", tmp_path / "one.sig", key).resources] == ["."]


@pytest.mark.parametrize("kind", ["files", "shards", "blake2"])
def test_what_model_signing_signed_is_verified(model: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "their.pub").write_text(VECTORS["public_key"])
    (tmp_path / "their.sig").write_text(json.dumps(VECTORS["bundles"][kind]))
    key = EllipticKey.read(tmp_path / "their.pub")
    assert len(verify(model, tmp_path / "their.sig", key).resources) == {"shards": 4}.get(kind, 3)
    for name in ("a-b", "d/f", "z.bin"):
        before = (model / name).read_bytes()
        for changed in (before[:-1] + b"!", before + b"!", before[:-1], b""):
            (model / name).write_bytes(changed)
            with pytest.raises(SignatureInvalid):
                verify(model, tmp_path / "their.sig", key)
        (model / name).write_bytes(before)


def test_digests_that_cannot_be_taken_here_are_said_to_be(model: Path, tmp_path: Path) -> None:
    (tmp_path / "their.pub").write_text(VECTORS["public_key"])
    (tmp_path / "their.sig").write_text(json.dumps(VECTORS["bundles"]["blake3"]))
    with pytest.raises(SignatureInvalid, match="blake3"):
        verify(model, tmp_path / "their.sig", EllipticKey.read(tmp_path / "their.pub"))


@pytest.mark.skipif(PROGRAM is None, reason="model_signing is not installed")
def test_model_signing_verifies_what_is_signed_here(model: Path, tmp_path: Path) -> None:
    private, public = key_pair(tmp_path)
    sign(model, model / "model.sig", EllipticSigner.read(private))
    command = [str(PROGRAM), "verify", "key", str(model), "--public_key", str(public), "--signature"]
    assert subprocess.run([*command, str(model / "model.sig")], check=False, timeout=60).returncode == 0
    (model / "a-b").write_text("other\n")
    assert subprocess.run([*command, str(model / "model.sig")], check=False, timeout=60).returncode != 0


def added(model: Path) -> None:
    (model / "d" / "new.py").write_text("x")


def removed(model: Path) -> None:
    (model / "d" / "f").unlink()


def renamed(model: Path) -> None:
    (model / "a-b").rename(model / "b")


def swapped(model: Path) -> None:
    one, other = (model / "a-b").read_bytes(), (model / "z.bin").read_bytes()
    (model / "a-b").write_bytes(other)
    (model / "z.bin").write_bytes(one)


@pytest.mark.parametrize("change", [added, removed, renamed, swapped])
def test_every_change_of_a_signed_folder_is_seen(
    model: Path, keys: tuple[EllipticSigner, EllipticKey], change: Callable[[Path], None]
) -> None:
    sign(model, model / "model.sig", keys[0])
    verify(model, model / "model.sig", keys[1])
    change(model)
    with pytest.raises(SignatureInvalid):
        verify(model, model / "model.sig", keys[1])


def test_links_are_neither_signed_nor_verified(model: Path, keys: tuple[EllipticSigner, EllipticKey]) -> None:
    sign(model, model / "model.sig", keys[0])
    (model / "a-b").rename(model.parent / "outside")
    (model / "a-b").symlink_to(model.parent / "outside")
    for act in (lambda: verify(model, model / "model.sig", keys[1]), lambda: sign(model, model / "x.sig", keys[0])):
        with pytest.raises(ArtefactError, match="link"):
            act()


def test_gits_files_and_what_is_left_out_are_not_signed(model: Path, keys: tuple[EllipticSigner, EllipticKey]) -> None:
    (model / ".git").mkdir()
    (model / ".git" / "config").write_text("x")
    sign(model, model / "model.sig", keys[0], ["d"])
    (model / ".git" / "config").write_text("y")
    (model / "d" / "f").write_text("other")
    assert [one.name for one in verify(model, model / "model.sig", keys[1]).resources] == ["a-b", "z.bin"]


def test_another_key_and_other_curves_do_not_verify(model: Path, keys: Any, tmp_path: Path) -> None:
    sign(model, model / "model.sig", keys[0])
    for curve in (ec.SECP256R1(), ec.SECP384R1()):
        other = EllipticKey.read(key_pair(tmp_path, curve, curve.name)[1])
        with pytest.raises(SignatureInvalid, match="another key"):
            verify(model, model / "model.sig", other)
        unnamed = decode(changed(model / "model.sig", lambda b: b["verificationMaterial"].update(publicKey={})))
        with pytest.raises(SignatureInvalid, match="does not belong"):
            unnamed.verify(other)
    assert decode(changed(model / "model.sig", lambda b: b["verificationMaterial"].update(publicKey={}))).verify(
        keys[1]
    )


def changed(path: Path, change: Callable[[dict[str, Any]], Any]) -> bytes:
    document = json.loads(path.read_bytes())
    change(document)
    return json.dumps(document).encode()


def _payload(document: dict[str, Any]) -> None:
    document["dsseEnvelope"]["payload"] = base64.b64encode(b"{}").decode()


def _doubled(document: dict[str, Any]) -> None:
    document["dsseEnvelope"]["signatures"] *= 2


def _kind(document: dict[str, Any]) -> None:
    document["dsseEnvelope"]["payloadType"] = "text/plain"


def _certificate(document: dict[str, Any]) -> None:
    document["verificationMaterial"] = {"x509CertificateChain": {"certificates": []}}


@pytest.mark.parametrize("change", [_payload, _doubled, _kind, _certificate])
def test_bundles_that_were_changed_do_not_verify(model: Path, keys: Any, change: Callable[[Any], Any]) -> None:
    sign(model, model / "model.sig", keys[0])
    (model / "model.sig").write_bytes(changed(model / "model.sig", change))
    with pytest.raises(SignatureInvalid):
        verify(model, model / "model.sig", keys[1])


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"\xff", b'{"mediaType": 1}', b"[" * 100_000, b'{"a":1,"a":2}'])
def test_what_is_no_bundle_is_said_to_be(raw: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        decode(raw)


@pytest.mark.parametrize(
    "resources",
    [
        [("../x", "sha256", "00" * 32)], [("/etc/passwd", "sha256", "00" * 32)], [("a//b", "sha256", "00" * 32)],
        [("a", "md5", "00" * 16)], [("a", "sha256", "00")], [("a", "sha256", "00" * 32), ("a", "sha256", "11" * 32)],
    ],
)  # fmt: skip
def test_statements_that_reach_out_or_contradict_themselves_are_refused(
    model: Path, keys: Any, resources: list[tuple[str, str, str]]
) -> None:
    payload = Statement(name="m", resources=tuple(Resource(*one) for one in resources)).encode()
    (model / "model.sig").write_bytes(Bundle.sign(payload, keys[0]).encode())
    with pytest.raises(SignatureInvalid):
        verify(model, model / "model.sig", keys[1])


def test_a_root_digest_that_is_not_that_of_the_files_is_refused(model: Path, keys: Any) -> None:
    honest = sign(model, model / "model.sig", keys[0]).encode()
    document = json.loads(honest)
    document["subject"][0]["digest"]["sha256"] = "00" * 32
    lying = Bundle(payload=json.dumps(document).encode(), signature=b"", hint="")
    again = Bundle.sign(lying.payload, keys[0])
    (model / "model.sig").write_bytes(again.encode())
    with pytest.raises(SignatureInvalid, match="not that of its files"):
        verify(model, model / "model.sig", keys[1])
    assert again.verify(keys[1]) == lying.payload
    assert IN_TOTO in again.encode().decode()


def test_keys_of_another_kind_are_refused(tmp_path: Path) -> None:
    rsa_key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "rsa").write_bytes(rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass")
    )
    (tmp_path / "locked").write_bytes(locked)
    assert EllipticSigner.read(tmp_path / "locked", "pass")
    for name, password in (("rsa", ""), ("locked", ""), ("locked", "word"), ("absent", "")):
        with pytest.raises(ConfigurationError):
            EllipticSigner.read(tmp_path / name, password)
    with pytest.raises(ConfigurationError):
        EllipticKey.read(tmp_path / "rsa")


# -- what policy makes of it

GOOD, OTHER = whole(value([1])), whole(value([2]))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    assert CliRunner().invoke(app, ["init", str(tmp_path / "ws")]).exit_code == 0
    folder = tmp_path / "ws"
    key_pair(folder, name="release")
    signers = [{"name": "release", "key": "release.pub"}]
    (folder / "policy.yaml").write_text(yaml.safe_dump({"version": 1, "artefacts": {"signers": signers}}))
    (folder / "hub" / "parts").mkdir(parents=True)
    (folder / "hub" / "parts" / "a.pkl").write_bytes(GOOD)
    (folder / "hub" / "b.pkl").write_bytes(OTHER)
    return folder


def decided(workspace: Path, name: str = "hub/parts/a.pkl") -> tuple[Admission, str, str]:
    with open_gate(workspace) as gate:
        decision = gate.decide(workspace / name)
    return decision.admission, decision.policy, decision.facts.signer


def command(*words: str) -> Any:
    return CliRunner().invoke(app, ["artefacts", *words])


def test_where_signers_are_named_only_what_they_signed_is_admitted(workspace: Path) -> None:
    assert decided(workspace) == (Admission.INCONCLUSIVE, "hold_unsigned", "")
    assert command("sign", str(workspace / "hub"), "--key", str(workspace / "release")).exit_code == 0
    assert decided(workspace) == (Admission.ALLOW, "permit_scanned", "release")
    assert decided(workspace, "hub/model.sig")[0] is Admission.ALLOW
    (workspace / "hub" / "new.pkl").write_bytes(GOOD)
    assert decided(workspace, "hub/new.pkl")[1] == "hold_unsigned"
    (workspace / "hub" / "new.pkl").unlink()
    names = safe_load(
        workspace / "hub", lambda copy: sorted(one.name for one in copy.rglob("*.pkl")), workspace=workspace
    )
    assert names == ["a.pkl", "b.pkl"]
    (workspace / "hub" / "parts" / "a.pkl").write_bytes(OTHER)
    assert decided(workspace)[:2] == (Admission.BLOCK, "forbid_signature")


def test_a_stranger_or_an_old_signature_admits_nothing(workspace: Path, tmp_path: Path) -> None:
    key_pair(tmp_path, name="mallory")
    path = workspace / "hub" / "parts" / "a.pkl"
    assert command("sign", str(path), "--key", str(tmp_path / "mallory")).exit_code == 0
    assert decided(workspace)[:2] == (Admission.INCONCLUSIVE, "hold_unsigned")
    assert command("sign", str(path), "--key", str(workspace / "release")).exit_code == 0
    assert decided(workspace)[0] is Admission.ALLOW
    old = path.with_name("a.pkl.sig").read_bytes()
    path.write_bytes(OTHER)
    path.with_name("a.pkl.sig").unlink()
    assert command("sign", str(workspace / "hub"), "--key", str(workspace / "release")).exit_code == 0
    assert decided(workspace)[0] is Admission.ALLOW
    path.write_bytes(GOOD)
    path.with_name("a.pkl.sig").write_bytes(old)
    assert decided(workspace)[:2] == (Admission.BLOCK, "forbid_signature")


def test_the_commands_say_what_is_signed(workspace: Path) -> None:
    hub, private = str(workspace / "hub"), str(workspace / "release")
    made = command("sign", hub, "--key", private, "--format", "json")
    shown = json.loads(command("verify", hub, "--key", private + ".pub", "--format", "json").stdout)
    assert (shown["files"], shown["digest"]) == (2, json.loads(made.stdout)["digest"])
    assert "verified" in command("verify", hub, "--key", private + ".pub").stdout
    (workspace / "hub" / "b.pkl").write_bytes(GOOD)
    failed = command("verify", hub, "--key", private + ".pub")
    assert failed.exit_code == 1
    assert "b.pkl is not what was signed" in failed.stdout
    policy = workspace / "policy.yaml"
    policy.write_text(policy.read_text().replace("release.pub", "absent.pub"))
    checked = CliRunner().invoke(app, ["policy", "check", "--workspace", str(workspace)])
    assert checked.exit_code == 2
    assert "absent.pub" in checked.stdout
