"""Traffic of one's own gives a report; only an analyst's labels speak for or against a control."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.hardening.impact import read_traffic

CODE = "HERON-2231-TULIP"

LEAK = f"The code for refunds is {CODE}."


def traffic(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps({"text": "What is the code?"} | row) for row in rows) + "\n")
    return path


def said(root: Path, candidate: Candidate, path: Path) -> tuple[int, dict[str, Any]]:
    words = ["harden", "impact", candidate.id, str(path), "--workspace", str(root), "--format", "json"]
    done = CliRunner().invoke(app, words)
    return done.exit_code, json.loads(done.stdout)


def test_an_attacker_who_hides_in_traffic_has_no_veto(
    root: Path, proposed: Callable[..., Candidate], tmp_path: Path
) -> None:
    candidate = proposed(Kind.CANARY)
    rows = [{"text": f"Question {number}", "answer": f"{LEAK} {number}"} for number in range(40)]
    code, found = said(root, candidate, traffic(tmp_path / "t", *rows, rows[0], {"answer": "Nine to five."}))
    assert found["unlabelled"]["newly"]["successes"] == 40
    assert found["unlabelled"]["newly"]["n"] == 41, "the same row counts once"
    assert found["unlabelled"]["examples"][0].startswith("output: The code")
    assert code == 0


def test_labels_of_an_analyst_count(root: Path, proposed: Callable[..., Candidate], tmp_path: Path) -> None:
    candidate = proposed(Kind.CANARY)
    harmless = [{"answer": f"{LEAK} {number}", "label": "harmless"} for number in range(3)]
    attack = {"answer": LEAK, "label": "attack"}
    fine = [{"text": f"Opening hours of day {number}?", "label": "harmless"} for number in range(30)]
    code, found = said(root, candidate, traffic(tmp_path / "t", attack, *fine))
    assert (code, found["attack"]["newly"]["successes"], found["harmless"]["newly"]["successes"]) == (0, 1, 0)
    code, found = said(root, candidate, traffic(tmp_path / "t", *harmless, *fine))
    assert (code, found["harmless"]["newly"]["successes"], found["harmless"]["newly"]["n"]) == (1, 3, 33)


def test_traffic_is_read_as_hostile_input(tmp_path: Path) -> None:
    path = tmp_path / "t"
    for content, why in (
        (b"{", "t:1"),
        (b'{"text": "a", "label": "fine"}', "t:1"),
        (b'{"text": "a", "more": 1}', "t:1"),
        (b"[" * 100_000, "t:1"),
        (b'{"text": "\xff"}', "t:1"),
        (b'{"text": "' + b"x" * 50_001 + b'"}', "longer than"),
        (b"\n\n", "holds no traffic"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigurationError, match=why):
            read_traffic(path)
