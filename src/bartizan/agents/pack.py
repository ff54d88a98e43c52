"""Policy packs: from the facts of a call to a decision, which is a function of them and remembered by them."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from bartizan.agents.facts import Facts
from bartizan.core.errors import ConfigurationError
from bartizan.core.session import NOBODY, Authority
from bartizan.core.verdict import Action
from bartizan.policy.cedar import CedarPolicies

SHIPPED = ("strict", "balanced", "observe")
_MOST_REMEMBERED = 20_000
_SCHEMA = "schema.cedarschema"
_WORDS_ONLY = frozenset({"caused_by", "critical_where", "discloses_where", "languages"})
"""Facts for people; policy sees the others."""


class Ruling(NamedTuple):
    """What policy says of a call."""

    action: Action
    policy: str
    reason: str


class Pack:
    """Parsed and validated policies.

    Args:
        name: for messages.
        text: Cedar policies, each with annotations ``@id`` and ``@reason``.
        observe: decide, but let every call pass.
        own: more policies, of the operator; they may ask for the tool's name and on whose word it is called.
        later: parse when the first call is decided, for text that is known to parse: processes that decide none do
            without the library that evaluates it (10 MB).

    Raises:
        ConfigurationError: the policies do not parse, do not fit the schema or lack an annotation.
    """

    def __init__(self, name: str, text: str, own: str = "", *, observe: bool = False, later: bool = False) -> None:
        self.name = name
        self.observe = observe
        self._own = bool(own.strip())
        self._text = f"{text}\n{own}"
        self._parsed = None if later else self._parse()
        self._known: dict[tuple[Any, ...], Ruling] = {}

    @classmethod
    def shipped(cls, name: str, own: str = "") -> Pack:
        """The pack called ``name``, with policies of the operator's own.

        Raises:
            ConfigurationError: there is no such pack, or ``own`` does not fit.
        """
        if name not in SHIPPED:
            raise ConfigurationError(f"no policy pack called {name}", f"there are {', '.join(SHIPPED)}")
        text = _read(f"{'balanced' if name == 'observe' else name}.cedar")
        return cls(name, text, own, observe=name == "observe", later=not own.strip())

    def decide(self, facts: Facts, tool: str = "", authority: Authority = NOBODY) -> Ruling:
        """What the policies say of ``facts``; blocked where none permits.

        Args:
            facts: of the call.
            tool: its name.
            authority: on whose word it is made.
        """
        context = {key: value for key, value in msgspec.to_builtins(facts).items() if key not in _WORDS_ONLY}
        key = tuple(context.values())
        if not self._own:  # what is shipped asks for nobody's name, so one answer is good for all
            tool, authority = "", NOBODY
        key = (*key, tool, authority)
        context |= {
            "tool": tool,
            "principal": authority.principal,
            "on_behalf_of": list(authority.on_behalf_of),
            "chain": len(authority.on_behalf_of),
        }
        ruling = self._known.get(key)
        if ruling is None:
            ruling = self._evaluate(context)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[key] = ruling
        return ruling

    def _evaluate(self, context: dict[str, Any]) -> Ruling:
        if self._parsed is None:
            self._parsed = self._parse()
        allowed, because = self._parsed.ask("call", context)
        if because is not None:
            return Ruling(Action.ALLOW if allowed else Action.BLOCK, *because)
        allowed, because = self._parsed.ask("ask", context)
        if allowed and because is not None:
            return Ruling(Action.ASK, *because)
        return Ruling(Action.BLOCK, "", "No policy permits it.")

    def _parse(self) -> CedarPolicies:
        return CedarPolicies(
            f"policy pack {self.name}",
            self._text,
            _read(_SCHEMA),
            principal="Session",
            resource="Tool",
            page="docs/agents/tool-guard.md",
        )


def _read(name: str) -> str:
    return files("bartizan.agents").joinpath("packs", name).read_text(encoding="utf-8")
