"""The house rules that DESIGN and CONTRIBUTING state, as tests."""

from __future__ import annotations

import ast
import statistics
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "bartizan"
PYTHON = sorted(path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_file_sizes_keep_their_budget() -> None:
    sizes = sorted(lines(path) for path in SOURCE.rglob("*.py"))
    assert statistics.median(sizes) <= 130
    assert sizes[int(len(sizes) * 0.9)] <= 350
    too_long = {str(path.relative_to(ROOT)): lines(path) for path in PYTHON if lines(path) > 600}
    assert not too_long


def test_no_two_test_modules_share_a_name() -> None:
    """Folders of tests are no packages: of two modules with one name, pytest can import only the first."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert not [name for name, count in names.items() if count > 1]


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_level_mutable_state(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    mutable: list[str] = []
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        empty = (isinstance(value, ast.Dict) and not value.keys) or (isinstance(value, ast.List) and not value.elts)
        if empty and names and names != ["__all__"]:
            mutable.extend(names)
        if isinstance(node, ast.Global):
            mutable.extend(node.names)
    assert not mutable, f"{path}: {mutable}"
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)], f"{path} uses global"


VULNERABLE = {SOURCE / "range" / "intake" / "__main__.py"}
"""Applications of the range whose weakness it is to unpickle."""


def test_no_forbidden_calls() -> None:
    forbidden: list[str] = []
    calls, modules = {"eval", "exec"}, {"pickle", "marshal", "shelve", "jinja2", "pydantic", "httpx"}
    for path in set(SOURCE.rglob("*.py")) - VULNERABLE:
        text = path.read_text(encoding="utf-8")
        spelled = unicodedata.normalize("NFKC", text)  # as Python reads names
        if not any(name in spelled for name in calls | modules):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
                forbidden.append(f"{path}:{node.lineno} {node.func.id}")
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                if modules & {name.split(".")[0] for name in names}:
                    forbidden.append(f"{path}:{node.lineno} {names}")
    assert not forbidden


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_children_import_nothing_from_the_current_folder(path: Path) -> None:
    """Python started with -m looks into the current folder first, which may be a workspace, or what is scanned."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.List | ast.Tuple | ast.Call):
            parts = node.args if isinstance(node, ast.Call) else node.elts
            words = [part.value if isinstance(part, ast.Constant) else None for part in parts]
            assert "-m" not in words or words[words.index("-m") - 1] == "-P", f"{path}:{node.lineno}: -m without -P"
