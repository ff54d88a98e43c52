"""Extensions are found by their mark alone."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from bartizan.core.registry import Named, registered, registrar

MODULE = """
from bartizan.core.registry import registrar
@registrar("knife")
class {name}:
    id = "{id}"
class Bare:
    id = "bare"
"""


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> ModuleType:
    home = folder / f"drawer_{folder.name}"
    home.mkdir()
    (home / "__init__.py").write_text("")
    for name, text in modules.items():
        (home / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    return __import__(home.name)


def test_marked_classes_are_found_once_and_in_the_order_of_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = MODULE.format(name="Two", id="b") + f"from drawer_{tmp_path.name}.one import One as Again\n"
    drawer = package(tmp_path, monkeypatch, one=MODULE.format(name="One", id="a"), two=two)
    assert list(registered(drawer, "knife", Named)) == ["a", "b"]  # type: ignore[type-abstract]
    assert registered(drawer, "fork", Named) == {}  # type: ignore[type-abstract]


def test_two_of_one_name_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = package(
        tmp_path, monkeypatch, one=MODULE.format(name="One", id="a"), two=MODULE.format(name="Two", id="a")
    )
    with pytest.raises(ValueError, match="called a"):
        registered(drawer, "knife", Named)  # type: ignore[type-abstract]


def test_a_subclass_needs_its_own_mark() -> None:
    @registrar("knife")
    class Base:
        id = "base"

    class Below(Base):
        id = "below"

    assert "__bartizan_knife__" in Base.__dict__
    assert "__bartizan_knife__" not in Below.__dict__
