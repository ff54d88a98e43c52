"""A signature covers what its signer made or signed before, and nothing that somebody else put beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.hardening.shop import POLICY, enforced, other

from bartizan.app.hardening import approve_candidate, roll_back, sign_snapshot
from bartizan.core.errors import ConfigurationError
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.hardening.record import Undo, read_record
from bartizan.trust.signing import SigningKey, write_key_pair
from bartizan.workspace.signed import Seal
from bartizan.workspace.workspace import Workspace


def in_force(root: Path) -> bytes:
    """Policy as a start would take it, which then is the last good one."""
    seal = Seal(Workspace(root))
    seal.keep(snapshot := seal.current())
    return snapshot.files["policy.yaml"]


@pytest.mark.parametrize("sealed", [True, False])
def test_an_unsigned_edit_is_not_signed_along(
    proposed: Callable[..., Candidate], root: Path, key: Path, sealed: bool
) -> None:
    if sealed:
        enforced(root, key)
    sign_snapshot(root, key, "first")
    in_force(root)
    (root / "policy.yaml").write_text(POLICY + "anonymous: true\n")
    one = proposed(Kind.CANARY)
    with pytest.raises(ConfigurationError, match="unsigned edits"):
        approve_candidate(root, one.id, key, "ann", enforce=False)
    assert (b"anonymous" in in_force(root)) is not sealed
    sign_snapshot(root, key, "looked at")
    approve_candidate(root, one.id, key, "ann", enforce=False)
    (root / "policy.yaml").write_bytes((root / "policy.yaml").read_bytes() + b"# more\n")
    with pytest.raises(ConfigurationError, match="unsigned edits"):
        roll_back(root, one.id, key, "ann")


def test_an_older_signed_version_is_not_signed_anew(proposed: Callable[..., Candidate], root: Path, key: Path) -> None:
    enforced(root, key)
    (root / "policy.yaml").write_text(POLICY + "anonymous: true\n")
    sign_snapshot(root, key, "first")
    open_files = {name: (root / name).read_bytes() for name in ("policy.yaml", "snapshot.json")}
    in_force(root)
    (root / "policy.yaml").write_text(POLICY)
    sign_snapshot(root, key, "second")
    in_force(root)
    for name, content in open_files.items():
        (root / name).write_bytes(content)
    one = proposed(Kind.CANARY)
    with pytest.raises(ConfigurationError, match="versions only grow"):
        approve_candidate(root, one.id, key, "ann", enforce=False)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_removed_signature_does_not_make_edits_signed(
    proposed: Callable[..., Candidate], root: Path, key: Path, sealed: bool
) -> None:
    if sealed:
        enforced(root, key)
        sign_snapshot(root, key, "first")
    one = proposed(Kind.CANARY)
    approve_candidate(root, one.id, key, "ann", enforce=False)
    (root / "snapshot.json").unlink()
    two = proposed(Kind.CANARY, of=other())
    for attempt in (
        lambda: approve_candidate(root, two.id, key, "ann", enforce=False),
        lambda: roll_back(root, one.id, key, "ann"),
    ):
        with pytest.raises(ConfigurationError, match=r"no snapshot\.json"):
            attempt()


@pytest.mark.parametrize("sealed", [True, False])
def test_a_forged_undo_is_not_carried_out(
    proposed: Callable[..., Candidate], root: Path, key: Path, sealed: bool
) -> None:
    if sealed:
        enforced(root, key)
        sign_snapshot(root, key, "first")
    one = proposed(Kind.CANARY)
    approve_candidate(root, one.id, key, "ann", enforce=False)
    record, before = read_record(root, one.id), in_force(root)
    forged = msgspec.structs.replace(record, undo=(Undo(("mode",), True, "monitor"), *record.undo[1:]))
    path = root / "hardening" / f"{one.id}.json"
    path.write_bytes(forged.encode())
    with pytest.raises(ConfigurationError, match="not what was signed"):
        roll_back(root, one.id, key, "ann")
    write_key_pair(root.parent / "stranger")
    stranger = forged.signed(_signer(root.parent / "stranger"))
    path.write_bytes(stranger.encode())
    with pytest.raises(ConfigurationError, match="not what was signed"):
        roll_back(root, one.id, key, "ann")
    assert in_force(root) == before


def test_a_forged_monitor_record_is_not_enforced(proposed: Callable[..., Candidate], root: Path, key: Path) -> None:
    (root / "policy.yaml").write_text(POLICY + "hardening: {monitor_first: true}\n")
    one = proposed(Kind.SIGNATURE)
    record = approve_candidate(root, one.id, key, "ann", enforce=False)
    forged = msgspec.structs.replace(record, findings=("another",))
    (root / "hardening" / f"{one.id}.json").write_bytes(forged.encode())
    with pytest.raises(ConfigurationError, match="not what was signed"):
        approve_candidate(root, one.id, key, "ann", enforce=True)


def _signer(path: Path) -> SigningKey:
    return SigningKey.parse(path.read_text().strip())
