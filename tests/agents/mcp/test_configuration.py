"""What is configured wrongly is said in one line, before anything is started."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from harness import SERVER
from typer.testing import CliRunner

from bartizan.agents.mcp.pins import PinFile
from bartizan.app import mcp as links
from bartizan.app.checking import check_workspace
from bartizan.app.guards import Detectors, build_guard
from bartizan.app.mcp_links import mcp_links
from bartizan.app.mcp_setting import mcp_setting
from bartizan.cli import mcp
from bartizan.core.errors import BartizanError, ConfigurationError, DocumentError
from bartizan.inspection.classifier import ClassifierDetector
from bartizan.policy.document import PolicyDocument
from bartizan.workspace.scaffold import write_workspace


def written(folder: Path, servers: str) -> Path:
    (folder / "bartizan.yaml").write_text(f"version: 1\nmcp:\n  servers: {servers}\n")
    return folder


@pytest.mark.parametrize(
    ("servers", "said"),
    [
        ("[]", "names no MCP server"),
        ("[{name: a}]", "needs a command or a url"),
        ("[{name: a, command: [x], url: 'https://b.example'}]", "needs a command or a url"),
        ("[{name: a__b, command: [x]}]", "cannot be called"),
        ("[{name: a, command: [x]}, {name: a, command: [y]}]", "two MCP servers"),
        ("[{name: a, url: 'ftp://b.example'}]", "does not begin with"),
        ("[{name: a, url: 'http://b.example/mcp', token: {env: T}}]", "in the clear"),
        ("[{name: a, url: 'http://127.0.0.1.evil.example/mcp', token: {env: T}}]", "in the clear"),
        ("[{name: a, url: 'https://b.example', env: {A: b}}]", "say nothing"),
        ("[{name: a, command: [x], token: {env: T}}]", "say nothing"),
    ],
)
def test_servers_that_contradict_themselves(tmp_path: Path, servers: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        mcp_setting(written(tmp_path, servers))


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("mcp:\n  servers:\n  - {name: a}\n", r"bartizan\.yaml:4:3: server a needs a command or a url"),
        (
            "mcp:\n  servers: [{name: a, url: 'http://b.example/mcp', token: {env: T}}]\n",
            r"bartizan\.yaml:3:12: .*clear",
        ),
        (
            "sinks:\n  webhook: [{name: a, url: 'https://b.example'}, {name: a, url: 'https://c.example'}]\n",
            r"bartizan\.yaml:3:57: .*two sinks",
        ),
        ("sinks: {webhook: [{name: 'a b', url: 'https://b.example'}]}\n", r"bartizan\.yaml:2:26: .*cannot be a name"),
    ],
)
def test_the_check_of_a_workspace_finds_them_with_their_place(tmp_path: Path, section: str, said: str) -> None:
    write_workspace(tmp_path / "ws")
    assert not check_workspace(tmp_path / "ws").problems
    (tmp_path / "ws" / "bartizan.yaml").write_text(f"version: 1\n{section}")
    (problem,) = check_workspace(tmp_path / "ws").problems
    assert re.match(said, str(problem)), problem


def test_unknown_keys_name_their_place(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"bartizan\.yaml:3:23"):
        mcp_setting(written(tmp_path, "[{name: a, commands: [x]}]"))


def test_secrets_come_from_where_the_setting_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = mcp_setting(written(tmp_path, "[{name: a, command: [x], secrets: {KEY: {env: THE_KEY}}}]"))
    with pytest.raises(ConfigurationError, match=r"mcp\.servers.*THE_KEY"):
        mcp_links(setting)
    monkeypatch.setenv("THE_KEY", "s3cret")
    (link,) = mcp_links(setting).values()
    assert "s3cret" not in link.source


@pytest.mark.parametrize(
    "content", ["{", '{"version":2,"servers":{}}', '{"version":1,"servers":{},"more":1}', "[" * 100_000]
)
def test_a_broken_pins_file_is_no_pins_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "pins.json").write_text(content)
    with pytest.raises(ConfigurationError):
        PinFile(tmp_path / "pins.json")


def test_pins_cannot_be_edited_by_half_and_a_broken_edit_keeps_the_last_good_ones(tmp_path: Path) -> None:
    command = ["--", sys.executable, str(SERVER), "honest"]
    words = ["pin", "--all", "--by", "ada", "--workspace", str(tmp_path), *command]
    done = CliRunner().invoke(mcp.app, words)
    assert done.exit_code == 0, done.output
    path = tmp_path / "mcp-pins.json"
    file = PinFile(path)
    assert file.current.servers["server"].tools["shout"].by == "ada"
    whole = path.read_text()
    path.write_text(whole.replace("in capitals", "in capitals and mails it"))
    assert file.current.servers["server"].tools["shout"].definition["description"] == "Returns the text in capitals."
    assert "digest" in file.problem
    with pytest.raises(BartizanError, match="digest"):
        PinFile(path)
    path.write_text(whole)
    assert file.current.servers
    assert not file.problem


@pytest.fixture
def default_guard(
    monkeypatch: pytest.MonkeyPatch, shipped_detectors: Detectors, shipped_model: ClassifierDetector
) -> None:
    """The guard of a workspace without a policy, of detectors that were built before."""
    guard = build_guard(PolicyDocument(version=1), {}, {}, shipped_detectors, shipped_model)
    monkeypatch.setattr(links, "default_guard", lambda: guard)


@pytest.mark.usefixtures("default_guard")
def test_showing_is_not_pinning(tmp_path: Path) -> None:
    command = ["--", sys.executable, str(SERVER), "poisoned"]
    done = CliRunner().invoke(mcp.app, ["pin", "--workspace", str(tmp_path), *command])
    assert done.exit_code == 1
    assert not (tmp_path / "mcp-pins.json").exists()
    done = CliRunner().invoke(mcp.app, ["pin", "--all", "--workspace", str(tmp_path), *command])
    assert isinstance(done.exception, ConfigurationError)
    assert not (tmp_path / "mcp-pins.json").exists(), "all or nothing"
    done = CliRunner().invoke(mcp.app, ["pin", "--tool", "shout", "--workspace", str(tmp_path), *command])
    assert done.exit_code == 0
    shown = CliRunner().invoke(mcp.app, ["list", "--format", "json", "--workspace", str(tmp_path), *command])
    assert shown.exit_code == 1
    assert '"state": "offered"' in shown.stdout
    assert '"state": "new"' in shown.stdout


@pytest.mark.usefixtures("default_guard")
def test_a_server_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    done = CliRunner().invoke(mcp.app, ["list", "--workspace", str(tmp_path), "--", "/no/such/program"])
    assert done.exit_code == 2
    assert "cannot start /no/such/program" in done.stdout
