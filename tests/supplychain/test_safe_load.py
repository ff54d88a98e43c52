"""``safe_load``: a loader gets the bytes that were admitted, or is not called at all."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.cli.main import app
from bartizan.core.artefact import Admission
from bartizan.core.errors import ArtefactError
from bartizan.core.event import ArtefactDecided
from bartizan.supplychain import NotAdmittedError, loading, safe_load
from bartizan.supplychain.admission.gate import AdmissionGate, Decision, open_gate
from bartizan.telemetry.reader import read_journal

GOOD = whole(value({"a": [1, 2]}))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    assert CliRunner().invoke(app, ["init", str(tmp_path / "ws")]).exit_code == 0
    return tmp_path / "ws"


def unpickle(path: Path) -> Any:
    return pickle.loads(path.read_bytes())


def test_what_is_admitted_is_loaded_from_a_copy_of_the_same_name(workspace: Path) -> None:
    path = workspace / "model.pkl"
    path.write_bytes(GOOD)
    seen: list[Path] = []

    def load(copy: Path) -> Any:
        seen.append(copy)
        return unpickle(copy)

    assert safe_load(path, load, workspace=workspace) == {"a": [1, 2]}
    assert seen[0].name == "model.pkl"
    assert seen[0] != path
    assert not seen[0].exists()
    (event,) = [one for one in read_journal(workspace / ".bartizan" / "journal") if isinstance(one, ArtefactDecided)]
    assert (event.purpose, event.admission) == ("load", Admission.ALLOW)


@pytest.mark.parametrize("content", [whole(call("os", "system", ("true",))), bytes(range(1, 255)), b""])
def test_what_is_not_admitted_never_reaches_the_loader(workspace: Path, content: bytes) -> None:
    path = workspace / "model.pkl"
    path.write_bytes(content)
    with pytest.raises(NotAdmittedError) as refused:
        safe_load(path, lambda copy: pytest.fail("it was loaded"), workspace=workspace)
    assert refused.value.decision is not None
    assert refused.value.hint
    with pytest.raises(NotAdmittedError):
        safe_load(workspace / "absent", lambda copy: pytest.fail("it was loaded"), workspace=workspace)


@pytest.mark.parametrize("keep_times", [False, True])
def test_a_file_exchanged_after_the_decision_is_not_loaded(workspace: Path, keep_times: bool) -> None:
    import os

    path = workspace / "model.pkl"
    path.write_bytes(GOOD)
    evil = whole(call("os", "system", ("true",))).ljust(len(GOOD), b"0")[: len(GOOD)]

    with open_gate(workspace) as real:

        class Raced(AdmissionGate):
            def __init__(self) -> None:
                pass

            def decide(self, path: Path, purpose: str = "admit") -> Decision:
                decision = real.decide(path, purpose)
                before = path.stat()
                path.write_bytes(evil)
                if keep_times:
                    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
                return decision

        with pytest.raises(NotAdmittedError, match="no longer what was admitted"):
            safe_load(path, lambda copy: pytest.fail("it was loaded"), gate=Raced())


def test_a_file_exchanged_while_it_is_loaded_changes_nothing(workspace: Path) -> None:
    path = workspace / "model.pkl"
    path.write_bytes(GOOD)

    def load(copy: Path) -> Any:
        path.write_bytes(whole(call("os", "system", ("true",))))
        return unpickle(copy)

    assert safe_load(path, load, workspace=workspace) == {"a": [1, 2]}


def test_a_folder_has_an_end(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = workspace / "model"
    model.mkdir()
    for number in range(3):
        (model / f"{number}.pkl").write_bytes(GOOD)
    monkeypatch.setattr(loading, "MOST_FILES", 3)
    assert safe_load(model, lambda copy: len(list(copy.iterdir())), workspace=workspace) == 3
    (model / "more.pkl").write_bytes(GOOD)
    with pytest.raises(NotAdmittedError, match="more than 3 files"):
        safe_load(model, lambda copy: pytest.fail("it was loaded"), workspace=workspace)


def test_gits_own_files_are_left_out(workspace: Path) -> None:
    model = workspace / "model"
    (model / ".git").mkdir(parents=True)
    (model / ".git" / "index").write_bytes(whole(call("os", "system", ("true",))))
    (model / "a.pkl").write_bytes(GOOD)
    assert safe_load(model, lambda copy: [one.name for one in copy.iterdir()], workspace=workspace) == ["a.pkl"]


def test_a_disk_without_room_is_told(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workspace / "model.pkl"
    path.write_bytes(GOOD)
    monkeypatch.setattr(loading.shutil, "disk_usage", lambda folder: SimpleNamespace(free=len(GOOD) - 1))
    with pytest.raises(ArtefactError, match="no room for a copy"):
        safe_load(path, lambda copy: pytest.fail("it was loaded"), workspace=workspace)
    monkeypatch.setattr(loading.shutil, "disk_usage", lambda folder: SimpleNamespace(free=len(GOOD)))
    assert safe_load(path, unpickle, workspace=workspace) == {"a": [1, 2]}


def test_why_not_and_what_was_found_is_told(workspace: Path) -> None:
    path = workspace / "model.pkl"
    path.write_bytes(whole(call("os", "system", ("true",))))
    with pytest.raises(NotAdmittedError) as refused:
        safe_load(path, unpickle, workspace=workspace)
    assert "is not admitted (block)" in refused.value.cause
    assert "the scanner found pickle.dangerous_global" in refused.value.hint


def test_the_copy_cannot_be_written(workspace: Path) -> None:
    path = workspace / "model.pkl"
    path.write_bytes(GOOD)
    assert safe_load(path, lambda copy: copy.stat().st_mode & 0o777, workspace=workspace) == 0o400


def test_every_file_of_a_folder_must_be_admitted(workspace: Path) -> None:
    model = workspace / "model"
    (model / "parts").mkdir(parents=True)
    (model / "parts" / "a.pkl").write_bytes(GOOD)
    (model / "config.json").write_text('{"hidden_size": 8}')

    def load(copy: Path) -> list[str]:
        return sorted(str(one.relative_to(copy)) for one in copy.rglob("*") if one.is_file())

    assert safe_load(model, load, workspace=workspace) == ["config.json", "parts/a.pkl"]
    (model / "parts" / "b.pkl").write_bytes(whole(call("os", "system", ("true",))))
    with pytest.raises(NotAdmittedError, match=r"b\.pkl"):
        safe_load(model, lambda copy: pytest.fail("it was loaded"), workspace=workspace)
    (model / "parts" / "b.pkl").unlink()
    (model / "outside").symlink_to("/etc")
    with pytest.raises(NotAdmittedError, match="outside"):
        safe_load(model, lambda copy: pytest.fail("it was loaded"), workspace=workspace)
