"""From approval to rollback: signed, monotonic, undone to the byte, and whole after a kill at any moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.hardening.shop import DEPLOYMENT, POLICY, enforced, events, finding
from typer.testing import CliRunner

from bartizan.app.hardening import Workbench, approve_candidate, roll_back, sign_snapshot, verify_controls
from bartizan.cli.main import app
from bartizan.core.clock import utc_now
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.hardening import record as records
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.hardening.gates import Decision
from bartizan.hardening.record import read_record
from bartizan.trust.signing import write_key_pair
from bartizan.workspace.signed import Seal, manifest_of
from bartizan.workspace.snapshot import read_files
from bartizan.workspace.workspace import Workspace


def test_approval_signs_writes_evidence_and_is_undone_to_the_byte(
    proposed: Callable[..., Candidate], root: Path, key: Path
) -> None:
    before = read_files(root)
    one = proposed(Kind.CANARY)
    record = approve_candidate(root, one.id, key, "ann", enforce=False)
    after = read_files(root)
    assert (record.state, record.version, record.strengthens) == ("enforced", 1, "BZN-RT-06")
    assert b"# ours" in after["policy.yaml"]
    assert f"rules/{one.id}.yml" in after
    assert manifest_of(after).version == 1  # type: ignore[union-attr]
    (held,) = verify_controls(root, [key.with_name("approver.pub")])
    assert (held.state, held.stopped.successes, held.stopped.n) == ("verified", 80, 80)
    kept = [json.loads(path.read_bytes()) for path in sorted((root / ".bartizan/evidence").iterdir())]
    assert [one["evidence"]["control"] for one in kept] == ["BZN-RT-06", "BZN-RT-06"]
    assert all(one["evidence"]["enforced"] and one["evidence"]["n"] == 80 for one in kept)
    written = [path for path in root.rglob("*") if path.is_file() and ".bartizan" not in path.parts]
    assert not [path for path in written if b"HERON" in path.read_bytes()], "version control would hold the secret"
    assert roll_back(root, one.id, key, "ann") == 2
    gone = read_files(root)
    assert {name: text for name, text in gone.items() if name != "snapshot.json"} == before
    assert not (root / "hardening" / f"{one.id}.json").exists()
    assert [event["state"] for event in events(root)] == ["enforced", "verified", "rolled_back"]


def test_a_key_inside_the_workspace_is_refused(proposed: Callable[..., Candidate], root: Path) -> None:
    one = proposed(Kind.CANARY)
    write_key_pair(root / "key")
    (root.parent / "link").symlink_to(root / "key")
    for path in (root / "key", root.parent / "link", root / "sub" / ".." / "key"):
        with pytest.raises(ConfigurationError, match="inside the workspace"):
            approve_candidate(root, one.id, path, "ann", enforce=False)
    assert "snapshot.json" not in read_files(root)


def test_what_its_trial_did_not_accept_cannot_be_approved(
    proposed: Callable[..., Candidate], root: Path, key: Path
) -> None:
    for decision in (Decision.REJECTED, Decision.INCONCLUSIVE):
        one = proposed(Kind.CANARY, decision)
        with pytest.raises(ConfigurationError, match="not accepted"):
            approve_candidate(root, one.id, key, "ann", enforce=False)


@pytest.mark.parametrize("name", ["../x", "hc-", "hc-00000000000g", "/etc/passwd", "hc-000000000000/../../x", ""])
def test_ids_that_lead_elsewhere_are_refused(root: Path, key: Path, name: str) -> None:
    for attempt in (
        lambda: approve_candidate(root, name, key, "a", enforce=False),
        lambda: roll_back(root, name, key, "a"),
    ):
        with pytest.raises(BartizanError):
            attempt()


def test_monitor_first_only_records_and_is_no_evidence_of_enforcement(
    proposed: Callable[..., Candidate], root: Path, key: Path
) -> None:
    text = POLICY.replace("  user: {}", "  user: {prompt_injection: {action: block}}")
    (root / "policy.yaml").write_text(text + "hardening: {monitor_first: true}\n")
    one = proposed(Kind.SIGNATURE)
    bench = Workbench(root)
    assert approve_candidate(root, one.id, key, "ann", enforce=False).state == "monitor"
    assert bench.stack(read_files(root), {}).stops_attack(finding().exchange) is None
    (held,) = verify_controls(root, [key.with_name("approver.pub")])
    assert held.state == "monitored"
    kept = [json.loads(path.read_bytes())["evidence"] for path in (root / ".bartizan/evidence").iterdir()]
    assert not any(each["enforced"] for each in kept)
    with pytest.raises(ConfigurationError, match="approved already"):
        approve_candidate(root, one.id, key, "ann", enforce=False)
    record = approve_candidate(root, one.id, key, "ann", enforce=True)
    assert (record.state, record.version) == ("enforced", 2)
    assert bench.stack(read_files(root), {}).stops_attack(finding().exchange) is not None


def test_decay_expiry_and_forgery_are_seen(
    proposed: Callable[..., Candidate], root: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = proposed(Kind.CANARY)
    approve_candidate(root, one.id, key, "ann", enforce=False)
    public = [key.with_name("approver.pub")]
    path = root / "hardening" / f"{one.id}.json"
    good = path.read_bytes()
    forged = msgspec.structs.replace(read_record(root, one.id), expires_at=utc_now() + timedelta(days=9_999))
    path.write_bytes(forged.encode())
    assert "not what was signed" in verify_controls(root, public)[0].reason
    path.write_bytes(good)
    policy = (root / "policy.yaml").read_text()
    (root / "policy.yaml").write_text(policy.replace("canary: {action: block}", "canary: {action: flag}"))
    assert verify_controls(root, public)[0].state == "decayed"
    (root / "policy.yaml").write_text(policy)
    assert verify_controls(root, public)[0].state == "verified"
    later = utc_now() + timedelta(days=400)
    monkeypatch.setattr("bartizan.hardening.reverify.utc_now", lambda: later)
    assert verify_controls(root, public)[0].state == "expired"
    result = CliRunner().invoke(app, ["harden", "verify", "--workspace", str(root), "--key", str(public[0])])
    assert (result.exit_code, "expired" in result.output) == (1, True)


def test_another_key_or_a_key_inside_is_not_trusted(root: Path, key: Path, tmp_path: Path) -> None:
    enforced(root, key)
    write_key_pair(tmp_path / "other")
    sign_snapshot(root, tmp_path / "other", "x")
    with pytest.raises(ConfigurationError, match="not among the trusted keys"):
        Seal(Workspace(root)).current()
    write_key_pair(root / "mine")
    (root / "bartizan.yaml").write_text(DEPLOYMENT.format(key="mine"))
    with pytest.raises(ConfigurationError, match="inside the workspace"):
        Seal(Workspace(root))


def test_the_environment_enforces_whatever_the_workspace_says(
    root: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "bartizan.yaml").write_text("version: 1\n")
    Seal(Workspace(root)).current()
    monkeypatch.setenv("BARTIZAN_SIGNED_BY", f"{key}.pub")
    with pytest.raises(ConfigurationError, match="not signed"):
        Seal(Workspace(root)).current()


KILLED = """
import os, signal, sys
from pathlib import Path
from bartizan.app.hardening import approve_candidate
from bartizan.workspace import signed
from bartizan.hardening import shipping
left = int(sys.argv[4])
def counted(write):
    def replaced(*args, **more):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return write(*args, **more)
    return replaced
