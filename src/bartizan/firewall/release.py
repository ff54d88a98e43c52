"""Answers that waited for a person, given to whoever repeats the request with the token."""

from __future__ import annotations

import hashlib

import msgspec

from bartizan.core.approval import HeldAnswer, HeldAnswers
from bartizan.core.event import Usage
from bartizan.firewall.asgi import Headers, Send, send_whole
from bartizan.firewall.declined import DeclinedError
from bartizan.firewall.dialects.interface import Dialect
from bartizan.firewall.exchange import Request
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.recording import Record
from bartizan.firewall.replies import json_headers, stream_headers
from bartizan.firewall.tool_gate import Fate

APPROVAL_HEADER = b"x-bartizan-approval"
_UNUSABLE = "This approval cannot be used."
_WAITS = (
    "This answer waits for a person to approve what it would do. "
    "Once it is approved, repeat exactly this request with the header X-Bartizan-Approval: {token}"
)


def binding_of(request: Request, principal: str, path: str) -> str:
    """What a held answer is bound to: this very request of this principal. Take it before the request is edited."""
    body = msgspec.json.encode(request.document, order="sorted")
    return hashlib.sha256(b"\0".join([principal.encode(), path.encode(), body])).hexdigest()


def waits(token: str) -> str:
    """What a client is told about an answer that waits."""
    return _WAITS.format(token=token)


def waiting_headers(token: str) -> Headers:
    """So that a program need not read the text."""
    return [(APPROVAL_HEADER, token.encode())]


async def held_answer(held: HeldAnswers | None, token: str, binding: str) -> HeldAnswer:
    """Raises DeclinedError (403) for a token that is unknown, over, or about another request."""
    answer = await held.find(token, binding) if held is not None else None
    if answer is None:
        raise DeclinedError(403, _UNUSABLE, reason="approval: nothing waits here", code="approval_invalid")
    return answer


async def send_released(
    answer: HeldAnswer, fate: Fate, token: str, record: Record, outcome: Outcome, dialect: Dialect, send: Send
) -> int:
    """Tell the client what became of its answer; returns the status.

    Raises:
        DeclinedError: 403, it was not approved, or is not yet.
        JournalError: the completion cannot be recorded.
    """
    outcome.usage = Usage(0, 0)  # the model was paid for when it answered
    if fate is Fate.WAITS:
        raise DeclinedError(403, waits(token), reason="approval: still waits", code="approval_required")
    if fate is Fate.REFUSED:
        raise DeclinedError(403, _UNUSABLE, reason="approval: not given", code="approval_invalid")
    outcome.texts.append(answer.body.decode("utf-8", "replace"))
    record.completed(200, outcome)
    headers = stream_headers(record.id) if answer.stream else json_headers(record.id)
    await send_whole(send, 200, headers, answer.body)
    return 200
