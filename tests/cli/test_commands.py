"""The commands as a shell sees them: what they print, and their exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bartizan import __version__
from bartizan.cli.main import COMMANDS, LazyGroup, app, run
from bartizan.policy.document import PolicyDocument
from bartizan.trust.virtual_keys import is_well_formed, key_digest
from bartizan.workspace.workspace import Workspace


class Shell:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["bartizan", *map(str, arguments)])
        code: object = 0
        try:
            run()
        except SystemExit as end:
            code = end.code or 0
        assert isinstance(code, int)
        out, err = self._capsys.readouterr()
        return code, out, err


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


@pytest.fixture
def ws(tmp_path: Path, shell: Shell) -> Path:
    assert shell("init", tmp_path / "ws")[0] == 0
    return tmp_path / "ws"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_version_is_printed(shell: Shell) -> None:
    assert shell("--version") == (0, f"bartizan {__version__}\n", "")


def test_init_writes_once_and_says_what_is_next(shell: Shell, tmp_path: Path) -> None:
    code, out, _ = shell("init", tmp_path / "new")
    assert code == 0
    assert "policy.yaml" in out
    assert "bartizan keys create" in out
    code, _, err = shell("init", tmp_path / "new")
    assert code == 2
    assert err.startswith("error: ")
    assert "nothing was written" in err
    code, out, _ = shell("init", tmp_path / "other", "--format", "json")
    assert json.loads(out)["schema"] == "bartizan/init/v1"


def test_a_new_workspace_passes_the_checks(shell: Shell, ws: Path) -> None:
    code, out, err = shell("policy", "check", "--workspace", ws)
    assert (code, out[:2], err) == (0, "OK", "")
    code, out, _ = shell("policy", "check", "--workspace", ws, "--format", "json")
    report = json.loads(out)
    assert (code, report["schema"], report["ok"], report["problems"]) == (0, "bartizan/policy-check/v1", True, [])
    assert len(report["digest"]) == 64
    assert report["files"] == ["bartizan.yaml", "policy.yaml", "system.yaml", "waivers.yaml"]


def test_check_reads_the_rules_too(shell: Shell, ws: Path) -> None:
    rule = ws / "rules" / "own.yml"
    rule.write_text("title: t\ndetection: {sel: {kind: x}, condition: sell}\n")
    code, out, _ = shell("policy", "check", "--workspace", ws)
    assert code == 2
    assert "rules/own.yml:2:40" in out
    rule.write_text("title: t\ndetection: {sel: {kind: x}, condition: sel}\n")
    with (ws / "bartizan.yaml").open("a") as file:
        file.write("detections: {silent: [nobody]}\n")
    code, out, _ = shell("policy", "check", "--workspace", ws)
    assert code == 2
    assert "there is no rule 'nobody'" in out
    assert "bartizan.yaml:" in out


def test_every_broken_file_is_reported_with_its_place(shell: Shell, ws: Path) -> None:
    edit(
        ws / "policy.yaml",
        "prompt_injection: {action: block, threshold: 0.5}   #",
        "prompt_injection: {action: blok}   #",
    )
    edit(ws / "bartizan.yaml", "port: 8400", "port: many")
    edit(ws / "system.yaml", "zone: vendor", "zone: vendr")
    (ws / "waivers.yaml").write_text("- {subject: x}\n")
    (ws / "signatures" / "mine.yaml").write_text("pack: mine\n")
    code, out, _ = shell("policy", "check", "--workspace", ws)
    assert code == 2
    for start in (
        "bartizan.yaml:7:9:",
        "policy.yaml:15:32:",
        "system.yaml:",
        "waivers.yaml:1:3:",
        "signatures/mine.yaml:1:1:",
    ):
        assert start in out, start
    assert "did you mean 'block'?" in out
    code, out, _ = shell("policy", "check", "--workspace", ws, "--format", "json")
    problems = json.loads(out)["problems"]
    assert (code, len(problems), json.loads(out)["digest"]) == (2, 5, "")
    assert {"file", "line", "column", "found", "expected", "hint"} <= set(problems[0])


def test_rules_that_the_schema_cannot_say_have_a_place_too(shell: Shell, ws: Path) -> None:
    edit(ws / "policy.yaml", "obfuscation: {action: flag", "obfuscation: {action: block")
    code, out, _ = shell("policy", "check", "--workspace", ws)
    assert code == 2
    assert "policy.yaml:18:18: surfaces.user.obfuscation: obfuscation never blocks alone" in out


def test_a_bad_hash_is_found(shell: Shell, ws: Path) -> None:
    edit(ws / "policy.yaml", "keys: []", "keys:\n  - {principal: a, sha256: abc}")
    code, out, _ = shell("policy", "check", "--workspace", ws)
    assert code == 2
    assert "policy.yaml:" in out
    assert "64 hexadecimal digits" in out


def test_secrets_are_resolved_on_request(shell: Shell, ws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(
        ws / "bartizan.yaml",
        "    protocol: openai       #",
        "    key: {env: UPSTREAM_TEST_KEY}\n    protocol: openai  #",
    )
    edit(ws / "policy.yaml", "canaries: []", "canaries:\n  - {name: c, value: {file: none}}")
    monkeypatch.delenv("UPSTREAM_TEST_KEY", raising=False)
    assert shell("policy", "check", "--workspace", ws)[0] == 0
    code, out, _ = shell("policy", "check", "--workspace", ws, "--secrets")
    assert code == 2
    assert "upstreams[0].key: the environment variable UPSTREAM_TEST_KEY is not set" in out
    assert "canaries[0].value" in out


def test_signatures_are_held_against_their_examples(shell: Shell, ws: Path) -> None:
    pack = """
