"""A key is added to a policy without touching anything else."""

from __future__ import annotations

import errno
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.policy.document import PolicyDocument
from bartizan.workspace.document import loads
from bartizan.workspace.editing import append_key, key_row, write_key
from bartizan.workspace.scaffold import templates

ROW = key_row("alice", "a" * 64)
OLD = "  - principal: bob\n    sha256: " + "b" * 64 + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n",
        "version: 1",
        "version: 1\nkeys: []\n",
        "version: 1\nkeys: []   # none yet\nanonymous: false\n",
        "version: 1\nkeys:\n" + OLD,
        "version: 1\nkeys:\n" + OLD + "\n# the end\nanonymous: false\n",
        "version: 1\nkeys:\n" + OLD + "    models:\n      - a\n      - b   # comment\n\n\n# after\nmode: monitor\n",
        "version: 1\nkeys:\n" + OLD + "    models: [a,\n      b]\nmode: monitor\n",
        "version: 1\nkeys:\n- principal: bob\n  sha256: x\n- {principal: eve, sha256: y}\nmode: monitor\n",
        "version: 1\nkeys:\n      - principal: |\n          bob\n        sha256: x\nmode: monitor\n",
        "# first\nkeys:\n" + OLD + "version: 1   # last\n",
        templates()["policy.yaml"].decode(),
    ],
)
def test_the_row_is_added_and_the_rest_kept(text: str) -> None:
    before = loads(text, "p", PolicyDocument)
    edited = append_key(text, "p", ROW)
    after = loads(edited, "p", PolicyDocument)
    assert [key.principal for key in after.keys] == [key.principal for key in before.keys] + ["alice"]
    assert after.keys[:-1] == before.keys
    for line in text.splitlines():
        if not line.startswith("keys:"):
            assert line in edited.splitlines()
    assert [key.principal for key in loads(append_key(edited, "p", ROW), "p", PolicyDocument).keys][-2:] == [
        "alice"
    ] * 2


@pytest.mark.parametrize(
    "text",
    [
        "{version: 1, keys: []}\n",
        "version: 1\nkeys: [{principal: bob, sha256: x}]\n",
        "version: 1\nkeys:\n  [\n  ]\n",
        "version: 1\nmode: enforce\n...\n",
    ],
)
def test_what_cannot_be_extended_line_by_line_is_refused(text: str) -> None:
    with pytest.raises((ConfigurationError, DocumentError)):
        append_key(text, "p", ROW)


def test_line_ends_are_kept() -> None:
    edited = append_key("version: 1\r\nkeys: []\r\nmode: monitor", "p", ROW)
    assert edited.count("\r\n") == edited.count("\n") == 5
    assert loads(edited, "p", PolicyDocument).keys[0].principal == "alice"


def test_two_commands_at_once_lose_no_key(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(templates()["policy.yaml"])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: write_key(path, "policy.yaml", key_row(f"p{i}", "a" * 64)), range(24)))
    names = {key.principal for key in loads(path.read_bytes(), "p", PolicyDocument).keys}
    assert names == {f"p{i}" for i in range(24)}


@given(st.text(max_size=60))
def test_any_text_is_edited_or_refused(text: str) -> None:
    try:
        edited = append_key(text, "p", ROW)
    except ConfigurationError:
        return
    assert "alice" in edited


def test_the_file_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(templates()["policy.yaml"])
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    write_key(link, "policy.yaml", key_row('o"dd', "a" * 64, debug=True))
    key = loads(path.read_bytes(), "p", PolicyDocument).keys[0]
    assert (key.principal, key.debug) == ('o"dd', True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.yaml", "policy.yaml"]


def test_a_refused_edit_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("{version: 1}\n")
    with pytest.raises((ConfigurationError, DocumentError)):
        write_key(path, "policy.yaml", ROW)
    assert path.read_text() == "{version: 1}\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_policy_that_is_no_mapping_or_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a mapping"):
        append_key("- a\n", "p", ROW)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        write_key(tmp_path / "none" / "policy.yaml", "policy.yaml", ROW)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\n")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        write_key(path, "policy.yaml", ROW)
    assert path.read_text() == "version: 1\n"
    assert list(tmp_path.iterdir()) == [path]
