"""The tool guard: one conversation, decided call by call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from bartizan.agents import values
from bartizan.agents.binding import TIED, Label, bind
from bartizan.agents.envelope import Envelope, read_task
from bartizan.agents.extent import Fault, fault_in
from bartizan.agents.facts import as_context, facts_of
from bartizan.agents.ledger import Ledger
from bartizan.agents.lexicon import content_words, folded, name_words, nouns_of, word_set
from bartizan.agents.overriding import Profiler, profiler
from bartizan.agents.pack import Pack, Ruling
from bartizan.agents.profile import Effect
from bartizan.core.interfaces import Inspector
from bartizan.core.passage import Surface
from bartizan.core.session import NOBODY, Authority
from bartizan.core.threat import Guard as GuardName
from bartizan.core.tool import Conversation, ToolCall, ToolDecision, ToolDefinition, ToolResult, call_digest
from bartizan.core.verdict import Action
from bartizan.inspection.inspector import Inspector as TextInspector
from bartizan.inspection.signatures import SignatureDetector, load_packs
from bartizan.policy.tool_profiles import ToolOverride

MAX_RESULT = 500_000
"""Characters of one result that are taken in; nothing beyond can be bound to, and policy is told that it was there."""
_MOST_READ = 4_096
_MOST_CALLS = 10_000
_MOST_NAMES = 100
_COUNTS = word_set("queries")
_UNKNOWN = Ruling(Action.BLOCK, "unknown_tool", "No such tool is offered.")
_TOO_LARGE = Ruling(Action.BLOCK, Fault.SIZE.value, "Its arguments are too many, too long or too deep to be compared.")
_NOT_JSON = Ruling(Action.BLOCK, Fault.FORM.value, "Its arguments hold what JSON does not know, such as NaN.")
_TOO_MANY = Ruling(Action.BLOCK, "calls_per_message", "One message of the user is not worth so many calls.")
_FILES = frozenset({"file"})
_POINTING = frozenset({Label.USER, Label.OPERATOR, Label.TRUSTED}) | TIED


class AgentGuard:
    """Decides tool calls (`core.tool.ToolGuard`). Safe to share: all it keeps is what it has read before.

    Args:
        pack: the policy.
        overrides: ``tool_profiles`` of policy; they win over what is derived.
        inspector: reads results for attacks.
        threshold: score from which a result's text is taken for an attack.
        partial: it is shown only part of what the model reads, so every session counts as one that has read something
            of others.
        calls_per_message: that are allowed for one message of the user; 0: any number.
    """

    def __init__(
        self,
        pack: Pack,
        inspector: Inspector,
        overrides: Mapping[str, ToolOverride] = {},
        threshold: float = 0.5,
        *,
        partial: bool = False,
        calls_per_message: int = 0,
    ) -> None:
        self._partial = partial
        self._calls_per_message = calls_per_message
        self._pack = pack
        self._profile = profiler(overrides)
        self._inspector = inspector
        self._threshold = threshold
        self._read: dict[bytes, str] = {}

    def conversation(self, tools: tuple[ToolDefinition, ...], authority: Authority = NOBODY) -> Conversation:
        """A new conversation in which exactly ``tools`` are offered, on the word of ``authority``."""
        return AgentConversation(
            self._pack,
            tools,
            self.attack_in,
            self._profile,
            authority,
            tainted=self._partial,
            calls_per_message=self._calls_per_message,
        )

    def attack_in(self, text: str) -> str:
        """Why ``text`` is taken for an attack; empty if it is not."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        known = self._read.get(digest)
        if known is None:
            known = self._inspect(text)
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            self._read[digest] = known
        return known

    def _inspect(self, text: str) -> str:
        for signal in self._inspector.inspect(text, Surface.CONTENT):
            if signal.guard is GuardName.PROMPT_INJECTION and signal.score >= self._threshold:
                return f"{signal.technique or 'injection'} seen by {signal.detector}"
        return ""


