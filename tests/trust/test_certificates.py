"""Certificates behind signatures: which chains count, and every reason for which one does not."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trust.authorities import DAY, NOW, Held, chain, issue, revoked, usage, write

from bartizan.core.errors import ConfigurationError
from bartizan.trust.certificates import CertificateTrust, CertifiedSigner, names_of, read_certificates
from bartizan.trust.dsse import IN_TOTO, EllipticSigner
from bartizan.trust.signing import SignatureInvalid

TLS = (ExtendedKeyUsageOID.SERVER_AUTH,)


def trust(root: Held, identity: str = "", at: datetime.datetime = NOW, **more: object) -> CertificateTrust:
    return CertificateTrust([root.certificate], identity, now=lambda: at, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda one: one.name)
def test_a_chain_to_a_named_root_gives_the_signers_key(curve: ec.EllipticCurve) -> None:
    root, middle, leaf = chain(curve)
    signer = CertifiedSigner(EllipticSigner(leaf.key), [leaf.certificate, middle.certificate])
    key = trust(root).key_for("", signer.chain)
    key.verify(IN_TOTO, b"payload", signer.sign(IN_TOTO, b"payload"))
    with pytest.raises(SignatureInvalid):
        key.verify(IN_TOTO, b"other", signer.sign(IN_TOTO, b"payload"))


def test_identities_are_compared_whole() -> None:
    root, middle, leaf = chain()
    assert names_of(leaf.certificate) == ["release@acme.example", "CN=Release"]
    for name in ("release@acme.example", "CN=Release"):
        assert trust(root, name).key_for("", (leaf.der, middle.der))
    for name in ("acme.example", "release@acme.example.evil", "Release", "RELEASE@acme.example"):
        with pytest.raises(SignatureInvalid, match="signed by"):
            trust(root, name).key_for("", (leaf.der, middle.der))


def other_root() -> tuple[Held, tuple[bytes, ...]]:
    _, middle, leaf = chain()
    return issue("Acme Root", authority=True), (leaf.der, middle.der)


def no_middle() -> tuple[Held, tuple[bytes, ...]]:
    root, _, leaf = chain()
    return root, (leaf.der,)


def self_signed() -> tuple[Held, tuple[bytes, ...]]:
    root = chain()[0]
    return root, (issue("Release").der,)


def authority_signs() -> tuple[Held, tuple[bytes, ...]]:
    root = chain()[0]
    both = issue("Both", root, authority=True, usages=usage(certifies=True), extended=list(CODE_ONLY))
    return root, (both.der,)


CODE_ONLY = (ExtendedKeyUsageOID.CODE_SIGNING,)


def leaf_of(**how: object) -> Callable[[], tuple[Held, tuple[bytes, ...]]]:
    def made() -> tuple[Held, tuple[bytes, ...]]:
        root, middle, _ = chain()
        return root, (issue("Release", middle, **how).der, middle.der)  # type: ignore[arg-type]

    return made


def middle_of(**how: object) -> Callable[[], tuple[Held, tuple[bytes, ...]]]:
    def made() -> tuple[Held, tuple[bytes, ...]]:
        root = chain()[0]
        middle = issue("Acme Issuing", root, **{"authority": True, **how})  # type: ignore[arg-type]
        return root, (issue("Release", middle).der, middle.der)

    return made


def too_deep() -> tuple[Held, tuple[bytes, ...]]:
    root, middle, _ = chain()
    under = issue("Under", middle, authority=True)
    return root, (issue("Release", under).der, under.der, middle.der)


@pytest.mark.parametrize(
    "made",
    [
        other_root, no_middle, self_signed, authority_signs, too_deep,
        leaf_of(extended=TLS), leaf_of(extended=None), leaf_of(usages=usage(signs=False)),
        leaf_of(start=NOW + DAY), leaf_of(end=NOW - DAY / 2), leaf_of(curve=ec.SECP256K1()),
        middle_of(authority=False), middle_of(extended=TLS), middle_of(end=NOW - DAY / 2),
        middle_of(usages=usage(signs=True)),
        lambda: (chain()[0], ()), lambda: (chain()[0], (b"",)), lambda: (chain()[0], (b"x" * 70_000,)),
        lambda: (chain()[0], (chain()[2].der,) * 11),
    ],
)  # fmt: skip
def test_what_does_not_count(made: Callable[[], tuple[Held, tuple[bytes, ...]]]) -> None:
    root, certificates = made()
    with pytest.raises(SignatureInvalid):
        trust(root).key_for("", certificates)


def test_a_certificate_counts_while_it_is_valid() -> None:
    root, middle, leaf = chain()
    for at, holds in ((NOW, True), (NOW + 29 * DAY, True), (NOW + 31 * DAY, False), (NOW - 2 * DAY, False)):
        if holds:
            assert trust(root, at=at).key_for("", (leaf.der, middle.der))
        else:
            with pytest.raises(SignatureInvalid):
                trust(root, at=at).key_for("", (leaf.der, middle.der))


def test_revocation_lists_must_be_there_in_force_and_without_the_certificate() -> None:
    root, middle, leaf = chain()
    whole = (leaf.der, middle.der)
    good = [revoked(root), revoked(middle, 5)]
    assert trust(root, lists=good).key_for("", whole)
    other = issue("Acme Issuing", root, authority=True)
    for lists in (
        [revoked(root), revoked(middle, leaf.certificate.serial_number)],
        [revoked(root, middle.certificate.serial_number), revoked(middle)],
        [revoked(root)],
        [revoked(root), revoked(middle, until=NOW - DAY / 2)],
        [revoked(root), revoked(other)],  # the same name, another key
    ):
        with pytest.raises(SignatureInvalid, match="revo"):
            trust(root, lists=lists).key_for("", whole)


def test_files_are_read(tmp_path: Path) -> None:
    root, middle, leaf = chain()
    roots = write(tmp_path / "roots.pem", root)
    lists = tmp_path / "lists.pem"
    lists.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in (revoked(root), revoked(middle))))
    assert CertificateTrust.read(roots, "", lists, lambda: NOW).key_for("", (leaf.der, middle.der))
    assert len(read_certificates(write(tmp_path / "chain.pem", leaf, middle))) == 2
    (tmp_path / "broken").write_text("-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n")
    (tmp_path / "large").write_bytes(b"x" * (1 << 21))
    for name in ("broken", "large", "absent"):
        with pytest.raises(ConfigurationError):
            CertificateTrust.read(tmp_path / name)
        with pytest.raises(ConfigurationError):
            CertificateTrust.read(roots, "", tmp_path / name)


def test_nobody_signs_with_a_certificate_that_no_verifier_takes() -> None:
    _, middle, leaf = chain()
    signer = EllipticSigner(leaf.key)
    for certificates in (
        [], [middle.certificate], [leaf.certificate] * 11, [issue("x", middle).certificate],
        [issue("x", middle, key=leaf.key, extended=TLS).certificate],
        [issue("x", middle, key=leaf.key, extended=None).certificate],
    ):  # fmt: skip
        with pytest.raises(ConfigurationError):
            CertifiedSigner(signer, certificates)
    assert len(CertifiedSigner(signer, [leaf.certificate]).chain) == 1
    assert len(CertifiedSigner(signer, [leaf.certificate] * 10).chain) == 10


def test_a_chain_has_an_end_and_each_certificate_a_size() -> None:
    root, middle, leaf = chain()
    for long in ((leaf.der, middle.der, *(middle.der,) * 9), (leaf.der, middle.der, leaf.der + bytes(1 << 17))):
        with pytest.raises(SignatureInvalid, match="more than 10 certificates, or one too large"):
            trust(root).key_for("", long)


HONEST = chain()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(HONEST[2].der) - 1), st.integers(1, 255))
def test_no_altered_certificate_counts(place: int, change: int) -> None:
    root, middle, leaf = HONEST
    altered = bytearray(leaf.der)
    altered[place] ^= change
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # altered serial numbers
        with pytest.raises(SignatureInvalid):
            trust(root).key_for("", (bytes(altered), middle.der))


def test_a_certificate_among_the_roots_counts_for_its_holder_and_for_code_alone() -> None:
    _, middle, leaf = chain()
    assert trust(leaf).key_for("", (leaf.der,))
    other = issue("Other", leaf)
    server = issue("Server", middle, extended=TLS)
    for pinned, certificates in ((leaf, (other.der, leaf.der)), (server, (server.der,)), (leaf, (server.der,))):
        with pytest.raises(SignatureInvalid):
            trust(pinned).key_for("", certificates)


def test_roots_are_needed() -> None:
    with pytest.raises(ConfigurationError):
        CertificateTrust([])
    assert isinstance(x509.load_der_x509_certificate(HONEST[0].der), x509.Certificate)
