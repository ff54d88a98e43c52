"""URLs as browsers read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.inspection.hazards.urls import (
    Hosts,
    active,
    carries,
    leads_out,
    looks_encoded,
    mixes_scripts,
    parse,
    queries,
)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.COM./a", "example.com"),
        ("https://good.com@evil.com/a", "evil.com"),
        ("https://good.com\\@evil.com", "good.com"),
        ("https:evil.com", "evil.com"),
        ("https:\\\\evil.com\\a", "evil.com"),
        ("https:///evil.com", "evil.com"),
        ("//evil.com", "evil.com"),
        ("\\\\evil.com", "evil.com"),
        ("/\\evil.com", "evil.com"),
        (" \thttps://ev\nil.com", "evil.com"),
        ("https://evil%2ecom/", "evil.com"),
        ("https://ｅｖｉｌ.com", "evil.com"),
        ("https://evil。com", "evil.com"),
        ("https://evil.com:8080/x", "evil.com"),
        ("https&colon;//evil.com", "evil.com"),
        ("https://bücher.de", "xn--bcher-kva.de"),
        ("https://[2001:db8::1]:80/", "[2001:db8::1]"),
        ("https://evil.com?x", "evil.com"),
        ("https://evil.com#x", "evil.com"),
        ("https://u:p@evil.com", "evil.com"),
        ("/local/path", ""),
        ("image.png", ""),
        ("#anchor", ""),
        ("mailto:a@b.co", ""),
        ("", ""),
    ],
)
def test_host(url: str, host: str) -> None:
    assert parse(url).host == host


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:x",
        "java\tscript:x",
        "&#106;avascript:x",
        "vbscript:x",
        "file:///etc/passwd",
        "data:text/html,x",
        "data:image/svg+xml,<svg>",
        "data:,x",
        "\x01javascript:x",
    ],
)
def test_active_schemes(url: str) -> None:
    assert active(parse(url))


@pytest.mark.parametrize(
    "url", ["https://a.com", "data:image/png;base64,AAAA", "mailto:a@b.co", "javascript", "/javascript:x"]
)
def test_inactive_schemes(url: str) -> None:
    assert not active(parse(url))


def test_allowed_hosts() -> None:
    hosts = Hosts(("docs.good.com", "*.cdn.good.com", "Bücher.de"))
    assert hosts.named
    assert not Hosts().named
    for host in ("docs.good.com", "a.cdn.good.com", "a.b.cdn.good.com", "xn--bcher-kva.de"):
        assert hosts.allows(host)
    for host in ("good.com", "cdn.good.com", "xdocs.good.com", "docs.good.com.evil.com", "evilcdn.good.com", ""):
        assert not hosts.allows(host)


def test_where_a_url_leads() -> None:
    assert leads_out(parse("ms-word:ofe|u|x"))
    assert leads_out(parse("//evil.com"))
    for url in ("tel:+1", "/a", "javascript:x", "data:image/png,x"):
        assert not leads_out(parse(url))


def test_what_a_url_carries() -> None:
    for url in ("https://a.com/?q=1", "https://a.com/#x", f"https://a.com/{'x' * 24}", f"https://{'x' * 24}.a.com"):
        assert carries(parse(url))
    assert not carries(parse("https://a.com/images/logo.png"))
    assert queries(parse("https://a.com/?q"))
    assert not queries(parse("https://a.com/#?q"))


@pytest.mark.parametrize(
    "url",
    [
        "https://a.com/?d=aGVsbG8gd29ybGQgdGhpcyBpcyBh",
        "https://a.com/" + "the%20secret%20" * 4,
        f"https://a.com/?q={'word+' * 20}",
        f"https://{'ab1' * 11}.evil.com/",
        "https://a.com/5468697320697320612073656372657421ab",
    ],
)
def test_encoded_data(url: str) -> None:
    assert looks_encoded(parse(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor",
        "https://github.com/a/b/commit/de9f2c7fd25e1b3afad3e85a0bd17d9b100db4b3",
        "https://www.google.com/search?q=list+sort",
        "https://en.wikipedia.org/wiki/Transmission_Control_Protocol",
        "https://example.com/blog/2024/05/06/how-to-bake-bread-at-home",
    ],
)
def test_usual_links_carry_nothing_encoded(url: str) -> None:
    assert not looks_encoded(parse(url))


def test_mixed_scripts() -> None:
    assert mixes_scripts(parse("https://аpple.com").host)
    assert mixes_scripts("xn--pple-43d.com")
    assert mixes_scripts("xn--\u0000\u0000")
    assert not mixes_scripts("пример.рф")
    assert not mixes_scripts("apple.com")


@given(st.text(max_size=200))
def test_any_url_is_survived(url: str) -> None:
    target = parse(url)
    assert target.host == target.host.lower()
    assert isinstance(mixes_scripts(target.host), bool)
    assert isinstance(carries(target) or looks_encoded(target) or active(target), bool)


@given(st.text(alphabet="htps:/\\@.evilcom?# \t%&;[]", max_size=60))
def test_url_soup_is_survived(url: str) -> None:
    parse(url)
