"""Models signed under certificates and with keys in tokens: here and by model-signing 1.1.1; and what policy says."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from tests.trust.authorities import DAY, NOW, Held, chain, issue, write, write_key
from typer.testing import CliRunner

from bartizan.bench.supplychain.assembler import value, whole
from bartizan.cli.main import app
from bartizan.core.artefact import Admission
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.admission.gate import open_gate
from bartizan.supplychain.signing.bundle import decode
from bartizan.supplychain.signing.model import sign, verify
from bartizan.trust.certificates import CertificateTrust, CertifiedSigner
from bartizan.trust.dsse import EllipticKey, EllipticSigner
from bartizan.trust.pkcs11 import TokenKey, TokenSigner
from bartizan.trust.signing import SignatureInvalid

VECTORS = json.loads((Path(__file__).parent / "vectors" / "model_signing_1.1.1.json").read_text())
PROGRAM = shutil.which("model_signing")
MODULE = next((one for one in (
    Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
) if one.exists()), None)  # fmt: skip
NO_TOKEN = MODULE is None or importlib.util.find_spec("pkcs11") is None
NEEDS_TOKEN = pytest.mark.skipif(NO_TOKEN, reason="softhsm2 or python-pkcs11 is not installed")
NEEDS_PROGRAM = pytest.mark.skipif(PROGRAM is None, reason="model_signing is not installed")


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["artefacts", *words])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "d").mkdir(parents=True)
    for name, content in (("a-b", "one\n"), ("d/f", "two\n"), ("z.bin", "three\n")):
        (folder / name).write_text(content)
    return folder


class Lab(NamedTuple):
    roots: Path
    certificate: Path
    middle: Path
    key: Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    now = utc_now()
    root = issue("Acme Root", authority=True, start=now - DAY, end=now + DAY)
    middle = issue("Acme Issuing", root, authority=True, start=now - DAY, end=now + DAY)
    leaf = issue("Release", middle, mail="release@acme.example", start=now - DAY / 2, end=now + DAY)
    return Lab(
        write(tmp_path / "roots.pem", root), write(tmp_path / "leaf.pem", leaf), write(tmp_path / "middle.pem", middle),
        write_key(tmp_path / "key", leaf),
    )  # fmt: skip


def signed(model: Path, lab: Lab, *more: str) -> Any:
    words = ("--key", str(lab.key), "--certificate", str(lab.certificate), "--certificate", str(lab.middle))
    return run("sign", str(model), *words, *more)


def test_a_model_is_signed_under_a_certificate_and_verified_by_its_roots(model: Path, lab: Lab) -> None:
    assert signed(model, lab).exit_code == 0
    roots = ("--roots", str(lab.roots))
    for more in ((), ("--identity", "release@acme.example"), ("--identity", "CN=Release")):
        assert run("verify", str(model), *roots, *more).exit_code == 0
    assert run("verify", str(model), *roots, "--identity", "mallory@acme.example").exit_code == 1
    assert run("verify", str(model), *roots, "--as-of", "2020-01-01T00:00:00Z").exit_code == 1
    assert run("verify", str(model), "--roots", str(lab.certificate)).exit_code == 0  # the signer's own
    assert run("verify", str(model), "--roots", str(lab.middle)).exit_code == 0
    (model / "a-b").write_text("other\n")
    assert run("verify", str(model), *roots).exit_code == 1
    for words in ((), ("--key", "x", *roots), ("--key", "x", "--identity", "y"), (*roots, "--as-of", "yesterday")):
        assert isinstance(run("verify", str(model), *words).exception, ConfigurationError)


def test_what_model_signing_signed_under_a_certificate_is_verified(model: Path, tmp_path: Path) -> None:
    (tmp_path / "their.sig").write_text(json.dumps(VECTORS["certificate"]["bundle"]))
    (tmp_path / "roots.pem").write_text(VECTORS["certificate"]["roots"])
    trust = CertificateTrust.read(tmp_path / "roots.pem", "release@acme.example", now=lambda: NOW)
    assert len(verify(model, tmp_path / "their.sig", trust).resources) == 3
    (model / "z.bin").write_text("other\n")
    with pytest.raises(SignatureInvalid, match=r"z\.bin"):
        verify(model, tmp_path / "their.sig", trust)


def test_what_model_signing_signed_with_a_token_is_verified(model: Path, tmp_path: Path) -> None:
    (tmp_path / "their.sig").write_text(json.dumps(VECTORS["token"]["bundle"]))
    (tmp_path / "their.pub").write_text(VECTORS["token"]["public_key"])
    assert len(verify(model, tmp_path / "their.sig", EllipticKey.read(tmp_path / "their.pub")).resources) == 3


def theirs(*words: str) -> int:
    return subprocess.run([str(PROGRAM), "verify", *words], check=False, timeout=60).returncode


@NEEDS_PROGRAM
def test_model_signing_verifies_what_is_signed_here_under_a_certificate(model: Path, lab: Lab) -> None:
    assert signed(model, lab).exit_code == 0
    words = (
        "certificate", str(model), "--signature", str(model / "model.sig"), "--certificate_chain", str(lab.roots)
    )  # fmt: skip
    assert theirs(*words) == 0
    (model / "a-b").write_text("other\n")
    assert theirs(*words) != 0


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URI of a key pair in a new SoftHSM token."""
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    folder, settings = tmp_path / "tokens", tmp_path / "softhsm2.conf"
    folder.mkdir()
    settings.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    label = f"release-{os.urandom(4).hex()}"
    initialise = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", "1234", "--so-pin", "567890"]
    subprocess.run(initialise, check=True, capture_output=True, timeout=60)
    library = pkcs11.lib(str(MODULE))
    library.reinitialize()
    with library.get_token(token_label=label).open(user_pin="1234", rw=True) as session:
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
        )
        parameters.generate_keypair(store=True, label="signing", id=b"\x07")
    monkeypatch.setenv("PIN", "1234")
    yield f"pkcs11:token={label};object=signing?module-path={MODULE}"
    library.finalize() if hasattr(library, "finalize") else None


