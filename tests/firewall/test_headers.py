from __future__ import annotations

import pytest

from bartizan.core.errors import WireError
from bartizan.firewall.headers import MOST_BETAS, ClientHeaders, anthropic_headers, is_json, read_headers


def test_betas_go_on_once_each_in_their_order() -> None:
    found = read_headers(
        [
            (b"anthropic-beta", b"context-1m-2025-08-07, output-128k-2025-02-19"),
            (b"anthropic-beta", b"a,,output-128k-2025-02-19 "),
        ]
    )
    assert anthropic_headers(found) == {
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "context-1m-2025-08-07,output-128k-2025-02-19,a",
    }


@pytest.mark.parametrize(
    "value",
    [
        b"a b",
        b"a;q=1",
        b"a\r\nx: y",
        b"a_b",
        "é".encode(),
        b"a" * 65,
        b",".join(b"b%d" % n for n in range(MOST_BETAS + 1)),
    ],
)
def test_what_is_not_a_list_of_names_is_refused(value: bytes) -> None:
    with pytest.raises(WireError, match="anthropic-beta"):
        anthropic_headers(ClientHeaders(anthropic_beta=value))


def test_without_betas_none_are_sent() -> None:
    assert anthropic_headers(ClientHeaders(anthropic_beta=b" , ")) == {"anthropic-version": "2023-06-01"}


@pytest.mark.parametrize("version", [b"", b"2023-06-0x", b"2023-06-01\r\n", b"latest", b"--------1"])
def test_an_odd_version_is_replaced(version: bytes) -> None:
    assert anthropic_headers(ClientHeaders(anthropic_version=version))["anthropic-version"] == "2023-06-01"


def test_a_version_of_the_right_form_goes_on() -> None:
    assert anthropic_headers(ClientHeaders(anthropic_version=b"2024-01-02"))["anthropic-version"] == "2024-01-02"


def test_headers_that_two_readers_would_read_differently_are_refused() -> None:
    with pytest.raises(WireError, match="given twice"):
        read_headers([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")])
    assert read_headers([(b"x-api-key", b"a"), (b"x-api-key", b"a")]).api_key == b"a"


def test_a_header_that_is_too_long_is_refused() -> None:
    with pytest.raises(WireError) as caught:
        read_headers([(b"x-api-key", b"a" * 4_097)])
    assert caught.value.status == 431


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (b"application/json", True),
        (b"Application/Problem+JSON; Charset=UTF8", True),
        (b'application/json; charset="utf-8"; x=y', True),
        (b"application/json; charset=latin-1", False),
        (b"text/json", False),
        (b"", False),
    ],
)
def test_what_counts_as_json(content_type: bytes, expected: bool) -> None:
    assert is_json(content_type) is expected
