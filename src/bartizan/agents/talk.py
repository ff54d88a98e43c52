"""One conversation with the tool guard, kept so that it can be told again when the tools on offer change."""

from __future__ import annotations

import time
from collections.abc import Callable

from bartizan.agents.recording import arguments_text
from bartizan.core.session import NOBODY, Authority
from bartizan.core.tool import Conversation, ToolCall, ToolDecision, ToolDefinition, ToolGuard, ToolResult
from bartizan.core.verdict import Action

MOST_CHARACTERS = 32_000_000
"""Of results and arguments that one conversation keeps."""
_UNWRITABLE = 100_000
"""What arguments weigh that cannot be written as JSON; no call with such arguments is allowed."""
_STEP = 100
"""What a step weighs besides: empty results take memory too."""

Step = Callable[[Conversation], object]


class Talk:
    """One conversation. What was observed is kept, so that it can be fed to the guard again.

    Args:
        guard: decides.
        operator: the operator's words about what the agent is for; may be empty.
        most: steps of history kept; beyond, every call is blocked.
    """

    def __init__(self, guard: ToolGuard, operator: str, most: int) -> None:
        self._guard = guard
        self._operator = operator
        self._most = most
        self._steps: list[Step] = []
        self._weight = 0
        self._tools: tuple[ToolDefinition, ...] = ()
        self._authority = NOBODY
        self._conversation: Conversation | None = None
        self.task = ""
        """The user's words as last given."""
        self.used = time.monotonic()

    @property
    def has_task(self) -> bool:
        """Whether anybody said what the agent is to do."""
        return bool(self.task or self._operator)

    def user(self, text: str) -> None:
        """The task, as the client passes it on; the same words again are no news."""
        if text and text != self.task:
            self.task = text
            self._observe(lambda conversation: conversation.user(text), len(text))

    def said(self, text: str) -> None:
        """More words of the operator."""
        self._observe(lambda conversation: conversation.operator(text), len(text))

    def called(self, call: ToolCall) -> None:
        """A call that was made, as a history tells it: nothing is decided."""
        self._observe(lambda conversation: conversation.decide(call), _size(call))

    def decide(self, call: ToolCall, tools: tuple[ToolDefinition, ...], authority: Authority = NOBODY) -> ToolDecision:
        """Decide a call among the tools that are offered now, on the word of ``authority``."""
        if len(self._steps) >= self._most or self._weight > MOST_CHARACTERS:
            return ToolDecision(
                call=call.id,
                tool=call.tool,
                action=Action.BLOCK,
                policy="history",
                reason="the conversation has become too long; begin a new one",
            )
        conversation = self._over(tools, authority)
        self._steps.append(lambda again: again.decide(call))
        self._weight += _STEP + _size(call)
        return conversation.decide(call)

    def result(self, result: ToolResult) -> None:
        """What came back, before the model reads it."""
        self._observe(lambda conversation: conversation.result(result), len(result.text))

    def unseen(self) -> None:
        """The model has read something that nobody here can read, such as a picture."""
        self._observe(lambda conversation: conversation.unseen(), 0)

    def _observe(self, step: Step, weight: int) -> None:
        self._weight += _STEP + weight
        if self._weight > MOST_CHARACTERS:
            return  # nothing more is decided, so nothing more needs to be known
        self._steps.append(step)
        if self._conversation is not None:
            step(self._conversation)

    def _over(self, tools: tuple[ToolDefinition, ...], authority: Authority) -> Conversation:
        if self._conversation is None or tools != self._tools or authority != self._authority:
            self._tools, self._authority = tools, authority
            conversation = self._guard.conversation(tools, authority)
            if self._operator:
                conversation.operator(self._operator)
            for step in self._steps:
                step(conversation)
            self._conversation = conversation
        return self._conversation


def _size(call: ToolCall) -> int:
    return len(arguments_text(call)) or _UNWRITABLE
