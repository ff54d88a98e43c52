"""Where approvers decide, and where guards that cannot open the store ask. Served on an address of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec

from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.approvals.book import ApprovalBook, DecisionError
from bartizan.agents.approvals.http import Receive, Scope, Send, bearer, read_document, send_document
from bartizan.agents.approvals.shared import SharedApprovals
from bartizan.core.approval import Approval, ApprovalError, ApprovalState
from bartizan.core.clock import rfc3339, utc_now
from bartizan.core.errors import BartizanError, WireError
from bartizan.core.event import ApprovalRefused
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder
from bartizan.core.tool import ToolCall, ToolDecision
from bartizan.policy.approvals import Approver

T = TypeVar("T")

MOST_BYTES: Final = 262_144
NOTE_STRANGER_SECONDS: Final = 1.0
"""At most one refusal of an unknown key in this time is journaled: a flood must not fill the disk."""
_STATES: Final = {state.value: state for state in ApprovalState}


class _Decision(msgspec.Struct, forbid_unknown_fields=True):
    digest: str
    note: str = ""


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/requests``."""

    decision: ToolDecision
    call: ToolCall
    session: str = ""
    on_behalf_of: tuple[str, ...] = ()


class Redeemed(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/redemptions``."""

    approval: str
    digest: str
    session: str = ""


class ApprovalListener:
    """A raw ASGI application. Every path but ``/healthz`` wants a key.

    Args:
        book: in the store that all workers share.
        approvals: the same, for guards that ask from elsewhere.
        approvers: those in force.
        client: whose key a client's key is; empty for none.
        recorder: the journal.
    """

    def __init__(
        self,
        book: ApprovalBook,
        approvals: SharedApprovals,
        approvers: Callable[[], Approvers],
        client: Callable[[str], str],
        recorder: Recorder,
    ) -> None:
        self._book = book
        self._approvals = approvals
        self._approvers = approvers
        self._client = client
        self._recorder = recorder
        self._noted = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"unexpected ASGI scope {scope['type']}")
        try:
            status, document = 200, await self._answer(scope, receive)
        except (WireError, DecisionError) as error:
            status, document = error.status, {"error": error.cause, "hint": error.hint}
        except ApprovalError as error:
            status, document = 403, {"error": error.cause, "hint": error.hint}
        except BartizanError as error:
            status, document = 503, {"error": error.cause, "hint": error.hint}
        await send_document(send, status, document)

    async def _answer(self, scope: Scope, receive: Receive) -> dict[str, Any]:
        method, path = scope["method"], [step for step in scope["path"].split("/") if step]
        match method, path:
            case "GET", ["healthz"]:
                return {"alive": True}
            case "GET", ["v1", "approvals"]:
                self._approver(scope)
                return await self._listed(scope)
            case "GET", ["v1", "approvals", approval]:
                self._approver(scope)
                return shown(await asyncio.to_thread(self._book.find, approval))
            case "POST", ["v1", "approvals", approval, "approve" | "deny" as verb]:
                return await self._decided(scope, receive, approval, verb == "approve")
            case "POST", ["v1", "requests"]:
                principal = self._principal(scope)
                asked = _read(await read_document(scope, receive, MOST_BYTES), Asked)
                identifier = await self._approvals.request(
                    asked.decision, asked.call, asked.session, principal, asked.on_behalf_of
                )
                return {"approval": identifier}
            case "GET", ["v1", "requests", approval]:
                session = dict(_query(scope)).get("session", "")
                return {"state": (await self._approvals.state(approval, session, self._principal(scope))).value}
            case "POST", ["v1", "redemptions"]:
                principal = self._principal(scope)
                wanted = _read(await read_document(scope, receive, MOST_BYTES), Redeemed)
                done = await self._approvals.redeem(wanted.approval, wanted.digest, wanted.session, principal)
                return {"redeemed": done}
        raise WireError("there is no such path or method", status=404)

    async def _listed(self, scope: Scope) -> dict[str, Any]:
        wanted = dict(_query(scope)).get("state", "pending")
        if wanted != "all" and wanted not in _STATES:
            raise WireError("there is no such state")
        found = await asyncio.to_thread(self._book.list, _STATES.get(wanted))
        return {"approvals": [shown(one) for one in found]}

    async def _decided(self, scope: Scope, receive: Receive, approval: str, approve: bool) -> dict[str, Any]:
        approver = self._approver(scope)
        body = _read(await read_document(scope, receive, 16_384), _Decision)

        def decide() -> Approval:
            return self._book.decide(approval, approver, approve=approve, digest=body.digest, note=body.note)

        decided = await asyncio.to_thread(decide)
        await self._recorder.commit()
        return shown(decided)

    def _approver(self, scope: Scope) -> Approver:
        found = self._approvers().find(bearer(scope))
        if found is None:
            self._note_stranger()
            raise WireError("a valid approver's key is required", status=401)
        return found

    def _principal(self, scope: Scope) -> str:
        found = self._client(bearer(scope))
        if not found:
            self._note_stranger()
            raise WireError("a valid client's key is required", status=401)
        return found

    def _note_stranger(self) -> None:
        now = time.monotonic()
        if now - self._noted >= NOTE_STRANGER_SECONDS:
            self._noted = now
            self._recorder.append(ApprovalRefused(id=new_id("evt"), at=utc_now(), reason="unauthenticated"))


def shown(approval: Approval) -> dict[str, Any]:
    """A request as the API shows it."""
    document = msgspec.structs.asdict(approval)
    for name in ("created", "expires", "decided"):
        moment = getattr(approval, name)
        document[name] = None if moment is None else rfc3339(moment)
    return {**document, "state": approval.state.value}


def _read(document: dict[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise WireError(f"the body is not what is expected: {error}") from None


def _query(scope: Scope) -> list[tuple[str, str]]:
    try:
        return parse_qsl(scope["query_string"].decode("ascii"), max_num_fields=8)
    except ValueError:
        raise WireError("the query cannot be read") from None
