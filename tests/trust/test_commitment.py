from __future__ import annotations

import hashlib
import hmac
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError
from bartizan.core.event import Commitment
from bartizan.trust.commitment import CommitmentMismatch, Committer
from bartizan.trust.keyring import KeyRing, KeyUnavailable


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 10, 0, 0, 123, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@given(st.text(st.characters(codec=None)), st.binary(min_size=32, max_size=32))
def test_mac_is_hmac_sha256_of_the_text(text: str, secret: bytes) -> None:
    from bartizan.trust.commitment import _Mac
    from bartizan.trust.keyring import CommitmentKey

    message = text.encode("utf-8", "surrogatepass")
    mac = _Mac(CommitmentKey("k", datetime.now(UTC), secret))
    assert mac.hexdigest(message) == hmac.new(secret, message, hashlib.sha256).hexdigest()


def test_commit_and_verify(tmp_path: Path) -> None:
    committer = Committer(KeyRing(tmp_path / "keys"))
    commitment = committer.commit("höchst geheim \ud800")
    assert commitment.characters == 15
    assert commitment.text == ""
    assert committer.commit("x", keep="y").text == "y"
    committer.verify(commitment, "höchst geheim \ud800")
    with pytest.raises(CommitmentMismatch):
        committer.verify(commitment, "höchst geheim")
    with pytest.raises(CommitmentMismatch):
        committer.verify(Commitment(commitment.key, "\udfff", 15), "höchst geheim \ud800")
    with pytest.raises(CommitmentMismatch):
        committer.verify(Commitment(commitment.key, commitment.mac, 3), "höchst geheim \ud800")


def test_key_files_are_private_and_named_by_date_and_digest(tmp_path: Path) -> None:
    clock = Clock()
    ring = KeyRing(tmp_path / "keys", clock=clock)
    key = ring.current()
    assert key.id == f"20261122T100000Z-{hashlib.sha256(key.secret).hexdigest()[:8]}"
    (path,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert key.secret.hex() not in repr(key)
    assert KeyRing(tmp_path / "keys", clock=clock).current() == key


def test_rotation_keeps_old_keys_for_verification(tmp_path: Path) -> None:
    clock = Clock()
    ring = KeyRing(tmp_path, clock=clock)
    committer = Committer(ring, clock=clock)
    before = committer.commit("text")
    clock.now += timedelta(days=29)
    assert Committer(ring, clock=clock).commit("text").key == before.key
    clock.now += timedelta(days=2)
    keys = [committer.commit("text").key for _ in range(300)]
    assert keys[0] == before.key
    assert keys[-1] != before.key
    assert ring.ids() == [before.key, keys[-1]]
    committer.verify(before, "text")
    clock.now -= timedelta(days=300)
    assert Committer(ring, clock=clock).commit("text").key == keys[-1]


def test_erased_key_makes_its_commitments_unverifiable(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    committer = Committer(ring)
    commitment = committer.commit("text")
    ring.erase(commitment.key)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyUnavailable):
        committer.verify(commitment, "text")
    with pytest.raises(KeyUnavailable):
        ring.erase(commitment.key)


@pytest.mark.parametrize("key_id", ["", "../../etc/passwd", "20261122T100000Z-ABCDEFGH", "a\0b"])
def test_hostile_key_ids_name_no_file(tmp_path: Path, key_id: str) -> None:
    with pytest.raises(KeyUnavailable):
        KeyRing(tmp_path).get(key_id)


def test_damaged_or_readable_key_files_are_refused(tmp_path: Path) -> None:
    key = KeyRing(tmp_path).current()
    path = tmp_path / f"commitment-{key.id}.key"
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        KeyRing(tmp_path).get(key.id)
    path.chmod(0o600)
    for content in (b"", b"zz", b"00" * 32, b"\xff" * 70, key.secret.hex().encode() + b"00"):
        path.write_bytes(content)
        with pytest.raises(ConfigurationError, match="damaged"):
            KeyRing(tmp_path).current()


def test_unusable_directory_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError):
        KeyRing(tmp_path / "file" / "keys")
    ring = KeyRing(tmp_path / "keys")
    (tmp_path / "keys").rmdir()
    with pytest.raises(ConfigurationError):
        ring.current()
    with pytest.raises(ConfigurationError):
        ring.ids()


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    code = "import sys,pathlib;from bartizan.trust.keyring import KeyRing;KeyRing(pathlib.Path(sys.argv[1])).current()"
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(4)]
    assert [process.wait(30) for process in running] == [0] * 4
    assert len(KeyRing(tmp_path).ids()) == 1
