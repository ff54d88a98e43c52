from __future__ import annotations

import base64
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from bartizan.core.errors import ConfigurationError
from bartizan.trust.signing import (
    PublicKey,
    SignatureInvalid,
    SigningKey,
    TrustedKeys,
    read_public_key,
    write_key_pair,
)


def test_a_signature_belongs_to_its_content_and_key() -> None:
    key, other = SigningKey.create(), SigningKey.create()
    signature = key.sign(b"content")
    trusted = TrustedKeys([key.public])
    trusted.verify(key.public.id, b"content", signature)
    for key_id, content, made in (
        (key.public.id, b"content!", signature),
        (key.public.id, b"content", other.sign(b"content")),
        (key.public.id, b"content", b""),
        (other.public.id, b"content", other.sign(b"content")),
    ):
        with pytest.raises(SignatureInvalid):
            trusted.verify(key_id, content, made)


def test_pairs_are_written_once_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "journal.key"
    key = write_key_pair(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.parse(path.read_text()).public.id == key.public.id
    assert read_public_key(tmp_path / "journal.key.pub").id == key.public.id
    assert key.text() not in repr(key)
    with pytest.raises(ConfigurationError, match="never overwritten"):
        write_key_pair(path)


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "A" * 5000, base64.b64encode(b"0" * 44).decode()])
def test_what_is_no_key_is_an_error_that_does_not_repeat_it(text: str) -> None:
    for parse in (SigningKey.parse, PublicKey.parse):
        with pytest.raises(ConfigurationError) as caught:
            parse(text)
        assert not text or text[:4] not in caught.value.cause


def test_openssl_reads_our_keys_and_verifies_our_signatures(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key = SigningKey.create()
    (tmp_path / "key.der").write_bytes(base64.b64decode(key.public.text()))
    (tmp_path / "content").write_bytes(b"content")
    (tmp_path / "signature").write_bytes(key.sign(b"content"))
    words = ["-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin", "-in", "content", "-sigfile", "signature"]
    done = subprocess.run([openssl, "pkeyutl", "-verify", *words], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
