"""Ids of principals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.spiffe import is_trust_domain, spiffe_id


def test_names_become_ids() -> None:
    assert spiffe_id("example.org", "user", "ada") == "spiffe://example.org/user/ada"
    assert spiffe_id("example.org", "user", "ada@b.example") == "spiffe://example.org/user/ada_40b.example"
    assert spiffe_id("example.org", "agent", "..") == "spiffe://example.org/agent/_2e_2e"
    own = "spiffe://example.org/ns/prod/sa/mailer"
    assert spiffe_id("example.org", "agent", own) == own


@pytest.mark.parametrize(
    "name",
    [
        "", "x" * 2_100, "spiffe://other.org/user/ada", "spiffe://example.org", "spiffe://example.org/user/../admin",
        "spiffe://example.org/user//ada", "spiffe://example.org.evil.org/user/ada", "spiffe:example.org/user/ada",
    ],
)  # fmt: skip
def test_what_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        spiffe_id("example.org", "user", name)


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_different_names_have_different_ids(one: str, two: str) -> None:
    try:
        ids = [spiffe_id("d.org", "user", name) for name in (one, two)]
    except ValueError:
        return
    assert (ids[0] == ids[1]) == (one == two)
    assert all(found.isascii() and found.startswith("spiffe://d.org/") for found in ids)


def test_trust_domains() -> None:
    assert is_trust_domain("prod.example.org")
    assert not any(map(is_trust_domain, ("", "Example.org", "a/b", "a:1", ".a", "a" * 300, "é.org")))