schema: bartizan/signature-pack/v1
pack: mine
version: 1
licence: Apache-2.0
title: Mine
entries:
  - id: mine.one
    title: One
    technique: direct_override
    score: 0.9
    kind: literal
    any: [open the pod bay doors]
    languages: [en]
    examples: [please close the pod bay doors]
"""
    (ws / "signatures" / "mine.yaml").write_text(pack)
    code, out, _ = shell("policy", "check", "--workspace", ws)
    assert code == 2
    assert "mine.one: does not match its example" in out
    (ws / "signatures" / "mine.yaml").write_text(pack.replace("[please close", "[please open"))
    assert shell("policy", "check", "--workspace", ws)[0] == 0


def test_system_check(shell: Shell, ws: Path) -> None:
    code, out, _ = shell("system", "check", "--workspace", ws)
    assert code == 0
    assert "5 components in 3 zones, 4 flows (2 cross a trust boundary)" in out
    edit(ws / "system.yaml", "BZN-RT-11", "BZN-RT-99")
    code, out, _ = shell("system", "check", "--workspace", ws, "--format", "json")
    assert code == 2
    (problem,) = json.loads(out)["problems"]
    assert (problem["file"], problem["found"]) == ("system.yaml", "'BZN-RT-99'")
    (ws / "system.yaml").unlink()
    assert shell("system", "check", "--workspace", ws)[0] == 2
    assert shell("policy", "check", "--workspace", ws)[0] == 0


def test_keys_are_shown_once_and_written_as_hashes(shell: Shell, ws: Path) -> None:
    code, out, _ = shell("keys", "create", "alice", "--write", "--debug", "--workspace", ws, "--format", "json")
    made = json.loads(out)
    assert code == 0
    assert is_well_formed(made["key"])
    (row,) = Workspace(ws).load("policy.yaml", PolicyDocument).keys
    assert (row.principal, row.sha256, row.debug) == ("alice", key_digest(made["key"]), True)
    assert made["key"] not in (ws / "policy.yaml").read_text()
    code, out, _ = shell("keys", "create", "bob", "--workspace", ws)
    assert code == 0
    assert "- principal: " in out
    assert len(Workspace(ws).load("policy.yaml", PolicyDocument).keys) == 1
    shell("keys", "create", "bob", "--write", "--workspace", ws)
    code, out, _ = shell("keys", "list", "--workspace", ws)
    assert "alice" in out
    assert "bob" in out
    assert (
        json.loads(shell("keys", "list", "--workspace", ws, "--format", "json")[1])["keys"][0]["id"] == row.sha256[:8]
    )


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "anonymous", "a\nb", "-x", "é"])
def test_names_that_could_mislead_are_refused(shell: Shell, ws: Path, name: str) -> None:
    before = (ws / "policy.yaml").read_text()
    assert shell("keys", "create", "--write", "--workspace", ws, "--", name)[0] == 2
    assert (ws / "policy.yaml").read_text() == before


def test_keys_are_not_written_into_a_broken_policy(shell: Shell, ws: Path) -> None:
    (ws / "policy.yaml").write_text("version: 2\n")
    code, _, err = shell("keys", "create", "alice", "--write", "--workspace", ws)
    assert code == 2
    assert "policy.yaml:1:10" in err
    assert (ws / "policy.yaml").read_text() == "version: 2\n"


@pytest.mark.parametrize("group", ["threats", "techniques", "controls", "frameworks"])
def test_the_catalogue_is_shown(shell: Shell, group: str) -> None:
    code, out, _ = shell("catalog", group)
    assert code == 0
    assert len(out) > 500
    report = json.loads(shell("catalog", group, "--format", "json")[1])
    assert report["schema"] == f"bartizan/catalog-{group}/v1"
    assert report[group]


def test_usage_errors_exit_2(shell: Shell, tmp_path: Path) -> None:
    assert shell("nonsense")[0] == 2
    assert shell("policy", "check", "--workspace", tmp_path / "none")[0] == 2
    assert shell("policy", "check", "--format", "xml")[0] == 2


def test_help_lists_every_installed_command(shell: Shell) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, LazyGroup)
    for name in group.list_commands(None):
        assert name in COMMANDS
        assert group.get_command(None, name) is not None, name
    code, out, _ = shell("--help")
    assert code == 0
    assert "policy" in out


def test_it_runs_as_a_module_and_starts_without_the_gateways_libraries(tmp_path: Path) -> None:
    code = "import sys; sys.argv[1:] = ['init', sys.argv[1]]; from bartizan.cli.main import run; run_ = run\n"
    code += "try: run_()\nexcept SystemExit: pass\n"
    code += "print(sorted({'aiohttp', 'uvicorn', 'sqlalchemy', 're2', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    done = subprocess.run(
        [sys.executable, "-m", "bartizan", "system", "check", "--workspace", str(tmp_path / "a")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout[:2]) == (0, "OK")


def test_what_a_file_says_is_printed_as_it_stands(tmp_path: Path) -> None:
    """Rich would make a picture of ``:x:`` wherever it stands."""
    (tmp_path / "policy.yaml").write_text("version: 1\nmode: 'root:x:0 [red]'\n")
    (tmp_path / "bartizan.yaml").write_text("version: 1\n")
    result = CliRunner().invoke(app, ["policy", "check", "--workspace", str(tmp_path)])
    assert "found the text 'root:x:0 [red]'" in result.output
