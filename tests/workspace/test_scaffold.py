"""What ``bartizan init`` writes loads cleanly and says what the defaults are."""

from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.catalog import load_catalog
from bartizan.core.errors import ConfigurationError
from bartizan.policy.document import PolicyDocument
from bartizan.workspace.scaffold import templates, write_workspace
from bartizan.workspace.waiver import Waivers
from bartizan.workspace.workspace import Workspace


def test_everything_written_loads(tmp_path: Path) -> None:
    written = write_workspace(tmp_path / "new" / "ws")
    workspace = Workspace(tmp_path / "new" / "ws")
    assert {path.relative_to(workspace.root).as_posix() for path in written} == set(templates())
    assert workspace.deployment.upstreams[0].name == "local"
    assert workspace.load("waivers.yaml", Waivers) == ()
    assert list(workspace.system.unknown_controls(load_catalog().controls.keys())) == []


def test_the_policy_template_is_the_defaults_written_out(tmp_path: Path) -> None:
    write_workspace(tmp_path)
    assert Workspace(tmp_path).load("policy.yaml", PolicyDocument) == PolicyDocument(version=1)


def test_every_policy_setting_is_in_the_template() -> None:
    text = templates()["policy.yaml"].decode()
    for name in PolicyDocument.__struct_fields__:
        assert f"\n{name}:" in text, name


def test_state_and_secrets_stay_out_of_version_control() -> None:
    assert {".bartizan/", "secrets/"} <= set(templates()[".gitignore"].decode().splitlines())


@pytest.mark.parametrize("name", ["policy.yaml", ".gitignore", "signatures/README.md"])
def test_init_never_overwrites(tmp_path: Path, name: str) -> None:
    mine = tmp_path / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(ConfigurationError, match=name):
        write_workspace(tmp_path)
    assert mine.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    write_workspace(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match=r"policy\.yaml"):
        write_workspace(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_workspace(tmp_path / "file" / "ws")
