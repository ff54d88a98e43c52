"""A verification says that a control holds only where somebody trusted signed it and enough was run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.hardening.shop import events
from typer.testing import CliRunner

from bartizan.app.hardening import approve_candidate, verify_controls
from bartizan.cli.main import app
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.hardening.change import Change
from bartizan.hardening.record import Case, ControlRecord, read_record
from bartizan.trust.signing import SigningKey, write_key_pair


@pytest.fixture
def approved(proposed: Callable[..., Candidate], root: Path, key: Path) -> ControlRecord:
    return approve_candidate(root, proposed(Kind.CANARY).id, key, "ann", enforce=False)


def evidence(root: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes())["evidence"] for path in sorted((root / ".bartizan/evidence").iterdir())]


def put(root: Path, record: ControlRecord, key: Path) -> None:
    signer = SigningKey.parse(key.read_text().strip())
    (root / "hardening" / f"{record.id}.json").write_bytes(record.signed(signer).encode())


def test_without_a_key_nothing_is_verified(approved: ControlRecord, root: Path, key: Path) -> None:
    before = evidence(root)
    (held,) = verify_controls(root, [])
    assert (held.state, held.signed, held.stopped.n) == ("inconclusive", False, 0)
    assert evidence(root) == before
    assert [event["state"] for event in events(root)] == ["enforced", "inconclusive"]
    result = CliRunner().invoke(app, ["harden", "verify", "--workspace", str(root)])
    assert (result.exit_code, "--key" in result.output) == (2, True)
    named = ["harden", "verify", "--workspace", str(root), "--key", f"{key}.pub"]
    assert CliRunner().invoke(app, named).exit_code == 0


def test_a_forged_record_is_neither_run_nor_believed(approved: ControlRecord, root: Path, key: Path) -> None:
    before = evidence(root)
    write_key_pair(key.with_name("forger"))
    forged = replace(approved, change=Change(), undo=(), cases=(), private_cases="", findings=(), strengthens="X")
    put(root, forged, key.with_name("forger"))
    (held,) = verify_controls(root, [key.with_name("approver.pub")])
    assert (held.state, held.signed, held.stopped.n) == ("decayed", False, 0)
    assert "not what was signed" in held.reason
    assert evidence(root) == before
    assert [event.get("strengthens", "") for event in events(root)] == ["BZN-RT-06", ""]


def test_too_few_cases_are_no_verification(approved: ControlRecord, root: Path, key: Path) -> None:
    public = [key.with_name("approver.pub")]
    (case,) = json.loads((root / f".bartizan/hardening/cases/{approved.id}.json").read_bytes())
    assert len(case["variants"]) == 80
    put(root, replace(approved, private_cases=""), key)
    (held,) = verify_controls(root, public)
    assert (held.state, held.signed, held.stopped.n) == ("inconclusive", True, 0)
    (held,) = _with_variants(approved, root, key, 72)
    assert (held.state, held.stopped.n) == ("inconclusive", 72)
    assert not evidence(root)[-1]["enforced"]
    (held,) = _with_variants(approved, root, key, 73)
    assert (held.state, held.stopped.n) == ("verified", 73)
    put(root, replace(approved, change=Change(), undo=()), key)
    (held,) = verify_controls(root, public)
    assert (held.state, held.reason) == ("decayed", "it changes nothing")


def _with_variants(approved: ControlRecord, root: Path, key: Path, most: int) -> Any:
    content = (root / f".bartizan/hardening/cases/{approved.id}.json").read_bytes()
    (case,) = msgspec.json.decode(content, type=tuple[Case, ...])
    few = replace(case, variants=case.variants[:most])
    put(root, replace(approved, private_cases="", cases=(few,)), key)
    return verify_controls(root, [key.with_name("approver.pub")])


def test_a_control_that_holds_no_longer_is_no_evidence_of_enforcement(
    approved: ControlRecord, root: Path, key: Path
) -> None:
    policy = root / "policy.yaml"
    policy.write_text(policy.read_text().replace("canary: {action: block}", "canary: {action: flag}"))
    (held,) = verify_controls(root, [key.with_name("approver.pub")])
    assert held.state == "decayed"
    assert [one["enforced"] for one in evidence(root)].count(True) == 1, "that of the approval"
    assert read_record(root, approved.id) == approved


def test_a_control_without_its_record_is_not_passed_over(approved: ControlRecord, root: Path, key: Path) -> None:
    (root / "hardening" / f"{approved.id}.json").unlink()
    (held,) = verify_controls(root, [key.with_name("approver.pub")])
    assert (held.id, held.state, held.signed) == (approved.id, "decayed", False)
    assert "its record is gone" in held.reason
    assert [event["state"] for event in events(root)] == ["enforced", "decayed"]
    result = CliRunner().invoke(app, ["harden", "verify", "--workspace", str(root), "--key", f"{key}.pub"])
    assert result.exit_code == 1
