"""What the product can do is written down: every command, setting, guard and format has its row."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer.main
import yaml

from bartizan.cli.main import app
from bartizan.core.threat import Guard
from bartizan.inspection.hazards import HAZARD_PATTERNS
from bartizan.inspection.personal_data import PERSONAL_DATA_PATTERNS
from bartizan.inspection.secrets import SECRET_PATTERNS
from bartizan.policy.document import PolicyDocument
from bartizan.workspace.deployment import Deployment

DOCS = Path(__file__).parent.parent / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(command: Any, name: str) -> Iterator[str]:
    if not hasattr(command, "list_commands"):
        yield name
        return
    context = command.make_context(name, [], resilient_parsing=True)
    for child in command.list_commands(context):
        yield from commands(command.get_command(context, child), f"{name} {child}")


def settings(struct: type, prefix: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(struct):
        path = f"{prefix}{field.encode_name}"
        yield path
        for inner in structs_in(field.type):
            yield from settings(inner, f"{path}.")


def structs_in(kind: object) -> Iterator[type]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for argument in typing.get_args(kind):
        yield from structs_in(argument)


@pytest.mark.parametrize("name", sorted(commands(typer.main.get_command(app), "bartizan")))
def test_every_command_is_documented(name: str) -> None:
    assert f"`{name}" in page("cli.md")


@pytest.mark.parametrize("path", sorted(set(settings(Deployment))))
def test_every_deployment_setting_is_documented(path: str) -> None:
    assert f"`{path}`" in page("settings.md")


@pytest.mark.parametrize("path", sorted(set(settings(PolicyDocument))))
def test_every_policy_setting_is_documented(path: str) -> None:
    assert f"`{path}`" in page("settings.md")


@pytest.mark.parametrize("guard", list(Guard))
def test_every_guard_is_documented(guard: Guard) -> None:
    assert f"`{guard}`" in page("inspection/index.md")


@pytest.mark.parametrize("pattern", [*PERSONAL_DATA_PATTERNS, *SECRET_PATTERNS, *HAZARD_PATTERNS], ids=lambda p: p.id)
def test_every_output_format_is_documented(pattern: object) -> None:
    assert f"`{pattern.id}`" in page("inspection/output.md")  # type: ignore[attr-defined]


def test_every_page_is_in_the_navigation() -> None:
    navigation = yaml.safe_dump(yaml.safe_load((DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    missing = [
        str(path.relative_to(DOCS))
        for path in DOCS.rglob("*.md")
        if str(path.relative_to(DOCS)) not in navigation and path.parent.name != "decisions"
    ]
    assert not missing