class AgentConversation:
    """One session (`core.tool.Conversation`)."""

    def __init__(
        self,
        pack: Pack,
        tools: tuple[ToolDefinition, ...],
        attack_in: Callable[[str], str],
        profile: Profiler,
        authority: Authority = NOBODY,
        *,
        tainted: bool = False,
        calls_per_message: int = 0,
    ) -> None:
        self._most = calls_per_message
        self._since: int | None = None
        """Calls since the user's last message; None before the first: whoever is not shown messages cannot count."""
        self._pack = pack
        self._authority = authority
        self._profile = profile
        self._profiles = {tool.name: profile(tool) for tool in tools}
        self._servers = {tool.name: tool.server or tool.name.rpartition("__")[0] for tool in tools}
        self._ledger = Ledger(attack_in)
        self._ledger.external = tainted
        self._envelope = Envelope()
        self._operator = ""
        self._calls: dict[str, ToolCall] = {}

    def operator(self, text: str) -> None:
        """The system prompt or operator configuration."""
        self._operator = f"{self._operator}\n{' '.join(text.casefold().split())}"[-200_000:]

    def user(self, text: str) -> None:
        """Words of the session's own user."""
        self._since = 0
        self._envelope = read_task(text, self._envelope if self._envelope.text else None)

    def result(self, result: ToolResult) -> None:
        """A tool's result, before the model reads it."""
        profile = self._profiles.get(result.tool)
        trusted = profile is not None and profile.trusted_results
        text = result.text[:MAX_RESULT]
        self._ledger.add(
            text,
            result.tool,
            self._envelope,
            pointed=self._pointed(result.call),
            trusted=trusted,
            whole=len(result.text) <= MAX_RESULT,
            server=self._servers.get(result.tool, ""),
            voice=profile is not None and profile.reports and not profile.open_world,
        )

    def unseen(self) -> None:
        """The model has read something that the guard is not shown: a directive may have been in it."""
        self._ledger.external = self._ledger.unread = True

    def decide(self, call: ToolCall) -> ToolDecision:
        """Decide a call that the model asks for."""
        fault = fault_in(call.arguments)
        if fault is None:
            if len(self._calls) >= _MOST_CALLS:
                self._calls.pop(next(iter(self._calls)))
            self._calls[call.id] = call
        else:
            self._calls.pop(call.id, None)
        if self._since is not None:
            self._since += 1
            if self._most and self._since > self._most:
                return self._decision(call, _TOO_MANY, {"calls": self._since})
        profile = self._profiles.get(call.tool)
        if profile is None:
            profile = self._profile(_unoffered(call))
            if profile.effect is not Effect.READ:
                return self._decision(call, _UNKNOWN, {"effect": profile.effect.value})
        if fault is not None:
            ruling = _TOO_LARGE if fault is Fault.SIZE else _NOT_JSON
            return self._decision(call, ruling, {"effect": profile.effect.value})
        try:
            server = self._servers.get(call.tool, "")
            facts = facts_of(call, profile, self._ledger, self._envelope, self._operator, server)
            self._ledger.told_to(server, call.arguments)
        except values.TooManyValuesError:
            return self._decision(call, _TOO_LARGE, {"effect": profile.effect.value})
        ruling = self._pack.decide(facts, call.tool, self._authority)
        return self._decision(call, ruling, as_context(facts))

    def _decision(self, call: ToolCall, ruling: Ruling, facts: dict[str, Any]) -> ToolDecision:
        try:
            digest = call_digest(call)
        except ValueError:
            digest = ""
            ruling = ruling if ruling.action is Action.BLOCK else _TOO_LARGE
        return ToolDecision(
            call=call.id,
            tool=call.tool,
            action=Action.ALLOW if self._pack.observe else ruling.action,
            observed=ruling.action,
            policy=ruling.policy,
            reason=ruling.reason,
            facts=facts,
            digest=digest,
        )

    def _pointed(self, call_id: str) -> bool:
        """Whether the call that brought a result had arguments, all of the user's own choosing."""
        call = self._calls.get(call_id)
        if call is None or not call.arguments:
            return False
        try:
            given = [
                leaf
                for name, argument in call.arguments.items()
                for leaf in values.leaves(argument)
                if not (name in _COUNTS and values.numeral(leaf))
            ]
        except values.TooManyValuesError:
            return False
        told = [leaf for leaf in given if len(values.normal(leaf)) > 2 or values.numeral(leaf)]
        return bool(told) and all(
            bind(leaf, self._ledger, self._envelope, self._operator).label in _POINTING
            or self._words_said(leaf)
            or self._of_many(leaf)
            or (values.DATE.match(leaf) is not None and self._envelope.speaks_of(leaf))
            for leaf in told
        )

    def _words_said(self, leaf: str) -> bool:
        """Whether a search phrase, or the name of a file, is made of the user's words."""
        found = content_words(leaf)
        if found and found <= self._envelope.words:
            return True
        parts = {folded(word) for part in leaf.replace("-", " ").split(".") for word in name_words(part)}
        named = {word for word in parts if nouns_of([word]) != _FILES}
        return bool(named) and " " not in leaf and named <= self._envelope.words

    def _of_many(self, leaf: str) -> bool:
        """Whether the user speaks of many, and a record names this by their word: *all bills*, ``bill_may.txt``."""
        parts = {folded(word) for part in leaf.split(".") for word in name_words(part) if len(word) > 2}
        return self._envelope.many and not parts.isdisjoint(self._envelope.words) and self._ledger.listed(leaf)


def _unoffered(call: ToolCall) -> ToolDefinition:
    """The definition of a tool that is not offered, as far as a call tells it."""
    arguments: dict[str, Any] = {str(name): {} for name in list(call.arguments)[:_MOST_NAMES]}
    return ToolDefinition(name=call.tool[:200], input_schema={"properties": arguments})


def open_guard(
    pack: str = "balanced",
    overrides: Mapping[str, ToolOverride] = {},
    inspector: Inspector | None = None,
    *,
    own: str = "",
    partial: bool = False,
    calls_per_message: int = 0,
) -> AgentGuard:
    """A guard with a shipped policy pack, ``strict``, ``balanced`` or ``observe``; it reads results with the shipped
    signatures unless it is given another inspector. ``own`` holds policies of the operator; ``partial`` and
    ``calls_per_message`` as with `AgentGuard`. Raises ConfigurationError."""
    return AgentGuard(
        Pack.shipped(pack, own),
        inspector or rules_inspector(),
        overrides,
        partial=partial,
        calls_per_message=calls_per_message,
    )


@cache
def rules_inspector() -> Inspector:
    """The shipped signatures alone: no model, no workspace."""
    return TextInspector([SignatureDetector(load_packs(contents={}), ())])
