"""What the proxy writes into the journal. What cannot be recorded does not happen."""

from __future__ import annotations

from typing import Any

from bartizan.agents.mcp.assessment import Entry
from bartizan.agents.mcp.caller import Caller
from bartizan.agents.recording import Commit, tool_decided
from bartizan.core.clock import utc_now
from bartizan.core.event import McpAnswered, McpDefinitionChanged, McpRefused
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder
from bartizan.core.problem import printable
from bartizan.core.tool import ToolCall, ToolDecision
from bartizan.core.verdict import Action, Verdict


class Records:
    """Builds and appends events.

    Args:
        recorder: the journal.
        commit: content to a commitment.
    """

    def __init__(self, recorder: Recorder, commit: Commit) -> None:
        self._recorder = recorder
        self._commit = commit

    async def decided(
        self,
        caller: Caller,
        server: str,
        call: ToolCall,
        decision: ToolDecision,
        action: Action,
        approval: str = "",
    ) -> None:
        """Journaled before a call goes on. Raises JournalError."""
        self._recorder.append(
            tool_decided(
                caller.principal,
                caller.session,
                call,
                decision,
                action,
                self._commit,
                approval=approval,
                server=server,
                on_behalf_of=caller.on_behalf_of,
            )
        )
        await self._recorder.commit()

    def answered(
        self,
        call: str,
        principal: str,
        session: str,
        server: str,
        method: str,
        name: str,
        *,
        verdict: Verdict | None = None,
        text: str = "",
        milliseconds: float = -1,
        error: str = "",
    ) -> None:
        """What came back. Raises JournalError."""
        judged: dict[str, Any] = {}
        if verdict is not None:
            judged = {
                "action": verdict.action,
                "observed": verdict.observed,
                "rule": verdict.rule,
                "signals": verdict.signals[:50],
                "coverage": verdict.coverage,
            }
        self._recorder.append(
            McpAnswered(
                id=new_id("evt"),
                at=utc_now(),
                call=call,
                principal=principal,
                session=session,
                server=server,
                method=method,
                name=printable(name, 200),
                characters=len(text),
                milliseconds=round(milliseconds, 2),
                error=printable(error, 300),
                content=(self._commit(text),) if text else (),
                **judged,
            )
        )

    def definition(self, entry: Entry) -> None:
        """A tool's state or definition is another than before."""
        self.changed(
            entry.server, "tool", entry.name, entry.state, entry.digest, pinned=entry.pinned, reasons=entry.reasons
        )

    def changed(
        self,
        server: str,
        subject: str,
        name: str,
        state: str,
        digest: str = "",
        *,
        pinned: str = "",
        reasons: tuple[str, ...] = (),
    ) -> None:
        """See ``McpDefinitionChanged``."""
        self._recorder.append(
            McpDefinitionChanged(
                id=new_id("evt"),
                at=utc_now(),
                server=server,
                subject=subject,
                name=printable(name, 200),
                state=state,
                digest=digest,
                pinned=pinned,
                reasons=tuple(printable(reason, 300) for reason in reasons[:20]),
            )
        )

    def refused(
        self, server: str, method: str, reason: str, count: int = 1, *, principal: str = "", name: str = ""
    ) -> None:
        """A message that was not passed on."""
        self._recorder.append(
            McpRefused(
                id=new_id("evt"),
                at=utc_now(),
                principal=principal,
                server=server,
                method=printable(method, 100),
                name=printable(name, 200),
                reason=printable(reason, 300),
                count=count,
            )
        )
