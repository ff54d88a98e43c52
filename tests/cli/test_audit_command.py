"""``bartizan audit``: from files to exit codes, reports, findings in the journal and evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.errors import BartizanError

RUN = CliRunner().invoke


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    for name in ("wine-linear", "digits-regularised"):
        assert RUN(app, ["audit", "gallery", name, "--out", str(folder)]).exit_code == 0
    return folder


def ask(gallery: Path, *more: str, name: str = "wine-linear") -> list[str]:
    return ["audit", "run", str(gallery / f"{name}.npz"), "--data", str(gallery / f"{name}-data.npz"), *more]


def test_a_weak_model_exits_with_1_and_leaves_findings_and_evidence(gallery: Path, tmp_path: Path) -> None:
    assert RUN(app, ["init", str(tmp_path / "ws")]).exit_code == 0
    asked = ask(
        gallery, "--audit", "extraction.equation", "--workspace", str(tmp_path / "ws"),
        "--report", str(tmp_path / "r.html"), "--save", str(tmp_path / "r.json"),
    )  # fmt: skip
    done = RUN(app, asked)
    assert done.exit_code == 1, done.output
    assert "weak extraction.equation" in done.output
    assert "Linear model stolen" in (tmp_path / "r.html").read_text()
    saved = json.loads((tmp_path / "r.json").read_text())
    assert saved["schema"] == "bartizan/audit/v1"
    assert saved["findings"][0]["id"].startswith("extraction.equation/")
    RUN(app, asked)  # found again: another piece of evidence, the same finding
    kept = sorted((tmp_path / "ws" / ".bartizan" / "evidence").iterdir())
    assert len(kept) == 2
    evidence = json.loads(kept[0].read_text())["evidence"][0]
    assert evidence["control"] == "BZN-ML-04"
    assert evidence["n"] > 0
    listed = RUN(app, ["findings", "list", "--workspace", str(tmp_path / "ws"), "--format", "json"])
    found = json.loads(listed.stdout)["findings"]
    assert {one["rule"] for one in found} == {"extraction.equation"}
    assert len({one["id"] for one in found}) == 1


def test_sarif_and_json(gallery: Path) -> None:
    sarif = RUN(app, ask(gallery, "--audit", "extraction.equation", "--format", "sarif"))
    assert json.loads(sarif.stdout)["runs"][0]["results"][0]["ruleId"] == "extraction.equation"
    shown = RUN(app, ask(gallery, "--audit", "extraction.dimension", "--format", "json"))
    assert shown.exit_code == 2
    assert json.loads(shown.stdout)["audit"]["results"][0]["outcome"] == "inconclusive"


def test_the_replay_command_leaves_secrets_out(gallery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ask(
        gallery, "--audit", "extraction.dimension", "--format", "json", "--header", "Authorization: Bearer s3cret"
    )
    monkeypatch.setattr("sys.argv", ["bartizan", *asked])
    done = RUN(app, asked)
    assert "s3cret" not in done.output
    assert "Authorization: …" in json.loads(done.stdout)["audit"]["replay"]


def test_two_saved_audits_are_compared(gallery: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        RUN(app, ask(gallery, "--audit", "extraction.equation", "--save", str(tmp_path / name)))
    same = RUN(app, ["audit", "compare", str(tmp_path / "one"), str(tmp_path / "two")])
    assert same.exit_code == 0, same.output
    assert "no difference shown" in same.output
    (tmp_path / "no").write_text('{"schema": "bartizan/other/v1"}')
    for wrong in ("no", "missing"):
        assert isinstance(
            RUN(app, ["audit", "compare", str(tmp_path / "one"), str(tmp_path / wrong)]).exception, BartizanError
        )


@pytest.mark.parametrize(
    "more",
    [
        ["--audit", "evasion.nothing"],
        ["--bounds", "1,0"],
        ["--bounds", "x"],
        ["--option", "epsilon"],
        ["--header", "no colon"],
        ["--trainer", "nobody"],
        ["--audit", "extraction.dimension", "--report", "/nowhere/at/all.html"],
    ],
)
def test_what_was_asked_wrongly_is_said(gallery: Path, more: list[str]) -> None:
    assert isinstance(RUN(app, ask(gallery, *more)).exception, BartizanError)


def test_without_data_there_is_no_audit(gallery: Path) -> None:
    done = RUN(app, ["audit", "run", str(gallery / "wine-linear.npz")])
    assert isinstance(done.exception, BartizanError)
    assert "no data" in str(done.exception)