@NEEDS_TOKEN
def test_a_key_in_a_token_signs(model: Path, tmp_path: Path, token: str) -> None:
    assert run("sign", str(model), "--key", token, "--password-env", "PIN").exit_code == 0
    signer = TokenSigner(TokenKey.parse(token), "1234")
    assert verify(model, model / "model.sig", signer.public).resources
    by_id = token.replace("object=signing", "id=%07")
    assert TokenSigner(TokenKey.parse(by_id), "1234").public == signer.public
    (tmp_path / "pin").write_text("1234\n")
    assert TokenSigner(TokenKey.parse(f"{token}&pin-source=file:{tmp_path}/pin")).public == signer.public
    (model / "a-b").write_text("other\n")
    with pytest.raises(SignatureInvalid):
        verify(model, model / "model.sig", signer.public)


@NEEDS_TOKEN
def test_a_key_in_a_token_signs_under_a_certificate(model: Path, tmp_path: Path, token: str) -> None:
    signer = TokenSigner(TokenKey.parse(token), "1234")
    root, middle, _ = chain()
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    like = issue("Release", middle).certificate
    builder = (
        x509.CertificateBuilder().subject_name(like.subject).issuer_name(like.issuer)
        .public_key(signer._half).serial_number(7)  # type: ignore[arg-type]
        .not_valid_before(like.not_valid_before_utc).not_valid_after(like.not_valid_after_utc)
    )  # fmt: skip
    for extension in like.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    certificate = builder.sign(middle.key, hashes.SHA256())
    sign(model, model / "model.sig", CertifiedSigner(signer, [certificate, middle.certificate]))
    trust = CertificateTrust([root.certificate], now=lambda: NOW)
    assert len(verify(model, model / "model.sig", trust).resources) == 3


@NEEDS_TOKEN
@NEEDS_PROGRAM
def test_model_signing_verifies_what_a_token_signed_here(model: Path, tmp_path: Path, token: str) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    signer = TokenSigner(TokenKey.parse(token), "1234")
    sign(model, model / "model.sig", signer)
    pem = signer._half.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pub").write_bytes(pem)
    words = ("key", str(model), "--signature", str(model / "model.sig"), "--public_key", str(tmp_path / "key.pub"))
    assert theirs(*words) == 0


@NEEDS_TOKEN
def test_a_module_is_found_by_its_name(token: str) -> None:
    named = token.replace(f"module-path={MODULE}", "module-name=softhsm2")
    assert TokenKey.parse(named).module == str(MODULE)
    assert TokenSigner(TokenKey.parse(named), "1234").public == TokenSigner(TokenKey.parse(token), "1234").public