shipping.write_file = counted(shipping.write_file)
shipping.tell = counted(shipping.tell)
approve_candidate(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), "ann", enforce=False)
"""


@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_kill_leaves_the_old_state_or_is_finished_by_the_next_command(
    proposed: Callable[..., Candidate], root: Path, key: Path, at: int
) -> None:
    enforced(root, key)
    sign_snapshot(root, key, "first")
    before = Seal(Workspace(root)).current()
    Seal(Workspace(root)).keep(before)  # as the gateway does that runs meanwhile
    one = proposed(Kind.CANARY)
    command = [sys.executable, "-c", KILLED, str(root), one.id, str(key), str(at)]
    done = subprocess.run(command, check=False, env=dict(os.environ), timeout=120)
    assert done.returncode == -9
    assert Seal(Workspace(root)).current().files["policy.yaml"] in (
        before.files["policy.yaml"],
        one.change.apply(before.files)["policy.yaml"],
    )
    results = verify_controls(root, [])
    if at == 0:
        assert not results
        assert Seal(Workspace(root)).current() == before
    else:
        assert [each.state for each in results] == ["verified"]
        assert manifest_of(Seal(Workspace(root)).current().files).version == 2  # type: ignore[union-attr]
        assert not (root / ".bartizan/hardening/pending").exists()


def test_a_changed_setting_is_not_rolled_back_over(proposed: Callable[..., Candidate], root: Path, key: Path) -> None:
    one = proposed(Kind.CANARY)
    approve_candidate(root, one.id, key, "ann", enforce=False)
    path = root / "policy.yaml"
    path.write_text(path.read_text().replace("canary: {action: block}", "canary: {action: redact}"))
    sign_snapshot(root, key, "weaker")
    with pytest.raises(ConfigurationError, match="changed since"):
        roll_back(root, one.id, key, "ann")


def test_records_are_read_as_hostile_input(root: Path) -> None:
    folder = root / records.FOLDER
    folder.mkdir()
    for content in (b"", b"{}", b"[" * 100_000, b"\xff"):
        (folder / "hc-000000000000.json").write_bytes(content)
        with pytest.raises(BartizanError):
            list(records.read_records(root))


@pytest.mark.parametrize("objective", ["secret", "system_prompt", "leak_personal_data"])
def test_cases_of_any_leak_stay_out_of_version_control(
    proposed: Callable[..., Candidate], root: Path, key: Path, objective: str
) -> None:
    one = proposed(Kind.SIGNATURE, of=finding(id="f-5", objective=objective))
    record = approve_candidate(root, one.id, key, "ann", enforce=False)
    assert record.private_cases
    assert not record.cases
    assert b"HERON" not in (root / "hardening" / f"{one.id}.json").read_bytes()


def test_proposals_are_read_as_hostile_input(root: Path, key: Path) -> None:
    folder = root / ".bartizan" / "hardening"
    folder.mkdir(parents=True)
    path = folder / "hc-000000000000.json"
    for content in (b"", b"{}", b"[" * 100_000, b"\xff"):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ConfigurationError, match="is damaged"):
            approve_candidate(root, path.stem, key, "ann", enforce=False)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="open to every user"):
        approve_candidate(root, path.stem, key, "ann", enforce=False)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        approve_candidate(root, path.stem, key, "ann", enforce=False)
