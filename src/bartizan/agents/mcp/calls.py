"""One tool call through the proxy: known, bounded, decided, sent, screened."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import mcp_types as types
from mcp import MCPError
from mcp.client.session import ClientSession

from bartizan.agents.asking import Asking, changed
from bartizan.agents.mcp.assessment import Entry
from bartizan.agents.mcp.caller import APPROVAL, CALL, TASK, Caller, text_of
from bartizan.agents.mcp.definition import canonical
from bartizan.agents.mcp.records import Records
from bartizan.agents.mcp.schema import UnusableSchemaError, mismatch
from bartizan.agents.mcp.screen import screen
from bartizan.agents.mcp.shelf import Shelf
from bartizan.agents.mcp.talks import Talks
from bartizan.agents.mcp.turnstile import Turnstile
from bartizan.agents.mcp.upstream import Upstream
from bartizan.agents.talk import Talk
from bartizan.core.approval import Approvals
from bartizan.core.errors import JournalError, UpstreamError
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Reader
from bartizan.core.session import Authority
from bartizan.core.tool import ToolCall, ToolDecision, ToolResult
from bartizan.core.verdict import Action, Verdict
from bartizan.policy.mcp import McpPolicy

DECLINED = "This call was declined by policy."
WITHHELD = "The tool ran, but its result was withheld by policy."
WAITS = "This call waits for the approval of a person. Repeat exactly this call once it is approved."
OUT_OF_PROTOCOL = "The tool answered out of protocol."
SWITCHED_OFF = "This tool is switched off until a person has looked at its definition."

_MOST_ASKED = 10_000
_PASSED = ("content", "structuredContent", "isError")
"""What of a result goes to the client."""


class Raw:
    """A server's result as it is on the wire; the SDK has checked it against the protocol by then."""

    @classmethod
    def model_validate(cls, raw: dict[str, Any], **_: object) -> dict[str, Any]:
        """The result itself."""
        return raw


RAW = cast(Any, Raw)