@pytest.mark.parametrize("name", ["../../tmp/evil", "a/b", "*", "", "no-such-module", "%2e%2e%2fx", "a%00"])
def test_a_module_is_found_in_the_usual_folders_only(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        TokenKey.parse(f"pkcs11:object=a?module-name={name}")
    with pytest.raises(ConfigurationError):
        TokenKey.parse(f"pkcs11:object=a?module-name={tmp_path}")


@NEEDS_TOKEN
@pytest.mark.parametrize(
    ("change", "pin"),
    [
        (("object=signing", "object=other"), "1234"), (("token=", "token=other"), "1234"), (("", ""), "4321"),
        (("", ""), ""), (("module-path=", "module-path=/absent"), "1234"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_token_is_said(token: str, change: tuple[str, str], pin: str) -> None:
    with pytest.raises(ConfigurationError) as said:
        TokenSigner(TokenKey.parse(token.replace(*change)), pin)
    assert "4321" not in str(said.value)


@pytest.mark.parametrize(
    "uri",
    [
        "", "pkcs11:", "pkcs11:object=a", "pkcs11:token=a?module-path=/m", "pkcs11:object=a?module-path=relative.so",
        "pkcs11:object=a;object=b?module-path=/m", "pkcs11:object=a?module-path=/m&pin-value=1234",
        "pkcs11:object=a;x-vendor=1?module-path=/m", "https://a/b", "pkcs11:object=%FF?module-path=/m;x",
    ],
)  # fmt: skip
def test_uris_that_are_not_understood(uri: str) -> None:
    with pytest.raises(ConfigurationError) as said:
        assert TokenKey.parse(uri).key
    assert "1234" not in str(said.value)


# -- what policy makes of it

GOOD, OTHER = whole(value([1])), whole(value([2]))


@pytest.fixture
def workspace(tmp_path: Path, lab: Lab) -> Path:
    folder = tmp_path / "ws"
    assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0
    (folder / "a.pkl").write_bytes(GOOD)
    return folder


def believe(workspace: Path, lab: Lab, **more: str) -> None:
    shutil.copy(lab.roots, workspace / "roots.pem")
    signers = [{"name": "release", "roots": "roots.pem", **more}]
    (workspace / "policy.yaml").write_text(yaml.safe_dump({"version": 1, "artefacts": {"signers": signers}}))


def decided(workspace: Path) -> tuple[Admission, str, str]:
    with open_gate(workspace) as gate:
        decision = gate.decide(workspace / "a.pkl")
    return decision.admission, decision.policy, decision.facts.signer


def test_policy_names_authorities_and_identities(workspace: Path, lab: Lab) -> None:
    believe(workspace, lab, identity="release@acme.example")
    assert decided(workspace) == (Admission.INCONCLUSIVE, "hold_unsigned", "")
    assert signed(workspace / "a.pkl", lab).exit_code == 0
    assert decided(workspace) == (Admission.ALLOW, "permit_scanned", "release")
    believe(workspace, lab, identity="mallory@acme.example")
    assert decided(workspace)[:2] == (Admission.INCONCLUSIVE, "hold_unsigned")
    believe(workspace, lab)
    (workspace / "a.pkl").write_bytes(OTHER)
    assert decided(workspace)[:2] == (Admission.BLOCK, "forbid_signature")


def test_policy_that_contradicts_itself_is_refused(workspace: Path, lab: Lab) -> None:
    def problems() -> str:
        return CliRunner().invoke(app, ["policy", "check", "--workspace", str(workspace)]).stdout

    believe(workspace, lab)
    assert "either" not in problems()
    believe(workspace, lab, key="roots.pem")
    assert "either a key or roots" in problems()
    believe(workspace, lab, revoked="absent.pem")
    assert "absent.pem" in problems()


def test_a_stranger_under_the_roots_of_another_admits_nothing(workspace: Path, lab: Lab, tmp_path: Path) -> None:
    believe(workspace, lab)
    now = utc_now()
    false: Held = issue("Acme Root", authority=True, start=now - DAY, end=now + DAY)
    leaf = issue("Release", false, mail="release@acme.example", start=now - DAY, end=now + DAY)
    signer = CertifiedSigner(EllipticSigner(leaf.key), [leaf.certificate, false.certificate])
    sign(workspace / "a.pkl", workspace / "a.pkl.sig", signer)
    assert decided(workspace) == (Admission.INCONCLUSIVE, "hold_unsigned", "")


def test_bundles_without_key_or_chain_are_refused() -> None:
    for material in ({"x509CertificateChain": {"certificates": []}}, {}):
        document = VECTORS["certificate"]["bundle"] | {"verificationMaterial": material}
        with pytest.raises(SignatureInvalid, match="without a key"):
            decode(json.dumps(document).encode())


def test_what_sigstore_signed_without_a_key_counts_under_no_key_and_no_roots(lab: Lab) -> None:
    material = {"certificate": {"rawBytes": "AA=="}, "tlogEntries": [{"logIndex": "1"}]}
    bundle = decode(json.dumps(VECTORS["certificate"]["bundle"] | {"verificationMaterial": material}).encode())
    for trust in (EllipticSigner.read(lab.key).public, CertificateTrust.read(lab.roots)):
        with pytest.raises(SignatureInvalid, match="without a key"):
            bundle.verify(trust)
