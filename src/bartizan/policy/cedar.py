"""Policies in Cedar: parsed, validated against a schema, each with a name and a reason that people can read.

Cedar (https://www.cedarpolicy.com, https://doi.org/10.1145/3649835) evaluates policies without side effects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bartizan.core.errors import ConfigurationError


class Reason(NamedTuple):
    """A policy that determined an answer, by its annotations ``@id`` and ``@reason``."""

    policy: str
    reason: str


class Answer(NamedTuple):
    """What the policies say of one action."""

    allowed: bool
    because: Reason | None
    """The determining policy that stands first in the text; None where nothing permits and nothing forbids."""


class CedarPolicies:
    """Parsed and validated policies over one kind of principal and resource.

    Args:
        name: for messages.
        text: Cedar policies, each with annotations ``@id`` and ``@reason``.
        schema: in Cedar's schema language.
        principal: type of the principal, such as ``Session``, in the namespace ``Bartizan``.
        resource: type of the resource.
        page: page of the documentation that lists the facts.

    Raises:
        ConfigurationError: the policies do not parse, do not fit the schema or lack an annotation.
    """

    def __init__(self, name: str, text: str, schema: str, *, principal: str, resource: str, page: str) -> None:
        import cedarpy  # 10 MB, which processes that decide nothing do without

        self._principal, self._resource = principal, resource
        try:
            checked = cedarpy.validate_policies(text, schema)
            self._authorize, self._allow = cedarpy.is_authorized, cedarpy.Decision.Allow
            self._policies = cedarpy.PolicySet.from_str(text)
            self._schema = cedarpy.Schema.from_str(schema)
            self._entities = cedarpy.Entities.from_json_str("[]")
            static = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
        except ValueError as error:
            raise ConfigurationError(f"{name}: {error}", f"see {page}") from None
        if not checked.validation_passed:
            first = str(checked.errors[0]) if checked.errors else "does not fit the schema"
            raise ConfigurationError(f"{name}: {first}", f"see {page} for the facts")
        self._reasons: dict[str, Reason] = {}
        for key, body in static.items():
            notes = body.get("annotations") or {}
            if not notes.get("id") or not notes.get("reason"):
                raise ConfigurationError(f"{name}: {key} lacks @id or @reason", "every policy names itself")
            self._reasons[key] = Reason(notes["id"], notes["reason"])
        ordered = sorted(static, key=lambda key: int(key.removeprefix("policy")))
        self._order = {key: place for place, key in enumerate(ordered)}

    def ask(self, action: str, context: Mapping[str, Any]) -> Answer:
        """Whether the policies permit ``action``; a policy that fails to evaluate permits nothing."""
        answer = self._authorize(
            {
                "principal": {"type": f"Bartizan::{self._principal}", "id": self._principal.lower()},
                "action": {"type": "Bartizan::Action", "id": action},
                "resource": {"type": f"Bartizan::{self._resource}", "id": self._resource.lower()},
                "context": dict(context),
            },
            self._policies,
            self._entities,
            self._schema,
        )
        if answer.diagnostics.errors:
            return Answer(False, None)
        return Answer(answer.decision is self._allow, self._first(answer.diagnostics.reasons))

    def _first(self, keys: Sequence[str]) -> Reason | None:
        first = min(keys, key=lambda key: self._order.get(key, 0), default=None)
        return None if first is None else self._reasons[first]
