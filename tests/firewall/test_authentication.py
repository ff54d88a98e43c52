"""Virtual keys to callers."""

from __future__ import annotations

import asyncio

import pytest

from bartizan.core.errors import ConfigurationError, WireError
from bartizan.core.limits import Limits, RateLimit
from bartizan.firewall.authentication import Keyring
from bartizan.firewall.headers import ClientHeaders
from bartizan.policy.document import PolicyDocument, VirtualKey
from bartizan.trust.virtual_keys import create_key, key_digest

KEY, OTHER = create_key(), create_key()
LIMITS = Limits(rate=RateLimit(5))
ROWS = (
    VirtualKey("app", key_digest(KEY), debug=True, models=("small",)),
    VirtualKey("gone", key_digest(OTHER), disabled=True, limits=Limits()),
)


def ring(*, anonymous: bool = False) -> Keyring:
    return Keyring(PolicyDocument(version=1, keys=ROWS, anonymous=anonymous, limits=LIMITS))


@pytest.mark.parametrize(
    "headers",
    [
        ClientHeaders(authorization=b"Bearer " + KEY.encode()),
        ClientHeaders(authorization=b"bearer  " + KEY.encode()),
        ClientHeaders(api_key=KEY.encode()),
        ClientHeaders(api_key=KEY.encode(), authorization=b"Bearer " + KEY.encode()),
    ],
)
def test_a_key_names_its_principal(headers: ClientHeaders) -> None:
    caller = asyncio.run(ring().authenticate(headers))
    assert caller.principal.name == "app"
    assert caller.principal.debug
    assert caller.principal.key_id == key_digest(KEY)[:8]
    assert caller.limits == LIMITS
    assert caller.may_use("small")
    assert not caller.may_use("large")


@pytest.mark.parametrize(
    "headers",
    [
        ClientHeaders(),
        ClientHeaders(authorization=b"Bearer "),
        ClientHeaders(authorization=b"Basic " + KEY.encode()),
        ClientHeaders(authorization=b"Bearer nonsense"),
        ClientHeaders(api_key=OTHER.encode()),
        ClientHeaders(api_key=KEY.encode() + b"x"),
        ClientHeaders(api_key=b"x" * 1_000),
        ClientHeaders(api_key=KEY.encode(), authorization=b"Bearer " + OTHER.encode()),
        ClientHeaders(api_key=b"x", authorization=b"Bearer " + KEY.encode()),
        ClientHeaders(authorization=b"Token " + KEY.encode()),
        ClientHeaders(api_key=key_digest(KEY).encode()),
    ],
)
def test_nobody_else_gets_in(headers: ClientHeaders) -> None:
    with pytest.raises(WireError) as error:
        asyncio.run(ring().authenticate(headers))
    assert error.value.status == 401


def test_anonymous_clients_only_where_policy_says_so() -> None:
    caller = asyncio.run(ring(anonymous=True).authenticate(ClientHeaders(authorization=b"Bearer whatever")))
    assert caller.principal.name == "anonymous"
    assert not caller.principal.debug
    assert caller.limits == LIMITS


@pytest.mark.parametrize("digest", ["", "zz", "00" * 31, key_digest(KEY)], ids=["empty", "words", "short", "twice"])
def test_broken_rows_are_configuration_errors(digest: str) -> None:
    with pytest.raises(ConfigurationError):
        Keyring(PolicyDocument(version=1, keys=(*ROWS, VirtualKey("bad", digest))))
