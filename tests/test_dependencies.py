"""Dependencies stay few, and each is used."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
IMPORT_NAMES = {"google-re2": "re2", "ahocorasick-rs": "ahocorasick_rs", "pyyaml": "yaml", "psycopg": "psycopg"}
RUN_BY_NAME = {"uvloop", "httptools", "psycopg"}
"""Loaded by uvicorn or SQLAlchemy through a name, not by an import statement of ours."""


def declared() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"run": project["dependencies"], **project["optional-dependencies"]}
    return {
        group: [re.split(r"[\[>=<;! ]", requirement)[0].lower() for requirement in requirements]
        for group, requirements in groups.items()
    }


def imported(modules: set[str]) -> set[str]:
    """Which of ``modules`` the source imports."""
    names: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not any(module in text for module in modules - names):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "import_module"
            ):
                names.update(str(one.value) for one in node.args if isinstance(one, ast.Constant))
    return names & modules


def test_there_are_at_most_twenty() -> None:
    assert len(declared()["run"]) <= 20


def test_each_is_used() -> None:
    wanted = {name for group in ("run", "model", "valkey", "postgres") for name in declared()[group]} - RUN_BY_NAME
    modules = {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in wanted}
    assert imported(modules | {"re3"}) == modules


def test_requirement_files_are_pinned_by_hash_and_name_no_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "--index-url" not in text
        assert "://" not in text
        for line in text.splitlines():
            if line and not line.startswith((" ", "#")):
                assert "==" in line, f"{path.name}: {line}"
        assert text.count("--hash=sha256:") >= text.count("==")
