"""What commands do with artefacts stands in the workspace's journal, and rules see it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from tests.supplychain.test_attestations import key
from typer.testing import CliRunner, Result

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.cli.main import app
from bartizan.core.errors import BartizanError
from bartizan.core.event import ArtefactScanned, ArtefactVouched, BillHandled, ScanCompleted
from bartizan.telemetry.reader import read_journal
from bartizan.workspace.scaffold import write_workspace

GOOD, BAD = whole(value({"a": 1})), whole(call("os", "system", ("true",)))


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    write_workspace(tmp_path / "ws")
    key(tmp_path, "ci")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "good.pkl").write_bytes(GOOD)
    (tmp_path / "models" / "bad.pkl").write_bytes(BAD)
    (tmp_path / "models" / "Makefile").write_text("all:\n\ttrue\n")
    return tmp_path


def run(lab: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--workspace", str(lab / "ws")])


def events(lab: Path) -> list[Any]:
    return list(read_journal(lab / "ws" / ".bartizan" / "journal"))


@pytest.mark.parametrize("form", ["text", "json", "sarif", "cyclonedx"])
def test_a_scan_tells_what_it_has_something_against_and_counts_the_rest(lab: Path, form: str) -> None:
    assert run(lab, "scan", str(lab / "models"), "--format", form).exit_code == 1
    *found, end = events(lab)
    assert {(Path(one.path).name, str(one.verdict)) for one in found} == {
        ("bad.pkl", "block"),
        ("Makefile", "inconclusive"),
    }
    bad = next(one for one in found if one.verdict == "block")
    assert isinstance(bad, ArtefactScanned)
    assert "pickle.dangerous_global" in bad.rules
    assert len(bad.sha256) == 64
    assert isinstance(end, ScanCompleted)
    assert (end.allowed, end.inconclusive, end.blocked, end.paths) == (1, 1, 1, (str(lab / "models"),))


def test_signing_and_both_answers_of_verifying_are_told(lab: Path) -> None:
    model = str(lab / "models")
    assert run(lab, "artefacts", "sign", model, "--key", str(lab / "ci")).exit_code == 0
    assert run(lab, "artefacts", "verify", model, "--key", str(lab / "ci.pub")).exit_code == 0
    (lab / "models" / "good.pkl").write_bytes(BAD)
    assert run(lab, "artefacts", "verify", model, "--key", str(lab / "ci.pub")).exit_code == 1
    signed, held, failed = events(lab)
    assert all(isinstance(one, ArtefactVouched) for one in (signed, held, failed))
    assert [(one.action, one.valid) for one in (signed, held, failed)] == [
        ("signed", True), ("verified", True), ("verified", False),
    ]  # fmt: skip
    assert signed.digest == held.digest
    assert (len(signed.signer), signed.signed_files) == (64, 3)
    assert "good.pkl is not what was signed" in failed.reason


def test_bills_are_told(lab: Path) -> None:
    bill = str(lab / "bom.json")
    assert run(lab, "bom", "make", str(lab / "models"), "--output", bill).exit_code == 0
    (lab / "models" / "good.pkl").write_bytes(GOOD + b"x")
    assert run(lab, "bom", "check", bill, "--against", str(lab / "models")).exit_code == 1
    made, checked = events(lab)
    assert isinstance(made, BillHandled)
    assert (made.action, checked.action, made.digest) == ("made", "checked", checked.digest)
    assert "bom.exchanged" in checked.rules
    assert not made.rules


def test_training_runs_are_told(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lab)
    words = (
        "artefacts",
        "record",
        "--output",
        "w.txt",
        "--builder",
        "https://a.example",
        "--provenance",
        "p",
        "--key",
        "ci",
    )
    done = CliRunner().invoke(app, [*words, "--workspace", "ws", "--", "cp", "models/good.pkl", "w.txt"])
    assert done.exit_code == 0
    (told,) = events(lab)
    assert (told.action, told.path, told.valid) == ("recorded", "w.txt", True)


def test_questions_about_files_are_told(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lab)
    words = "artefacts record --output w.txt --builder https://a.example --provenance p --key ci -- cp models/good.pkl"
    assert CliRunner().invoke(app, [*words.split(), "w.txt"]).exit_code == 0
    key(lab, "other")
    (lab / "attested").mkdir()
    asked = ("--provenance", "p", "--key")
    assert run(lab, "artefacts", "recorded", "w.txt", *asked, "ci.pub").exit_code == 0
    assert run(lab, "artefacts", "recorded", "w.txt", *asked, "other.pub").exit_code == 1
    assert run(lab, "artefacts", "recorded", "models/bad.pkl", *asked, "ci.pub").exit_code == 2
    assert run(lab, "artefacts", "attested", "w.txt", "--attestations", "attested", "--key", "ci.pub").exit_code == 2
    told = events(lab)
    assert [(one.action, one.valid) for one in told] == [
        ("traced", True), ("traced", False), ("traced", False), ("attested", False),
    ]  # fmt: skip
    assert len({one.digest for one in told}) == 2
    assert told[2].reason == "no record names these bytes"
    assert told[3].reason.startswith("none: ")


def test_merged_bills_are_told(lab: Path) -> None:
    bill = str(lab / "bom.json")
    assert run(lab, "bom", "make", str(lab / "models"), "--output", bill).exit_code == 0
    assert run(lab, "bom", "merge", bill, "--name", "both", "--output", str(lab / "both.json")).exit_code == 0
    made, merged = events(lab)
    assert (made.action, merged.action, merged.name) == ("made", "merged", "both")
    assert merged.digest == hashlib.sha256((lab / "both.json").read_bytes()).hexdigest()
    assert merged.components >= made.components


def test_what_cannot_be_told_is_not_signed(lab: Path) -> None:
    state = lab / "ws" / ".bartizan"
    state.mkdir(exist_ok=True)
    (state / "journal").write_text("in the way")
    done = run(lab, "artefacts", "sign", str(lab / "models"), "--key", str(lab / "ci"))
    assert isinstance(done.exception, BartizanError)
    assert not (lab / "models" / "model.sig").exists()


def test_without_a_workspace_nothing_is_written(lab: Path) -> None:
    assert CliRunner().invoke(app, ["scan", str(lab / "models"), "--format", "json"]).exit_code == 1
    assert not (lab / "ws" / ".bartizan" / "journal").exists()
    assert json.loads(CliRunner().invoke(app, ["scan", str(lab / "models"), "--format", "json"]).stdout)["results"]
