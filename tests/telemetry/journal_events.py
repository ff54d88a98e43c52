"""Events for the journal's tests."""

from __future__ import annotations

from bartizan.core.clock import utc_now
from bartizan.core.event import Commitment, RequestAccepted
from bartizan.core.ids import new_id
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Threat
from bartizan.core.verdict import Action, Coverage


def accepted(request: str = "", route: str = "openai.chat") -> RequestAccepted:
    return RequestAccepted(
        id=new_id("evt"),
        at=utc_now(),
        request=request or new_id("req"),
        principal="alice",
        route=route,
        model="gpt-4o-mini",
        session="s1",
        stream=True,
        client="127.0.0.1",
        action=Action.FLAG,
        signals=(
            Signal("signatures", Guard.PROMPT_INJECTION, Threat.PROMPT_INJECTION, "direct_override", 0.9, Span(3, 20)),
        ),
        coverage=Coverage(passages=3, characters=1200, trusted=1),
        content=(Commitment("20261122T100000Z-0123abcd", "ab" * 32, 1200),),
    )
