"""What the product can do is written down: every command, setting, guard, format, metric and event has its row."""

from __future__ import annotations

import ast
import re
import subprocess
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

import settings_page
from bartizan.cli.main import app
from bartizan.core.event import Event
from bartizan.core.threat import Guard
from bartizan.inspection.hazards import HAZARD_PATTERNS
from bartizan.inspection.interface import Pattern
from bartizan.inspection.personal_data import PERSONAL_DATA_PATTERNS
from bartizan.inspection.secrets import SECRET_PATTERNS
from bartizan.workspace.deployment import Deployment

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TOP = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
SOURCE = ROOT / "src" / "bartizan"

_LINK = re.compile(r"\[[^\[\]]*\]\(([^()\s]+)\)")
_CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_COMMAND = re.compile(r"\bbartizan ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    context = command.make_context(name, [], resilient_parsing=True)
    for child in command.list_commands(context):
        yield from walk(command.get_command(context, child), f"{name} {child}")


COMMANDS = dict(walk(typer.main.get_command(app), "bartizan"))


def section(name: str) -> str:
    """The part of the page on commands that is about one of them."""
    _, found, rest = page("cli.md").partition(f"### `{name}`\n")
    assert found, f"{name} has no section"
    return re.split(r"^##", rest, maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented_with_its_options_and_an_example(name: str) -> None:
    text = section(name)
    for parameter in COMMANDS[name].params:
        spelled = parameter.opts + parameter.secondary_opts if parameter.param_type_name == "option" else []
        shown = [f"`{option}`" for option in spelled] or [f"`{parameter.name.upper()}`"]
        assert all(form in text for form in shown), shown
    assert f"{name}" in "".join(re.findall(r"```console\n(.*?)```", text, re.DOTALL))


def test_no_other_command_has_a_section() -> None:
    assert set(re.findall(r"^### `(.+)`$", page("cli.md"), re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("path", [*TOP, *PAGES], ids=relative)
def test_every_command_that_is_mentioned_exists(path: Path) -> None:
    words = {name.removeprefix("bartizan ") for name in COMMANDS} | {name.split()[1] for name in COMMANDS}
    code = "\n".join(_CODE.findall(path.read_text(encoding="utf-8")))
    known = {group for group in words if " " not in group}
    for line in code.splitlines():
        spelled = line.strip().strip("`").removeprefix("$ ")
        if not spelled.startswith("bartizan "):
            continue
        found = _COMMAND.match(spelled)
        assert found is None or found[1] in known, line
        grouped = found is not None and f"bartizan {found[1]}" not in COMMANDS
        assert not (grouped and found and found[2]) or f"{found[1]} {found[2]}" in words, line


def test_the_settings_page_is_what_the_schemas_say() -> None:
    assert page("settings.md") == settings_page.render(), "run: python tests/settings_page.py"
    assert "`journal.on_full`" in page("settings.md")
    assert "`keys.limits.budget.window`" in page("settings.md")
    assert list(settings_page.structs_in(Deployment)) == [Deployment]


@pytest.mark.parametrize("guard", list(Guard))
def test_every_guard_is_documented(guard: Guard) -> None:
    assert f"`{guard}`" in page("inspection/index.md")


@pytest.mark.parametrize("pattern", [*PERSONAL_DATA_PATTERNS, *SECRET_PATTERNS, *HAZARD_PATTERNS], ids=lambda p: p.id)
def test_every_output_format_is_documented(pattern: Pattern) -> None:
    assert f"`{pattern.id}`" in page("inspection/output.md")


@pytest.mark.parametrize(
    "pack", sorted(path.stem for path in (SOURCE / "inspection" / "signatures" / "packs").glob("*.yaml"))
)
def test_every_signature_pack_is_documented(pack: str) -> None:
    assert f"`{pack}`" in page("inspection/signatures.md")


@cache
def metric_names() -> frozenset[str]:
    """First arguments of ``registry.counter``, ``gauge`` and ``histogram`` calls in the source."""
    names: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not any(f".{name}(" in text for name in ("counter", "gauge", "histogram")):
            continue
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="counter" | "gauge" | "histogram"), args=[ast.Constant(value=str(name)), *_]
                ):
                    names.add(name)
    return frozenset(names)


@pytest.mark.parametrize("name", sorted(metric_names()))
def test_every_metric_is_documented(name: str) -> None:
    assert f"`{name}`" in page("gateway/operations.md")


def test_metrics_are_found_in_the_source() -> None:
    assert {"bartizan_requests_total", "bartizan_journal_lost_total"} <= metric_names()


@pytest.mark.parametrize("kind", typing.get_args(Event), ids=lambda kind: kind.__struct_config__.tag)
def test_every_event_kind_is_documented(kind: Any) -> None:
    assert f"`{kind.__struct_config__.tag}`" in page("telemetry/journal.md")


def leaves(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    else:
        for child in entry.values() if isinstance(entry, dict) else entry:
            yield from leaves(child)


def test_the_navigation_holds_every_page_once() -> None:
    navigation = list(leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    assert sorted(navigation) == [str(path.relative_to(DOCS)) for path in PAGES]


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"^\| (\d{4}) \| \[.+\]\(((\d{4})-.+\.md)\) \|$", page("decisions/index.md"), re.MULTILINE)
    assert [name for _, name, _ in listed] == [path.name for path in sorted((DOCS / "decisions").glob("0*.md"))]
    assert all(number == same for number, _, same in listed)


def anchors(path: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = (re.sub(r"[`*]", "", title).strip().lower() for title in _HEADING.findall(text))
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", title)) for title in titles}


@pytest.mark.parametrize("path", [*TOP, *PAGES], ids=relative)
def test_links_lead_somewhere(path: Path) -> None:
    text = _CODE.sub("", path.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        aim = (path.parent / name).resolve() if name else path
        assert aim.exists(), target
        assert not anchor or anchor in anchors(aim), target


@pytest.mark.parametrize("path", [*TOP, *PAGES], ids=relative)
def test_paths_that_are_named_exist(path: Path) -> None:
    for name in re.findall(r"`((?:src|docs|tests|examples|requirements)/[\w./-]+)`", path.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name


def test_no_page_speaks_of_a_file_that_git_does_not_know() -> None:
    """Images and pages must be committed, or a clean clone has dead links."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    known = set(listed.stdout.splitlines())
    images = re.findall(r"!\[[^\[\]]*\]\(([^()\s]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert images
    assert set(images) <= known
