"""Certificates made by the real OpenSSL."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bartizan.core.errors import ConfigurationError
from bartizan.firewall.tls import with_tls_files
from bartizan.workspace.deployment import Listen

OPENSSL = shutil.which("openssl")
BOTH = Listen(tls_certificate="cert.pem", tls_key="key.pem")


def certify(folder: Path, name: str = "") -> None:
    """A self-signed certificate for 127.0.0.1 with its key."""
    if OPENSSL is None:
        pytest.skip("there is no openssl binary to make a certificate with")
    subprocess.run(
        [
            OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(folder / f"{name}key.pem"), "-out", str(folder / f"{name}cert.pem"),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / f"{name}key.pem").chmod(0o600)


def test_plain_http_needs_no_files(tmp_path: Path) -> None:
    assert with_tls_files(Listen(), tmp_path) == Listen()


def test_names_are_relative_to_the_workspace(tmp_path: Path) -> None:
    certify(tmp_path)
    found = with_tls_files(BOTH, tmp_path)
    assert (found.tls_certificate, found.tls_key) == (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    absolute = with_tls_files(found, Path("/somewhere/else"))
    assert absolute == found


@pytest.mark.parametrize("listen", [Listen(tls_certificate="cert.pem"), Listen(tls_key="key.pem")])
def test_one_of_the_two_is_not_enough(tmp_path: Path, listen: Listen) -> None:
    with pytest.raises(ConfigurationError, match="go together"):
        with_tls_files(listen, tmp_path)


def test_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"tls_certificate: cert\.pem cannot be read: No such file"):
        with_tls_files(BOTH, tmp_path)
    certify(tmp_path)
    (tmp_path / "key.pem").rename(tmp_path / "kept.pem")
    with pytest.raises(ConfigurationError, match=r"tls_key: key\.pem cannot be read"):
        with_tls_files(BOTH, tmp_path)
    (tmp_path / "key.pem").write_text("not a key")
    (tmp_path / "key.pem").chmod(0o600)
    with pytest.raises(ConfigurationError, match=r"cert\.pem and key\.pem are no certificate with its key"):
        with_tls_files(BOTH, tmp_path)
    (tmp_path / "kept.pem").rename(tmp_path / "key.pem")
    (tmp_path / "cert.pem").write_bytes(b"\x00\xff" * 100)
    with pytest.raises(ConfigurationError, match="no certificate with its key"):
        with_tls_files(BOTH, tmp_path)


def test_a_key_that_belongs_to_another_certificate_is_refused(tmp_path: Path) -> None:
    certify(tmp_path)
    certify(tmp_path, "other-")
    with pytest.raises(ConfigurationError, match="key values mismatch"):
        with_tls_files(Listen(tls_certificate="cert.pem", tls_key="other-key.pem"), tmp_path)


def test_a_key_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    certify(tmp_path)
    (tmp_path / "key.pem").chmod(0o644)
    with pytest.raises(ConfigurationError, match="open to every user"):
        with_tls_files(BOTH, tmp_path)


def test_an_encrypted_key_is_refused_instead_of_asking_on_the_terminal(tmp_path: Path) -> None:
    certify(tmp_path)
    assert OPENSSL is not None
    command = [OPENSSL, "pkey", "-in", "key.pem", "-aes256", "-passout", "pass:secret", "-out", "locked.pem"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "locked.pem").chmod(0o600)
    with pytest.raises(ConfigurationError, match="is encrypted"):
        with_tls_files(Listen(tls_certificate="cert.pem", tls_key="locked.pem"), tmp_path)
