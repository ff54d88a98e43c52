"""The folder, its state directory and its secrets."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.core.secretref import SecretRef
from bartizan.workspace.scaffold import write_workspace
from bartizan.workspace.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_workspace(tmp_path / "ws")
    return Workspace(tmp_path / "ws")


def test_parts_load_lazily_and_once(workspace: Workspace) -> None:
    assert workspace.deployment.listen.port == 8400
    (workspace.root / "bartizan.yaml").write_text("broken: [")
    assert workspace.deployment.listen.port == 8400
    assert workspace.system.name == "Help-desk assistant"
    with pytest.raises(DocumentError, match=r"bartizan\.yaml:2:1"):
        Workspace(workspace.root).deployment


def test_no_folder_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no workspace folder"):
        Workspace(tmp_path / "none")


def test_names_stay_inside(workspace: Workspace) -> None:
    assert workspace.path("signatures/a.yaml") == workspace.root / "signatures" / "a.yaml"
    for name in ("../x", "/etc/passwd", "a/../../x"):
        with pytest.raises(ConfigurationError, match="outside"):
            workspace.path(name)


def test_state_is_for_the_owner_only(workspace: Workspace) -> None:
    assert stat.S_IMODE(workspace.state.stat().st_mode) == 0o700
    workspace.state.chmod(0o755)
    assert stat.S_IMODE(workspace.state.stat().st_mode) == 0o700


def test_state_that_is_a_file_is_refused(workspace: Workspace) -> None:
    (workspace.root / ".bartizan").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        workspace.state


KEY = ("upstreams", 0, "key")


def test_secret_from_the_environment(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTREAM_KEY", "s3cret")
    assert workspace.secret(SecretRef(env="UPSTREAM_KEY"), "bartizan.yaml", KEY) == "s3cret"
    monkeypatch.delenv("UPSTREAM_KEY")
    with pytest.raises(ConfigurationError, match=r"bartizan\.yaml: upstreams\[0\]\.key: .*UPSTREAM_KEY is not set"):
        workspace.secret(SecretRef(env="UPSTREAM_KEY"), "bartizan.yaml", KEY)


def test_secret_from_a_file(workspace: Workspace, tmp_path: Path) -> None:
    path = workspace.root / "key"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    assert workspace.secret(SecretRef(file="key"), "bartizan.yaml", KEY) == "s3cret"
    assert workspace.secret(SecretRef(file=str(path)), "bartizan.yaml", KEY) == "s3cret"
    path.chmod(0o640)
    assert workspace.secret(SecretRef(file="key"), "bartizan.yaml", KEY) == "s3cret"


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (b"s3cret\n", 0o644, "open to every user"),
        (b"s3cret\n", 0o602, "open to every user"),
        (b"", 0o600, "empty"),
        (b"\n", 0o600, "empty"),
        (b"two\nlines\n", 0o600, "one line"),
        (b"nul\0", 0o600, "one line"),
        (b"\xff", 0o600, "UTF-8"),
        (b"x" * 70_000, 0o600, "more than"),
    ],
)
def test_bad_secret_files_are_refused_without_showing_them(
    workspace: Workspace, content: bytes, mode: int, message: str
) -> None:
    path = workspace.root / "key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=message) as caught:
        workspace.secret(SecretRef(file="key"), "policy.yaml", ("canaries", 0, "value"))
    assert "canaries[0].value" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_secret_needs_exactly_one_place(workspace: Workspace) -> None:
    for reference in (SecretRef(), SecretRef(env="A", file="b")):
        with pytest.raises(ConfigurationError, match="exactly one"):
            workspace.secret(reference, "bartizan.yaml", KEY)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        workspace.secret(SecretRef(file="none"), "bartizan.yaml", KEY)
    os.mkfifo(workspace.root / "pipe")
    with pytest.raises(ConfigurationError, match="regular file"):
        workspace.secret(SecretRef(file="pipe"), "bartizan.yaml", KEY)
