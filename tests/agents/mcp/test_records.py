"""What the journal is told about a decision."""

from __future__ import annotations

import asyncio

from bartizan.agents.mcp.caller import Caller
from bartizan.agents.mcp.records import Records
from bartizan.core.event import Commitment, Event, ToolDecided
from bartizan.core.tool import ToolCall, ToolDecision
from bartizan.core.verdict import Action


class Memory:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event) -> None:
        self.events.append(event)

    async def commit(self) -> None: ...


def test_a_decision_says_what_the_guard_took_the_call_for() -> None:
    memory = Memory()
    records = Records(memory, lambda text: Commitment("k", "ab", len(text)))
    call = ToolCall(id="c", tool="send_mail", arguments={"to": "x"})
    told = {"effect": "send", "outward": True, "tainted": True, "caused_by": "words of others"}
    for facts in (told, {}, {"outward": "yes"}):
        decision = ToolDecision(call="c", tool="send_mail", action=Action.ALLOW, policy="p", reason="r", facts=facts)
        asyncio.run(records.decided(Caller("p", "s", ("q",)), "mail", call, decision, Action.ALLOW))
    assert all(e.on_behalf_of == ("q",) for e in memory.events if isinstance(e, ToolDecided))
    found = [(e.effect, e.outward, e.tainted) for e in memory.events if isinstance(e, ToolDecided)]
    assert found == [("send", True, True), ("", False, False), ("", False, False)]
