"""Strict JSON."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import UpstreamError, WireError
from bartizan.core.strict_json import encode, parse, parse_upstream

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.booleans())
def test_what_json_can_say_is_read_and_survives_encoding(document: dict[str, Any], escaped: bool) -> None:
    body = json.dumps(document, ensure_ascii=escaped).encode()
    assert parse(body) == document
    assert parse(encode(parse(body))) == document
    assert parse_upstream(body) == document


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a":1,"a":2}', "duplicate key 'a'"),
        (b'{"x":[{"a":{"b":1,"c":2,"b":3}}]}', "duplicate key 'b'"),
        (b'{"a":1,"\\u0061":2}', "duplicate key 'a'"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":[Infinity]}', "Infinity"),
        (b'{"a":-Infinity}', "-Infinity"),
        (b'{"a":1e400}', "double precision"),
        (b'{"a":18446744073709551616}', "64 bits"),
        (b'{"a":-9223372036854775809}', "64 bits"),
        (b'{"a":1' + b"0" * 10_000 + b"}", "64 bits"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"a":"\\udc00\\ud800"}', "surrogate"),
        (b'{"\\udfff":1}', "surrogate"),
        (b'{"a":{"\\u0000b":1}}', "U\\+0000"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a":"\xff"}', "UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "UTF-8"),
        (b'{"a":"\xc0\xaf"}', "UTF-8"),
        (b"[1]", "object"),
        (b'"x"', "object"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"a":1}x', "not JSON"),
        (b'{"a":"\n"}', "not JSON"),
        (b'{"a":01}', "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":' * 100_000, "deeper"),
        (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "deeper"),
        (b'{"a":[' + b"{}," * 100_000 + b"{}]}", "more than 200000 values"),
    ],
)
def test_refused(body: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason) as caught:
        parse(body)
    assert caught.value.status == 400
    assert len(caught.value.cause) < 200


def test_depth_counts_from_the_outermost() -> None:
    body = b'{"a":' + b"[" * 63 + b"]" * 63 + b"}"
    assert parse(body, max_depth=64)
    with pytest.raises(WireError):
        parse(body, max_depth=63)
    assert parse(b"{}", max_depth=1) == {}


def test_values_are_counted_outside_strings_only() -> None:
    assert parse(b'{"a":"' + b",[{" * 100_000 + b'"}', max_nodes=100)
    assert parse(b'{"a":"' + rb"\",[{" * 10_000 + b'"}', max_nodes=100)
    with pytest.raises(WireError, match="more than 100"):
        parse(b'{"a":[' + b"1," * 200 + b"1]}", max_nodes=100)


@pytest.mark.parametrize("end", [b"", b"\\"])
def test_an_endless_string_is_refused_in_linear_time(end: bytes) -> None:
    with pytest.raises(WireError):
        parse(b'{"a":[' + b"1," * 300_000 + b'"' + rb"\"" * 500_000 + end)


def test_a_long_key_is_shown_short() -> None:
    key = b"k" * 5_000
    with pytest.raises(WireError) as caught:
        parse(b'{"%b":1,"%b":2}' % (key, key))
    assert len(caught.value.cause) < 120


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(WireError):
        assert isinstance(parse(body), dict)
    with contextlib.suppress(UpstreamError):
        assert isinstance(parse_upstream(body), dict)


@pytest.mark.parametrize(
    "data",
    [
        "[]",
        "1",
        "",
        "{",
        '{"a":NaN}',
        '{"a":"\\ud800"}',
        '{"a":1e999}',
        '{"a":' * 500_000,
        '{"a":{"\\u0000":1}}',
        '{"a":' + "[" * 200 + "]" * 200 + "}",
        '{"a":"\ud800"}',
    ],
    ids=range(11),
)
def test_upstream_refused(data: str) -> None:
    with pytest.raises(UpstreamError):
        parse_upstream(data)
