"""What one decision costs when the ledger holds 200 values, and what a session costs in memory."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc

from bartizan.bench.agents.scenarios import world
from bartizan.core.tool import Conversation, ToolCall, ToolGuard, ToolResult

RECORDS, FIELDS = 50, 4
VALUES = RECORDS * FIELDS
_BATCH = 40
"""Decisions a conversation, so that its own calls stay few beside the ledger."""


def decisions(guard: ToolGuard, n: int) -> tuple[list[float], list[float]]:
    """Seconds of each of ``n`` decisions on calls of five kinds at a ledger of 200 values.

    Returns:
        CPU of the thread, which other processes don't disturb, and time on the clock.
    """
    spent: list[float] = []
    clock: list[float] = []
    while len(spent) < n:
        conversation = _filled(guard)
        gc.collect()
        for number in range(_BATCH):
            call = _call(number)
            began, busy = time.perf_counter(), time.thread_time()
            conversation.decide(call)
            spent.append(time.thread_time() - busy)
            clock.append(time.perf_counter() - began)
    return spent, clock


def memory(guard: ToolGuard, results: int, characters: int) -> float:
    """Bytes that a conversation holds after so many results of so many characters, all different."""
    warm = guard.conversation(world("crm").tools)
    _read(warm, 0, characters)
    gc.collect()
    tracemalloc.start()
    try:
        conversation = guard.conversation(world("crm").tools)
        conversation.user("Tell Priya Raman that her samples ship tomorrow.")
        for number in range(results):
            _read(conversation, number, characters)
        gc.collect()
        return float(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()


def _filled(guard: ToolGuard) -> Conversation:
    crm = world("crm")
    conversation = guard.conversation(crm.tools)
    conversation.operator(crm.operator)
    conversation.user("Tell Priya Raman that her samples ship tomorrow, and add a task for Anders Holm by 2026-03-13.")
    call = ToolCall(id="read", tool="find_contact", arguments={"name": "a"})
    conversation.decide(call)
    records = [
        {"id": f"C-{1000 + n}", "name": f"Priya Raman {n}", "email": f"p{n}@brunner.example", "worth": 100.5 + n}
        for n in range(RECORDS)
    ]
    conversation.result(ToolResult(call="read", tool="find_contact", text=json.dumps(records)))
    return conversation


def _call(number: int) -> ToolCall:
    known = f"p{number}@brunner.example"
    kinds = (
        ("find_contact", {"name": f"Priya Raman {number}"}),
        ("send_email", {"to": [known], "subject": "Samples", "body": "Your samples ship tomorrow. Best regards"}),
        ("send_email", {"to": [f"x{number}@elsewhere.example"], "subject": "Samples", "body": f"See {known}"}),
        ("update_deal", {"deal_id": f"C-{1000 + number}", "stage": "won", "amount": 100.5 + number}),
        ("create_task", {"title": "Call", "assignee": "anders@haldenoptics.example", "due": "2026-03-13"}),
    )
    tool, arguments = kinds[number % len(kinds)]
    return ToolCall(id=f"call_{number}", tool=tool, arguments=arguments)


def _read(conversation: Conversation, number: int, characters: int) -> None:
    call = ToolCall(id=f"r{number}", tool="find_contact", arguments={"name": f"n{number}"})
    conversation.decide(call)
    records: list[dict[str, str]] = []
    size = 0
    while size < characters:
        at = f"{number}-{len(records)}"
        records.append({"id": f"C-{at}", "email": f"p{at}@brunner.example", "remark": f"Called about {at} in spring."})
        size += 80
    conversation.result(ToolResult(call=call.id, tool=call.tool, text=json.dumps(records)))
