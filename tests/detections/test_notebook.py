"""The notebook's cells run as they are, in one namespace, without Jupyter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hunted_journal import DAY, write

from bartizan.core.clock import utc_now
from bartizan.telemetry.lake.compactor import compact

NOTEBOOK = Path(__file__).parents[2] / "examples" / "hunting.ipynb"


def test_every_cell_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / ".bartizan" / "journal")
    compact(tmp_path / ".bartizan" / "journal", tmp_path / ".bartizan" / "lake")
    monkeypatch.setenv("BARTIZAN_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("BARTIZAN_HUNT_DAYS", str(abs((utc_now() - DAY).days) + 30))
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    namespace: dict[str, object] = {}
    for cell in book["cells"]:
        assert isinstance(cell["source"], list)
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []  # what a run shows names people
            exec(compile("".join(cell["source"]), cell["id"], "exec"), namespace)
    shown = capsys.readouterr().out
    assert "busiest-principals" in shown
    assert "sketches compared" in shown
    assert "█" in shown
    assert "logsource:" in str(namespace["rule"])
    assert Path(str(namespace["kept"])).is_file()
