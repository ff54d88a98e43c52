"""What an agent gets instead of a tool's result."""

from __future__ import annotations

from bartizan.core.errors import BartizanError
from bartizan.core.tool import ToolCall, ToolDecision

DECLINED = "This call was declined by policy."
WAITS = "This call waits for a person's approval; the very same call can be repeated later."


class ToolRefusedError(BartizanError):
    """A call did not run, or its result may not be read.

    Its text is all that a model may be told: it names no rule and no reason. What the application may know stands in
    the attributes.

    Args:
        call: the call.
        reference: our id of it, under which the journal has the reasons.
        decision: the guard's; None where none was made, because something failed (see ``__cause__``).
        approval: id of the approval that is waited for; empty where nobody was asked.
    """

    def __init__(
        self, call: ToolCall, reference: str, decision: ToolDecision | None = None, approval: str = ""
    ) -> None:
        words = f"{WAITS} Approval {approval}." if approval else f"{DECLINED} Reference {reference}."
        super().__init__(words)
        self.call = call
        self.reference = reference
        self.decision = decision
        self.approval = approval


class NoSessionError(BartizanError):
    """A guarded tool was called outside a session, or in a thread that the session did not reach. It did not run."""

    def __init__(self, tool: str) -> None:
        super().__init__(
            f"{tool} was called outside a guarded session",
            "call it inside 'with guarded_session(…)'; a thread of your own needs 'with session.current()'",
        )
