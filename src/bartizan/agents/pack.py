"""Policy packs in Cedar: from the facts of a call to a decision.

Cedar (https://www.cedarpolicy.com, https://doi.org/10.1145/3649835) evaluates policies without side effects, so a
decision is a function of the facts and is remembered by them.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, NamedTuple

import cedarpy
import msgspec

from bartizan.agents.facts import Facts
from bartizan.core.errors import ConfigurationError
from bartizan.core.verdict import Action

SHIPPED = ("strict", "balanced", "observe")
_MOST_REMEMBERED = 20_000
_SCHEMA = "schema.cedarschema"
_WORDS_ONLY = frozenset({"caused_by", "critical_where"})
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

    Raises:
        ConfigurationError: the policies do not parse, do not fit the schema or lack an annotation.
    """

    def __init__(self, name: str, text: str, *, observe: bool = False) -> None:
        self.name = name
        self.observe = observe
        schema = _read(_SCHEMA)
        try:
            checked = cedarpy.validate_policies(text, schema)
            self._policies = cedarpy.PolicySet.from_str(text)
            self._schema = cedarpy.Schema.from_str(schema)
            self._entities = cedarpy.Entities.from_json_str("[]")
            static = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
        except ValueError as error:
            raise ConfigurationError(f"policy pack {name}: {error}", "see docs/agents/policy.md") from None
        if not checked.validation_passed:
            first = str(checked.errors[0]) if checked.errors else "does not fit the schema"
            raise ConfigurationError(f"policy pack {name}: {first}", "see docs/agents/policy.md for the facts")
        self._annotations: dict[str, tuple[str, str]] = {}
        for key, body in static.items():
            notes = body.get("annotations") or {}
            if not notes.get("id") or not notes.get("reason"):
                raise ConfigurationError(f"policy pack {name}: {key} lacks @id or @reason", "every policy names itself")
            self._annotations[key] = (notes["id"], notes["reason"])
        self._order = {
            key: place for place, key in enumerate(sorted(static, key=lambda key: int(key.removeprefix("policy"))))
        }
        self._known: dict[tuple[Any, ...], Ruling] = {}

    @classmethod
    def shipped(cls, name: str) -> Pack:
        """The pack called ``name``. Raises ConfigurationError if there is none."""
        if name not in SHIPPED:
            raise ConfigurationError(f"no policy pack called {name}", f"there are {', '.join(SHIPPED)}")
        return cls(name, _read(f"{'balanced' if name == 'observe' else name}.cedar"), observe=name == "observe")

    def decide(self, facts: Facts) -> Ruling:
        """What the policies say of ``facts``; blocked where none permits."""
        context = {key: value for key, value in msgspec.to_builtins(facts).items() if key not in _WORDS_ONLY}
        key = tuple(context.values())
        ruling = self._known.get(key)
        if ruling is None:
            ruling = self._evaluate(context)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[key] = ruling
        return ruling

    def _evaluate(self, context: dict[str, Any]) -> Ruling:
        allowed, reasons = self._ask("call", context)
        if allowed:
            return Ruling(Action.ALLOW, *self._first(reasons))
        if reasons:
            return Ruling(Action.BLOCK, *self._first(reasons))
        allowed, reasons = self._ask("ask", context)
        if allowed:
            return Ruling(Action.ASK, *self._first(reasons))
        return Ruling(Action.BLOCK, "", "No policy permits it.")

    def _ask(self, action: str, context: dict[str, Any]) -> tuple[bool, list[str]]:
        answer = cedarpy.is_authorized(
            {
                "principal": {"type": "Bartizan::Session", "id": "session"},
                "action": {"type": "Bartizan::Action", "id": action},
                "resource": {"type": "Bartizan::Tool", "id": "tool"},
                "context": context,
            },
            self._policies,
            self._entities,
            self._schema,
        )
        if answer.diagnostics.errors:
            return False, []
        return answer.decision is cedarpy.Decision.Allow, list(answer.diagnostics.reasons)

    def _first(self, reasons: list[str]) -> tuple[str, str]:
        """Id and reason of the policy that stands first in the pack."""
        return self._annotations[min(reasons, key=lambda key: self._order.get(key, 0))]


def _read(name: str) -> str:
    return files("bartizan.agents").joinpath("packs", name).read_text(encoding="utf-8")
