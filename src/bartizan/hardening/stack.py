"""Everything that stands between an attacker and a harm, asked about one exchange."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from bartizan.core.passage import Origin, Passage, Surface
from bartizan.core.tool import ToolCall, ToolDefinition, ToolGuard, ToolResult
from bartizan.core.verdict import Action
from bartizan.firewall.exchange import ChannelKind
from bartizan.firewall.guard import Guard
from bartizan.hardening.exchange import Exchange
from bartizan.hardening.harm import survives

_ORIGINS = {Surface.USER: Origin.USER, Surface.CONTENT: Origin.RETRIEVED}


_READER = ToolDefinition(
    name="read_material",
    description="Read a page, document or mail.",
    annotations={"readOnlyHint": True, "openWorldHint": True},
)


class Layer(StrEnum):
    """Where an exchange is stopped, in the order in which it passes them."""

    REQUEST = "request"
    CALL = "call"
    OUTPUT = "output"


class Stop(NamedTuple):
    """An exchange was stopped."""

    layer: Layer
    rule: str


class Stack:
    """The guards of one workspace. What is only observed (monitor mode) stops nothing.

    Args:
        guard: reads requests and answers.
        tools: decides tool calls; None where policy wants none.
    """

    def __init__(self, guard: Guard, tools: ToolGuard | None) -> None:
        self.guard = guard
        self._tools = tools

    def stops_attack(self, exchange: Exchange) -> Stop | None:
        """How an attack is stopped: the request or a harmful call is refused, or the answer shows no harm."""
        return self._request(exchange) or self._calls(exchange) or self._answer(exchange, attack=True)

    def stops_benign(self, exchange: Exchange) -> Stop | None:
        """How harmless traffic is disturbed: anything refused, or the answer changed."""
        return self._request(exchange) or self._calls(exchange) or self._answer(exchange, attack=False)

    def scores(self, exchange: Exchange) -> dict[tuple[Surface, str], float]:
        """For each surface and guard of the request, the highest score that any detector gave."""
        best: dict[tuple[Surface, str], float] = {}
        for piece in exchange.pieces:
            passage = Passage(piece.text, _ORIGINS[piece.surface], (piece.surface,))
            for signal in self.guard.inspect_passages([passage]).signals:
                key = (piece.surface, signal.guard.value)
                best[key] = max(best.get(key, 0.0), signal.score)
        return best

    def _request(self, exchange: Exchange) -> Stop | None:
        passages = [
            Passage(piece.text, origin, self.guard.policy.surfaces(origin), ("pieces", number))
            for number, piece in enumerate(exchange.pieces)
            for origin in (_ORIGINS[piece.surface],)
        ]
        verdict = self.guard.inspect_passages(passages)
        return Stop(Layer.REQUEST, verdict.rule) if verdict.action.rank >= Action.ASK.rank else None

    def _calls(self, exchange: Exchange) -> Stop | None:
        if self._tools is None or not exchange.calls:
            return None
        talk = self._tools.conversation((*exchange.tools, _READER))
        for piece in exchange.pieces:
            if piece.surface is Surface.USER:
                talk.user(piece.text)
        # What was read comes after the task, from a tool that anybody can write to: never from the tool that is called.
        for number, piece in enumerate(exchange.pieces):
            if piece.surface is not Surface.USER:
                talk.result(ToolResult(call=f"read-{number}", tool=_READER.name, text=piece.text))
        for number, call in enumerate(exchange.calls):
            decision = talk.decide(ToolCall(id=f"call-{number}", tool=call.tool, arguments=call.arguments))
            if decision.action.rank >= Action.ASK.rank:
                return Stop(Layer.CALL, decision.policy)
        return None

    def _answer(self, exchange: Exchange, *, attack: bool) -> Stop | None:
        if not exchange.answer:
            return None
        released = self.guard.whole(ChannelKind.TEXT, exchange.answer)
        if released.blocked or released.action is Action.BLOCK:
            return Stop(Layer.OUTPUT, released.rule)
        shown, rule = self._short(released.text, released.rule)
        if attack and exchange.too_long:
            return Stop(Layer.OUTPUT, rule) if len(shown) < exchange.too_long else None
        if attack:
            hidden = exchange.harm and not any(survives(piece, shown) for piece in exchange.harm)
            return Stop(Layer.OUTPUT, rule) if hidden else None
        return Stop(Layer.OUTPUT, rule) if shown != exchange.answer else None

    def _short(self, text: str, rule: str) -> tuple[str, str]:
        """What is left of an answer that is longer than policy allows, and what decided."""
        most, ruling = self.guard.longest, self.guard.too_long
        if not most or len(text) <= most or ruling.action is not Action.REDACT:
            return text, rule
        return text[:most], ruling.rule
