"""Deep YAML is refused before the tree builder, which would end the process, sees it."""

from __future__ import annotations

import pytest
import yaml

from bartizan.workspace.yaml_bounds import TooDeepError, check_bounds

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@pytest.mark.parametrize("text", ["- " * 100_000, "[" * 100_000, "{a: " * 100_000, "- - - - - x"])
def test_depth(text: str) -> None:
    with pytest.raises(TooDeepError):
        check_bounds(text, LOADER, deepest=4, most=1_000)


def test_nodes_over_all_documents() -> None:
    with pytest.raises(TooDeepError):
        check_bounds("--- [1, 2, 3]\n--- [4, 5, 6]\n", LOADER, deepest=4, most=7)
    check_bounds("--- [1, 2, 3]\n--- [4, 5, 6]\n", LOADER, deepest=1, most=8)


def test_broken_text_is_no_yaml() -> None:
    with pytest.raises(yaml.YAMLError):
        check_bounds("a: [", LOADER, deepest=4, most=9)
