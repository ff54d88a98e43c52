"""The digest that stands for one exact call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.tool import ToolCall, call_digest

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_ARGUMENTS = st.dictionaries(st.text(), _JSON, max_size=5)


def digest(tool: str, arguments: object, call: str = "call_1") -> str:
    return call_digest(ToolCall(id=call, tool=tool, arguments=arguments))  # type: ignore[arg-type]


@given(_ARGUMENTS)
def test_order_of_keys_and_id_of_the_call_do_not_matter(arguments: dict[str, object]) -> None:
    turned = dict(reversed(arguments.items()))
    assert digest("pay", arguments, "a") == digest("pay", turned, "b")


@given(_ARGUMENTS, _ARGUMENTS)
def test_other_arguments_have_another_digest(one: dict[str, object], other: dict[str, object]) -> None:
    assert (digest("pay", one) == digest("pay", other)) == (repr(_sorted(one)) == repr(_sorted(other)))


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return sorted((key, _sorted(inner)) for key, inner in value.items())
    return ("list", [_sorted(inner) for inner in value]) if isinstance(value, list) else value


def test_what_looks_alike_differs() -> None:
    values = [1, 1.0, "1", True, None, float("nan"), float("inf"), "é", "e\u0301", [1], {"1": 1}, "\ud800", ""]
    assert len({digest("pay", {"to": value}) for value in values}) == len(values)
    assert digest("pay", {}) != digest("Pay", {})


@pytest.mark.parametrize("arguments", [{"a": object()}, {1: "a", "b": 2}])
def test_what_is_not_json_has_no_digest(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        digest("pay", arguments)


def test_endless_nesting_has_no_digest() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ValueError, match="JSON"):
        digest("pay", {"a": nested})
