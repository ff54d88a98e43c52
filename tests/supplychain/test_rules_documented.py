"""Every rule of every scanner has its row, one id means one thing, and tags name their edition."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bartizan.supplychain.datasets.rules import FOLDER_RULES, PICTURE_RULES
from bartizan.supplychain.interface import Rule
from bartizan.supplychain.registry import rules, scanners

PAGES = Path(__file__).parent.parent.parent / "docs" / "supplychain"
READ_HERE = (
    "pickle",
    "npy",
    "zip",
    "tar",
    "compressed",
    "safetensors",
    "gguf",
    "jinja",
    "onnx",
    "tensorflow",
    "hdf5",
    "json",
    "yaml",
    "python",
    "native",
    "data",
    "dataset",
    "text",
    "lock",
    "configuration",
    "msgpack",
    "arrow",
)


def rows() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))


@pytest.mark.parametrize("name", READ_HERE)
def test_every_rule_of_a_format_has_its_row(name: str) -> None:
    (scanner,) = (one for one in scanners() if one.id == name)
    text = rows()
    for rule in scanner.rules:
        assert f"| `{rule.id}` | {rule.admission} | {rule.title} |" in text


def test_an_id_means_one_thing() -> None:
    seen: dict[str, Rule] = {}
    for scanner in scanners():
        for rule in scanner.rules:
            assert seen.setdefault(rule.id, rule) == rule


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_tags_name_their_edition(rule: Rule) -> None:
    assert rule.tags
    for tag in rule.tags:
        assert re.fullmatch(r"CWE-\d+|[A-Z]+(?:-[A-Z]+)*-[\d.]+:[A-Z]{2,4}[\w.]+", tag), tag


@pytest.mark.parametrize("rule", [*FOLDER_RULES, *PICTURE_RULES], ids=lambda rule: rule.id)
def test_every_rule_of_whole_datasets_has_its_row(rule: Rule) -> None:
    assert f"| `{rule.id}` | {rule.admission} | {rule.title} |" in rows()
    assert rule.tags
