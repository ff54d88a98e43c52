"""The schema checker against the reference implementation, and against schemas made to hurt."""

from __future__ import annotations

import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.agents.mcp.schema import UnusableSchemaError, mismatch

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, 2.5])
    | st.sampled_from(["", "a", "ab", "b1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "null", "object", "array"])


def schemas() -> st.SearchStrategy[Any]:
    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        lists = st.lists(inner, min_size=1, max_size=2)
        return st.fixed_dictionaries(
            {},
            optional={
                "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
                "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
                "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$"]), inner, max_size=1),
                "additionalProperties": inner,
                "propertyNames": st.just({"maxLength": 1}),
                "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
                "minProperties": st.integers(0, 2),
                "items": inner,
                "prefixItems": lists,
                "uniqueItems": st.booleans(),
                "maxItems": st.integers(0, 2),
                "enum": st.lists(VALUES, min_size=1, max_size=3),
                "const": VALUES,
                "minLength": st.integers(0, 2),
                "maxLength": st.integers(0, 2),
                "pattern": st.sampled_from(["^a", "[0-9]$"]),
                "minimum": st.integers(-2, 2),
                "exclusiveMaximum": st.integers(-2, 2),
                "multipleOf": st.sampled_from([0.5, 1, 2]),
                "allOf": lists,
                "anyOf": lists,
                "oneOf": lists,
                "not": inner,
            },
        )

    return st.recursive(st.booleans(), wider, max_leaves=4)


@settings(max_examples=400, deadline=None)
@given(schemas(), VALUES)
def test_it_agrees_with_jsonschema(schema: Any, value: Any) -> None:
    wanted = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (mismatch(schema, value, 100_000) == "") is wanted


def test_references_inside_the_schema_are_followed() -> None:
    schema = {"$ref": "#/$defs/t~1x", "$defs": {"t/x": {"type": "object", "properties": {"next": {"$ref": "#"}}}}}
    assert mismatch(schema, {"next": {"next": {}}}, 1_000) == ""
    assert mismatch(schema, {"next": {"next": 1}}, 1_000) == "next.next must be object"


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://evil.example/schema.json"},
        {"$ref": "#/nowhere"},
        {"$ref": "#"},
        {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 2}}, "$ref": "#/$defs/a"},
        {"pattern": "(a+)+\\1"},
        {"pattern": "x" * 2_000},
        {"type": "potato"},
        {"allOf": "all"},
        {"properties": {"a": 7}},
    ],
    ids=str,
)
def test_schemas_that_cannot_be_followed_say_so_quickly(schema: dict[str, Any]) -> None:
    begun = time.monotonic()
    with pytest.raises(UnusableSchemaError):
        mismatch(schema, {"a": 1} if "properties" in schema else "aaaa", 100_000)
    assert time.monotonic() - begun < 1


def test_a_pattern_that_would_backtrack_does_not() -> None:
    begun = time.monotonic()
    assert mismatch({"pattern": "^(a+)+$"}, "a" * 50_000 + "!", 1_000)
    assert time.monotonic() - begun < 1
