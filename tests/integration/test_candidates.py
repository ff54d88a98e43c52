"""Candidates are built in a process of their own; what it says is what the command says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bartizan.app import candidates
from bartizan.app.candidates import check_candidate
from bartizan.core.errors import ConfigurationError
from bartizan.workspace.snapshot import Snapshot, digest_of, take_snapshot

UPSTREAM = "version: 1\nupstreams: [{name: a, url: 'http://a', protocol: openai, key: {env: BARTIZAN_TEST_KEY}}]\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BARTIZAN_TEST_KEY", "sk-test")
    (tmp_path / "bartizan.yaml").write_text(UPSTREAM)
    (tmp_path / "policy.yaml").write_text("version: 1\nclassifier: {enabled: false}\n")
    return tmp_path


def snapshot_of(**files: str) -> Snapshot:
    contents = {f"{name}.yaml": text.encode() for name, text in files.items()}
    return Snapshot(2, digest_of(contents), contents)


def test_a_sound_candidate_passes(workspace: Path) -> None:
    check_candidate(workspace, take_snapshot(workspace))


def test_the_candidate_counts_not_what_stands_in_the_folder(workspace: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"policy\.yaml:2:12: found .*expected") as caught:
        check_candidate(workspace, snapshot_of(policy="version: 1\nanonymous: perhaps\n"))
    assert "\n" not in str(caught.value)


def test_bounds_that_make_no_sense_are_found_before_the_workers_start(workspace: Path) -> None:
    (workspace / "bartizan.yaml").write_text(UPSTREAM + "inference: {threads: 0}\n")
    with pytest.raises(ConfigurationError, match=r"bartizan.yaml:\d+:22: found the number 0"):
        check_candidate(workspace, take_snapshot(workspace))


def test_secrets_that_are_not_there_are_found_before_the_workers_start(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BARTIZAN_TEST_KEY")
    with pytest.raises(ConfigurationError, match="BARTIZAN_TEST_KEY is not set") as caught:
        check_candidate(workspace, take_snapshot(workspace))
    assert caught.value.hint == "export BARTIZAN_TEST_KEY=…"


@pytest.mark.parametrize("program", ["/bin/false", "/bin/echo", "/no/such/program"])
def test_a_check_that_fails_is_no_pass(workspace: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(sys, "executable", program)
    with pytest.raises(ConfigurationError, match="could not be checked"):
        check_candidate(workspace, take_snapshot(workspace))


def test_a_check_that_ends_badly_after_it_spoke_is_no_pass(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "liar"
    program.write_text("#!/bin/sh\necho '{}'\nexit 9\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(ConfigurationError, match="exit status 9"):
        check_candidate(workspace, take_snapshot(workspace))


def test_a_check_without_end_is_ended(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "CHECK_SECONDS", 0.01)
    with pytest.raises(ConfigurationError, match="took too long"):
        check_candidate(workspace, take_snapshot(workspace))
