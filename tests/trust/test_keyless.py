"""Keyless signatures: an authority and logs built here, and each part of a bundle changed in turn."""

from __future__ import annotations

import base64
import contextlib
import copy
import datetime
import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from sigstore_building import IDENTITY, ISSUER, NOW, Sigstore, b64, tree

from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.signing.bundle import decode
from bartizan.trust.signing import SignatureInvalid
from bartizan.trust.sigstore.entry import inclusion
from bartizan.trust.sigstore.keyless import KeylessTrust
from bartizan.trust.sigstore.root import TrustRoot
from stamping_authority import Authority

PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'
STORE = Sigstore()


def trusting(
    folder: Path, store: Sigstore = STORE, identity: str = IDENTITY, issuer: str = ISSUER, **changes: Any
) -> KeylessTrust:
    place = folder / "trusted_root.json"
    place.write_text(json.dumps(store.trust_root(**changes)))
    return KeylessTrust.read(place, identity, issuer)


def verified(bundle: dict[str, Any], trust: KeylessTrust) -> bytes:
    return decode(json.dumps(bundle).encode()).verify(trust)


def test_a_keyless_signature_holds_years_after_its_certificate_ended(tmp_path: Path) -> None:
    assert verified(STORE.bundle(PAYLOAD), trusting(tmp_path)) == PAYLOAD
    assert verified(STORE.bundle(PAYLOAD, identity="a@acme.example"), trusting(tmp_path, identity="a@acme.example"))


def test_a_clients_configuration_holds_a_trust_root_too(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"trustedRoot": STORE.trust_root(), "signingConfig": {}}))
    assert verified(STORE.bundle(PAYLOAD), KeylessTrust.read(tmp_path / "config.json", IDENTITY, ISSUER))


def material(bundle: dict[str, Any]) -> dict[str, Any]:
    return bundle["verificationMaterial"]


def entry(bundle: dict[str, Any]) -> dict[str, Any]:
    return material(bundle)["tlogEntries"][0]