class Calls:
    """Serves ``tools/call``.

    Args:
        shelf: what is on offer.
        upstreams: by name.
        talks: conversations with the tool guard.
        policy: of MCP.
        reader: inspection.
        records: to the journal.
        turnstile: rates, budgets, quarantine.
        approvals: where a person is asked; None: nobody can be, so what needs asking is declined.
        monitor: policy only observes.
    """

    def __init__(
        self,
        shelf: Shelf,
        upstreams: dict[str, Upstream],
        talks: Talks,
        policy: McpPolicy,
        reader: Reader,
        records: Records,
        turnstile: Turnstile,
        approvals: Approvals | None,
        *,
        monitor: bool,
    ) -> None:
        self._shelf = shelf
        self._upstreams = upstreams
        self._talks = talks
        self._policy = policy
        self._reader = reader
        self._records = records
        self._turnstile = turnstile
        self._asking = Asking(approvals)
        self._monitor = monitor

    async def call(self, caller: Caller, params: types.CallToolRequestParams, meta: Any) -> types.CallToolResult:
        """Decide and make one call. Raises MCPError for what is no such call, JournalError when it cannot be kept."""
        call = ToolCall(id=new_id("call"), tool=params.name[:200], arguments=params.arguments or {})
        await self._turnstile.enter(caller, "tools/call", call.tool)
        entry = self._shelf.find(params.name)
        await self._shelf.refresh(stale_only=True, server=entry.server if entry is not None else "")
        entry = self._shelf.find(params.name)
        if entry is None:
            return self._unknown(caller, call)
        if params.task is not None:
            raise self._refuse(caller, call, types.INVALID_PARAMS, "task-augmented calls are not served")
        if len(canonical(call.arguments)) > self._policy.bounds.argument_bytes:
            raise self._refuse(caller, call, types.INVALID_PARAMS, "the arguments are too long")
        wrong = self._mismatch(entry, "inputSchema", call.arguments)
        if wrong:
            self._records.refused(entry.server, "tools/call", wrong, principal=caller.principal, name=call.tool)
            return _failed(f"The arguments do not fit the tool's schema: {wrong}.", call)
        talk = self._talks.of(caller.principal, caller.session)
        if self._policy.client_task:
            talk.user(text_of(meta, TASK))
        async with self._turnstile.reserved(caller, entry, call) as held:
            if held.refused:
                decision, approval = held.refusal(call), ""
            else:
                decision, approval = await self._decide(talk, caller, call, text_of(meta, APPROVAL))
            action = decision.action
            if self._monitor and not held.refused and action.rank > Action.FLAG.rank:
                action = Action.FLAG
            await self._records.decided(caller, entry.server, call, decision, action, approval)
            held.runs = action.rank < Action.REDACT.rank
        if action is Action.ASK:
            return _failed(WAITS, call, approval)
        if not held.runs:
            if not held.refused:
                await self._turnstile.record_block(caller)
            return _failed(DECLINED, call)
        return await self._send(entry, talk, caller, call)

    async def _decide(self, talk: Talk, caller: Caller, call: ToolCall, named: str) -> tuple[ToolDecision, str]:
        """The guard's decision, unless a person has approved this very call; and the approval's id."""
        decision = talk.decide(call, self._shelf.tools, Authority(caller.principal, caller.on_behalf_of))
        if decision.action is Action.ALLOW and not talk.has_task and self._policy.without_task == "block":
            reason = "nobody said what the agent is to do, and policy wants that said"
            return changed(decision, Action.BLOCK, reason, "mcp.without_task"), ""
        return await self._asking.settled(decision, call, caller.session, caller.principal, named, caller.on_behalf_of)

    async def _send(self, entry: Entry, talk: Talk, caller: Caller, call: ToolCall) -> types.CallToolResult:
        begun = time.perf_counter()
        error, text = "", ""
        verdict: Verdict | None = None
        try:
            raw = await self._upstreams[entry.server].ask(lambda session: _request(session, entry.name, call))
            error = self._problem(entry, raw)
            if error:
                answer = _failed(OUT_OF_PROTOCOL, call)  # the reason may quote what the server wrote
            else:
                verdict, text, answer = await self._screened(raw, call)
        except UpstreamError as failure:
            error = str(failure)
            late = failure.status == 504
            answer = _failed("The tool did not answer in time." if late else "The tool could not be reached.", call)
        except MCPError as failure:
            error = f"{failure.code}: {failure.message}"
            verdict, text, answer = await self._screened(_error_result(failure), call)
        except JournalError:
            raise
        except Exception as failure:  # an inspector that fails has found nothing, so nothing is passed on
            error = f"the result could not be inspected: {type(failure).__name__}"
            answer = _failed(WITHHELD, call)
        self._records.answered(
            call.id,
            caller.principal,
            caller.session,
            entry.server,
            "tools/call",
            entry.name,
            verdict=verdict,
            text=text,
            milliseconds=(time.perf_counter() - begun) * 1_000,
            error=error,
        )
        failed = bool(answer.is_error)
        talk.result(ToolResult(call=call.id, tool=call.tool, text=text or answer_text(answer), failed=failed))
        return answer

    async def _screened(self, raw: dict[str, Any], call: ToolCall) -> tuple[Verdict, str, types.CallToolResult]:
        document: dict[str, Any] = {key: raw[key] for key in _PASSED if key in raw}
        seen = await asyncio.to_thread(screen, document, self._reader, self._policy)
        if seen.document is None:
            return seen.verdict, "", _failed(WITHHELD, call)
        return seen.verdict, seen.text, types.CallToolResult.model_validate(seen.document, by_name=False)

    def _problem(self, entry: Entry, raw: dict[str, Any]) -> str:
        """What is wrong with the form of a result; empty when nothing is."""
        if raw.get("resultType", "complete") != "complete":
            return "it wants input from the client, which is refused"
        if len(canonical(raw)) > self._policy.bounds.result_bytes:
            return f"the result has more than {self._policy.bounds.result_bytes} bytes"
        if raw.get("isError") or "outputSchema" not in entry.definition:
            return ""
        if "structuredContent" not in raw:
            return "the result lacks the structured content that the tool's schema promises"
        return self._mismatch(entry, "outputSchema", raw["structuredContent"])

    def _mismatch(self, entry: Entry, which: str, value: Any) -> str:
        try:
            return mismatch(entry.definition[which], value, self._policy.bounds.validation_steps)
        except UnusableSchemaError as error:
            return f"the tool's schema cannot be used: {error}"

    def _unknown(self, caller: Caller, call: ToolCall) -> types.CallToolResult:
        state = self._shelf.why_not(call.tool)
        if not state:
            raise self._refuse(caller, call, types.INVALID_PARAMS, "there is no such tool")
        self._records.refused(
            "", "tools/call", f"the tool is withheld: {state}", principal=caller.principal, name=call.tool
        )
        return _failed(SWITCHED_OFF, call)

    def _refuse(self, caller: Caller, call: ToolCall, code: int, reason: str) -> MCPError:
        self._records.refused("", "tools/call", reason, principal=caller.principal, name=call.tool)
        return MCPError(code, reason, {"call": call.id})


async def _request(session: ClientSession, name: str, call: ToolCall) -> dict[str, Any]:
    params = types.CallToolRequestParams(name=name, arguments=call.arguments)
    result: dict[str, Any] = await session.send_request(types.CallToolRequest(params=params), RAW)
    return result


def _error_result(failure: MCPError) -> dict[str, Any]:
    """A server's own error, whose message a model may read: screened like any result."""
    return {"content": [{"type": "text", "text": failure.message[:2_000]}], "isError": True}


def _failed(text: str, call: ToolCall, approval: str = "") -> types.CallToolResult:
    """A tool execution error: the form in which a model is told that a call did not work."""
    meta = {CALL: call.id} | ({APPROVAL: approval} if approval else {})
    told = f"{text} Approval {approval}." if approval else f"{text} Reference {call.id}."
    return types.CallToolResult(content=[types.TextContent(text=told)], is_error=True, _meta=meta)


def answer_text(answer: types.CallToolResult) -> str:
    """The text blocks of a result."""
    return "\n".join(block.text for block in answer.content if isinstance(block, types.TextContent))
