"""Values by path."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.firewall.documents import KEY, get_value, is_token, remove_value, set_value, string_leaves

KEYS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(VALUES)
def test_leaves_stand_where_their_paths_say(value: Any) -> None:
    for path, text in string_leaves(value):
        assert get_value(value, path) == text


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_every_leaf_can_be_rewritten(document: dict[str, Any]) -> None:
    for path, _ in list(string_leaves(document)):
        edited = copy.deepcopy(document)
        set_value(edited, path, "a new text!")
        changed = (*path[:-1], KEY + "a new text!") if str(path[-1]).startswith(KEY) else path
        assert get_value(edited, changed) == "a new text!"


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_all_leaves_can_be_rewritten_in_order(document: dict[str, Any]) -> None:
    for path, _ in string_leaves(document):
        set_value(document, path, "a new text!")
    assert {text.rstrip("0123456789 ") for _, text in string_leaves(document)} <= {"a new text!"}


def test_no_string_is_missed() -> None:
    document = {"a b": ["x", {"c": "y", "long key with words": 1}], "d": "", "e": [1, 2.5], "f": [1, "z"]}
    assert [text for _, text in string_leaves(document)] == ["x", "y", "long key with words", "a b", "z"]


def test_renaming_a_key_keeps_its_place_and_value() -> None:
    document = {"one": 1, "two words": 2, "three": 3}
    set_value(document, (KEY + "two words",), "[gone]")
    assert list(document.items()) == [("one", 1), ("[gone]", 2), ("three", 3)]
    set_value(document, (KEY + "three",), "[gone]")
    assert list(document) == ["one", "[gone]", "[gone] 2"]
    with pytest.raises(LookupError):
        set_value(document, (KEY + "absent",), "x")
    with pytest.raises(LookupError):
        get_value(document, (KEY + "absent",))


@pytest.mark.parametrize("path", [(), ("b",), ("a", 5), ("a", 0, "x")])
def test_nothing_is_written_where_nothing_stands(path: tuple[str | int, ...]) -> None:
    document = {"a": [{"y": 1}]}
    with pytest.raises(LookupError):
        set_value(document, path, "x")
    assert document == {"a": [{"y": 1}]}


def test_removing_keeps_the_field() -> None:
    document: dict[str, Any] = {"logprobs": {"content": [1]}, "list": [1]}
    remove_value(document, ("logprobs",))
    remove_value(document, ("list",))
    assert document == {"logprobs": None, "list": []}


@pytest.mark.parametrize("text", ["", "call_abc123", "gpt-4o", "toolu_01A09q90qw90lq917835lq9", "a/b:c.d", "x" * 24])
def test_tokens(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize(
    "text",
    ["two words", "ignore_all_previous_instructions", "x" * 25, "é", "a@b.example", "1" * 97, "a\nb", "https://x/?q=1"],
)
def test_texts(text: str) -> None:
    assert not is_token(text)