def flip(holder: dict[str, Any], name: str) -> None:
    raw = bytearray(base64.b64decode(holder[name]))
    raw[len(raw) // 2] ^= 1
    holder[name] = b64(bytes(raw))


def other_checkpoint(bundle: dict[str, Any]) -> None:
    proof = entry(bundle)["inclusionProof"]
    text = proof["checkpoint"]["envelope"].split("\n")
    text[1] = "5"
    proof["checkpoint"]["envelope"] = "\n".join(text)


def unsigned_checkpoint(bundle: dict[str, Any]) -> None:
    checkpoint = entry(bundle)["inclusionProof"]["checkpoint"]
    checkpoint["envelope"] = checkpoint["envelope"].partition("\n\n")[0] + "\n\n"


def other_payload(bundle: dict[str, Any]) -> None:
    bundle["dsseEnvelope"]["payload"] = b64(PAYLOAD + b" ")


def other_signature(bundle: dict[str, Any]) -> None:
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = STORE.bundle(PAYLOAD)["dsseEnvelope"]["signatures"][0]["sig"]


def other_certificate(bundle: dict[str, Any]) -> None:
    material(bundle)["certificate"] = material(STORE.bundle(PAYLOAD))["certificate"]


def other_entry(bundle: dict[str, Any]) -> None:
    material(bundle)["tlogEntries"] = material(STORE.bundle(PAYLOAD))["tlogEntries"]


def no_entry(bundle: dict[str, Any]) -> None:
    material(bundle)["tlogEntries"] = []


def two_entries(bundle: dict[str, Any]) -> None:
    material(bundle)["tlogEntries"] *= 2


def later(bundle: dict[str, Any]) -> None:
    entry(bundle)["integratedTime"] = str(int(entry(bundle)["integratedTime"]) + 1)


def without_promise(bundle: dict[str, Any]) -> None:
    del entry(bundle)["inclusionPromise"]


def strange_stamp(bundle: dict[str, Any]) -> None:
    material(bundle)["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(b"0\x030\x01\x00")}]}


TAMPERED: list[Callable[[dict[str, Any]], None]] = [
    other_checkpoint, unsigned_checkpoint, other_payload, other_signature, other_certificate, other_entry, no_entry,
    two_entries, later, without_promise, strange_stamp,
    lambda one: flip(material(one)["certificate"], "rawBytes"),
    lambda one: flip(entry(one), "canonicalizedBody"),
    lambda one: flip(entry(one)["logId"], "keyId"),
    lambda one: flip(entry(one)["inclusionPromise"], "signedEntryTimestamp"),
    lambda one: flip(entry(one)["inclusionProof"], "rootHash"),
    lambda one: entry(one)["inclusionProof"]["hashes"].pop(),
    lambda one: entry(one)["inclusionProof"]["hashes"].reverse(),
    lambda one: entry(one)["inclusionProof"].update(logIndex="1"),
    lambda one: entry(one)["inclusionProof"].update(treeSize="5"),
    lambda one: entry(one)["inclusionProof"].pop("checkpoint"),
    lambda one: entry(one).update(logIndex="7"),
    lambda one: entry(one)["kindVersion"].update(version="0.0.2"),
    lambda one: entry(one)["kindVersion"].update(kind="intoto"),
    lambda one: entry(one).update(integratedTime="99999999999999"),
    lambda one: entry(one).update(inclusionProof=None),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(TAMPERED)))
def test_every_part_of_a_bundle_is_checked(number: int, tmp_path: Path) -> None:
    bundle = STORE.bundle(PAYLOAD)
    trust = trusting(tmp_path)
    changed = copy.deepcopy(bundle)
    TAMPERED[number](changed)
    assert changed != bundle
    with pytest.raises(SignatureInvalid):
        verified(changed, trust)


@pytest.mark.parametrize(
    ("identity", "issuer", "holds"),
    [
        (IDENTITY, ISSUER, True),
        (IDENTITY[:-1] + "2", ISSUER, False),
        (IDENTITY, ISSUER + "/", False),
        ("https://github.com/acme/models/.github/workflows/release.yml@*", ISSUER, True),
        ("https://github.com/acme/*", ISSUER, True),
        ("https://github.com/acm", ISSUER, False),
        ("https://github.com/other/*", ISSUER, False),
    ],
)
def test_identity_and_issuer_are_compared_whole(identity: str, issuer: str, holds: bool, tmp_path: Path) -> None:
    trust = trusting(tmp_path, identity=identity, issuer=issuer)
    if holds:
        assert verified(STORE.bundle(PAYLOAD), trust)
    else:
        with pytest.raises(SignatureInvalid):
            verified(STORE.bundle(PAYLOAD), trust)


@pytest.mark.parametrize(("identity", "issuer"), [("", ISSUER), (IDENTITY, ""), ("*", ISSUER)])
def test_without_identity_or_issuer_nobody_is_trusted(identity: str, issuer: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        trusting(tmp_path, identity=identity, issuer=issuer)


def test_another_sigstore_does_not_count(tmp_path: Path) -> None:
    other = Sigstore()
    for name in ("certificateAuthorities", "tlogs", "ctlogs"):
        with pytest.raises(SignatureInvalid):
            verified(STORE.bundle(PAYLOAD), trusting(tmp_path, **{name: other.trust_root()[name]}))


def test_a_certificate_that_was_not_made_public_counts_only_where_no_log_is_asked_for(tmp_path: Path) -> None:
    bundle = STORE.bundle(PAYLOAD, public=False)
    with pytest.raises(SignatureInvalid, match="log of certificates"):
        verified(bundle, trusting(tmp_path))
    assert verified(bundle, trusting(tmp_path, ctlogs=[]))


def test_what_was_signed_after_the_certificate_ended_does_not_count(tmp_path: Path) -> None:
    late = Sigstore.entry
    bundle = STORE.bundle(PAYLOAD)
    body = base64.b64decode(entry(bundle)["canonicalizedBody"])
    material(bundle)["tlogEntries"] = [late(STORE, ("dsse", "0.0.1"), body, NOW + datetime.timedelta(minutes=11))]
    with pytest.raises(SignatureInvalid):
        verified(bundle, trusting(tmp_path))


def test_an_authority_or_log_counts_only_in_its_time(tmp_path: Path) -> None:
    ended = {"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"}
    root = STORE.trust_root()
    root["certificateAuthorities"][0]["validFor"] = ended
    with pytest.raises(SignatureInvalid):
        verified(STORE.bundle(PAYLOAD), trusting(tmp_path, certificateAuthorities=root["certificateAuthorities"]))
    for name in ("tlogs", "ctlogs"):
        root = STORE.trust_root()
        root[name][0]["publicKey"]["validFor"] = ended
        with pytest.raises(SignatureInvalid, match="did not count"):
            verified(STORE.bundle(PAYLOAD), trusting(tmp_path, **{name: root[name]}))


def test_the_second_rekor_needs_a_time_stamp(tmp_path: Path) -> None:
    second = Sigstore(second=True)
    with pytest.raises(SignatureInvalid, match="nobody who is trusted says when"):
        verified(second.bundle(PAYLOAD), trusting(tmp_path, second))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which stamps here, is not installed")
@pytest.mark.parametrize("second", [True, False])
def test_a_time_stamp_vouches_for_the_time(second: bool, tmp_path: Path) -> None:
    client = pytest.importorskip("rfc3161_client", reason="the extra 'timestamps' is not installed")
    authority = Authority(tmp_path / "tsa")
    store = Sigstore(second=second)
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - datetime.timedelta(minutes=1)
    bundle = store.bundle(PAYLOAD, at=now)
    if not second:
        without_promise(bundle)
    signature = base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"])

    def stamped(content: bytes) -> dict[str, Any]:
        builder = client.TimestampRequestBuilder().data(content).hash_algorithm(client.HashAlgorithm.SHA256)
        query = builder.build().as_bytes()
        changed = copy.deepcopy(bundle)
        answer = authority.answer(query)
        material(changed)["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(answer)}]}
        return changed

    held = [x509.load_pem_x509_certificate((tmp_path / "tsa" / name).read_bytes()) for name in ("tsa.pem", "ca.pem")]
    chain = [{"rawBytes": b64(one.public_bytes(Encoding.DER))} for one in held]
    period = {"start": "2020-01-01T00:00:00Z"}
    named = {"timestampAuthorities": [{"certChain": {"certificates": chain}, "validFor": period}]}
    assert verified(stamped(signature), trusting(tmp_path, store, **named)) == PAYLOAD
    with pytest.raises(SignatureInvalid, match="time stamp"):
        verified(stamped(b"something else"), trusting(tmp_path, store, **named))
    with pytest.raises(SignatureInvalid, match="time stamp"):
        verified(stamped(signature), trusting(tmp_path, store))
    over = {**period, "end": "2021-01-01T00:00:00Z"}
    ended = {"timestampAuthorities": [{"certChain": {"certificates": chain}, "validFor": over}]}
    with pytest.raises(SignatureInvalid, match="time stamp"):
        verified(stamped(signature), trusting(tmp_path, store, **ended))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"mediaType": 3}', "nothing", '{"mediaType": "x", "tlogs": []}'])
def test_a_broken_trust_root_is_said_to_be_one(content: str, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text(content)
    with pytest.raises(ConfigurationError):
        TrustRoot.read(tmp_path / "root.json")


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_paths_in_trees_of_any_size(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, path = tree([hashlib.sha256(b"\0" + one).digest() for one in leaves], index)
    assert inclusion(leaves[index], index, len(leaves), tuple(path)) == root
    for wrong in (tuple(path[:-1]) if path else (b"\0" * 32,), (*path, b"\0" * 32)):
        with contextlib.suppress(SignatureInvalid):
            assert inclusion(leaves[index], index, len(leaves), wrong) != root


def test_no_changed_byte_of_a_bundle_verifies_as_another_payload(tmp_path: Path) -> None:
    trust = trusting(tmp_path)
    whole = json.dumps(STORE.bundle(PAYLOAD)).encode()
    drawn = random.Random(7)
    for _ in range(300):
        raw = bytearray(whole)
        raw[drawn.randrange(len(raw))] = drawn.randrange(256)
        with contextlib.suppress(SignatureInvalid):
            assert decode(bytes(raw)).verify(trust) == PAYLOAD
