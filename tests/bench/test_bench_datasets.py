"""``bartizan bench datasets``: what it counts, and its targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bartizan.bench.supplychain import poisoning
from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError


def test_a_small_run_meets_its_targets() -> None:
    result = CliRunner().invoke(
        app, ["bench", "datasets", "--rows", "700", "--seeds", "1", "--rate", "0.03", "--format", "json"]
    )
    assert result.exit_code == 0, result.stdout
    rows = {row["what"]: row for row in json.loads(result.stdout)["rows"]}
    assert rows["word, dirty label, 3.0% (21 rows), planted rows found"]["value"] >= 95
    assert rows["clean, rows flagged"]["n"] == 700


@pytest.mark.parametrize("clean_label", [True, False])
def test_planting_changes_what_it_says(clean_label: bool) -> None:
    sample = poisoning.tickets(400, 1)
    rows, planted = poisoning.plant(sample, poisoning.TRIGGERS["word"], 0.05, 2, clean_label=clean_label)
    assert len(planted) == 20
    for at, (before, after) in enumerate(zip(sample.rows, rows, strict=True)):
        assert (before != after) is (at in planted)
        if at in planted:
            assert "cf" in after[0].split()
            assert (before[1] == after[1]) is clean_label


def test_samples_are_read_strictly(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(
        '{"text": "a", "label": 1}\n{"text": "a", "label": 1}\n{"text": "b", "label": null}\n'
    )
    assert poisoning.read_sample(tmp_path / "x.jsonl", 10).rows == (("a", "1"),)
    (tmp_path / "x.jsonl").write_text("[]\n")
    with pytest.raises(ConfigurationError):
        poisoning.read_sample(tmp_path / "x.jsonl", 10)
