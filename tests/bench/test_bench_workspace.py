"""The workspaces of the benchmarks are workspaces: a section written twice kept a gateway from starting."""

from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.app.checking import check_workspace
from bartizan.bench.workspace import write_workspace


@pytest.mark.parametrize("more", [{}, {"guards": False}, {"model": True}, {"detections": "{suppress_seconds: 0}"}])
def test_every_form_is_sound(tmp_path: Path, more: dict[str, object]) -> None:
    root = write_workspace(tmp_path / "w", 8400, 8401, "http://127.0.0.1:9", **more)  # type: ignore[arg-type]
    assert check_workspace(root).problems == []
