"""An approval that is refused on its way leaves nothing, then and later, and nothing outside of the workspace."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.hardening.shop import POLICY, finding
from tests.hardening.test_shipping import KILLED

from bartizan.app.hardening import approve_candidate, sign_snapshot, verify_controls
from bartizan.core.errors import BartizanError, ConfigurationError, JournalError
from bartizan.hardening import shipping
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.hardening.findings import LEAKS
from bartizan.hardening.record import cases_of, read_record
from bartizan.workspace.snapshot import read_files


def everything(root: Path) -> dict[str, bytes]:
    """Every file but the journal, the lock and proposals."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not {"journal", "hardening.lock"} & {path.name, path.parent.name}
    }


def test_a_folder_that_is_a_file_is_seen_before_anything_is_written(
    proposed: Callable[..., Candidate], root: Path, key: Path
) -> None:
    one = proposed(Kind.CANARY)
    (root / "rules").write_text("x")
    before = everything(root)
    with pytest.raises(ConfigurationError, match="a file stands where its folder should be"):
        approve_candidate(root, one.id, key, "ann", enforce=False)
    assert everything(root) == before
    (root / "rules").unlink()
    (root / "policy.yaml").write_text(POLICY + "anonymous: true\n")
    assert verify_controls(root, [key.with_name("approver.pub")]) == []
    assert (root / "policy.yaml").read_text() == POLICY + "anonymous: true\n"


@pytest.mark.parametrize("at", range(1, 9))
def test_what_fails_half_way_is_undone(
    proposed: Callable[..., Candidate], root: Path, key: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    sign_snapshot(root, key, "first")
    one = proposed(Kind.CANARY)
    before = everything(root)
    real, calls = shipping.write_file, 0

    def full(*args: Any, **more: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == at + 1:
            raise ConfigurationError("no space left")
        real(*args, **more)

    def refused(*args: object) -> None:
        raise JournalError("no space left")

    if at < 8:
        monkeypatch.setattr(shipping, "write_file", full)
    else:
        monkeypatch.setattr(shipping, "tell", refused)
    with pytest.raises(BartizanError, match="no space left"):
        approve_candidate(root, one.id, key, "ann", enforce=False)
    assert everything(root) == before
    monkeypatch.undo()
    assert not shipping.recover(shipping.Workspace(root))


def test_an_edit_after_a_kill_is_not_overwritten(proposed: Callable[..., Candidate], root: Path, key: Path) -> None:
    one = proposed(Kind.CANARY)
    command = [sys.executable, "-c", KILLED, str(root), one.id, str(key), "4"]
    assert subprocess.run(command, check=False, env=dict(os.environ), timeout=120).returncode == -9
    (root / "policy.yaml").write_text(POLICY + "anonymous: true\n")
    with pytest.raises(ConfigurationError, match=r"policy\.yaml was edited after a command was stopped"):
        verify_controls(root, [key.with_name("approver.pub")])
    assert (root / "policy.yaml").read_text() == POLICY + "anonymous: true\n"
    (root / "policy.yaml").write_text(POLICY)
    assert [held.id for held in verify_controls(root, [key.with_name("approver.pub")])] == [one.id]


@pytest.mark.parametrize("name", ["hardening", "rules", "policy.yaml", ".bartizan/evidence"])
def test_links_that_lead_elsewhere_are_refused(
    proposed: Callable[..., Candidate], root: Path, key: Path, tmp_path: Path, name: str
) -> None:
    one = proposed(Kind.CANARY)
    outside = tmp_path / "outside"
    outside.mkdir()
    if name == "policy.yaml":
        (root / name).rename(outside / name)
        (root / name).symlink_to(outside / name)
    else:
        (root / name).symlink_to(outside)
    before = read_files(outside), sorted(outside.iterdir())
    said = "is a link to a file outside" if name == "policy.yaml" else "leads elsewhere by a symbolic link"
    with pytest.raises(ConfigurationError, match=said):
        approve_candidate(root, one.id, key, "ann", enforce=False)
    assert (read_files(outside), sorted(outside.iterdir())) == before
    assert (root / name).is_symlink()


@pytest.mark.parametrize("objective", sorted(LEAKS))
def test_what_was_leaked_stays_out_of_version_control(
    proposed: Callable[..., Candidate], root: Path, key: Path, objective: str
) -> None:
    leak = finding(id=f"f-{objective}", objective=objective)
    one = proposed(Kind.OUTPUT_ROW, of=leak)
    record = approve_candidate(root, one.id, key, "ann", enforce=False)
    assert record.cases == ()
    assert cases_of(read_record(root, one.id), root / ".bartizan")[0].finding == leak.id
    written = [path for path in root.rglob("*") if path.is_file() and ".bartizan" not in path.parts]
    assert not [path for path in written if b"HERON" in path.read_bytes()]
