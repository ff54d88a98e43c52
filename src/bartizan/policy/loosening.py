"""What guards less than before: the settings of one policy that are weaker than those of another.

A comparison of settings, not of what they do on traffic: a lower limit elsewhere does not make up for a loosened row.
"""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.core.limits import Limits
from bartizan.core.verdict import Action, Mode
from bartizan.policy.document import PolicyDocument, Row
from bartizan.policy.model_loosening import model_loosened

_GUARDS = ("none", "observe", "balanced", "strict")
_STRICT = {
    "pins": ("first_use", "approve"),
    "definitions": ("flag", "block"),
    "shadowing": ("flag", "block"),
    "identity": ("flag", "block"),
    "guard": _GUARDS,
    "without_task": ("decide", "block"),
}
"""Settings of ``mcp``, from loose to strict."""


def loosened(before: PolicyDocument, after: PolicyDocument) -> tuple[str, ...]:
    """Names of the settings of ``after`` that guard less than those of ``before``, as paths in ``policy.yaml``."""
    return tuple(_settings(before, after))


def _settings(before: PolicyDocument, after: PolicyDocument) -> Iterator[str]:
    if before.mode is not Mode.MONITOR and after.mode is Mode.MONITOR:
        yield "mode"
    for surface, rows in before.surfaces.items():
        for guard, row in rows.items():
            yield from _row(f"surfaces.{surface}.{guard}", row, after.surfaces.get(surface, {}).get(guard))
    for origin, surfaces in before.origins.items():
        if set(surfaces) - set(after.origins.get(origin, surfaces)):
            yield f"origins.{origin}"
    for kind in before.uncovered.__struct_fields__:
        one, other = getattr(before.uncovered, kind), getattr(after.uncovered, kind)
        if isinstance(one, Action) and other.rank < one.rank:
            yield f"uncovered.{kind}"
    if before.unknown.field == "refuse" and after.unknown.field != "refuse":
        yield "unknown.field"
    if set(after.links.allow) - set(before.links.allow):
        yield "links.allow"
    if set(before.payloads) - set(after.payloads):
        yield "payloads"
    if {one.name for one in before.canaries} - {one.name for one in after.canaries}:
        yield "canaries"
    if {(one.name, one.file) for one in before.known_values} - {(one.name, one.file) for one in after.known_values}:
        yield "known_values"
    if before.passages.system and not after.passages.system:
        yield "passages.system"
    if set(before.passages.declared) - set(after.passages.declared):
        yield "passages.declared"
    if before.classifier.enabled and not after.classifier.enabled:
        yield "classifier.enabled"
    if set(after.disabled_signatures) - set(before.disabled_signatures):
        yield "disabled_signatures"
    if after.anonymous and not before.anonymous:
        yield "anonymous"
    if _GUARDS.index(after.tools.guard) < _GUARDS.index(before.tools.guard):
        yield "tools.guard"
    if 0 < before.tools.calls_per_message < (after.tools.calls_per_message or 10**9):
        yield "tools.calls_per_message"
    for name in ("max_tokens", "max_choices", "max_characters"):
        if 0 < getattr(before.answers, name) < (getattr(after.answers, name) or 10**12):
            yield f"answers.{name}"
    yield from _limits("limits", before.limits, after.limits)
    for name, order in _STRICT.items():
        if order.index(getattr(after.mcp, name)) < order.index(getattr(before.mcp, name)):
            yield f"mcp.{name}"
    yield from _limits("mcp.limits", before.mcp.limits, after.mcp.limits)
    for name, rules in before.models.items():
        if (now := after.models.get(name)) is not None:  # one that is gone is not served
            yield from model_loosened(f"models.{name}", rules, now)
    yield from (f"models.{name}" for name in after.models if name not in before.models)


def _row(path: str, before: Row, after: Row | None) -> Iterator[str]:
    if after is None:
        if before.action is not Action.ALLOW:
            yield path
        return
    if after.action.rank < before.action.rank:
        yield f"{path}.action"
    if after.threshold > before.threshold:
        yield f"{path}.threshold"
    if before.mode is not Mode.MONITOR and after.mode is Mode.MONITOR:
        yield f"{path}.mode"


def _limits(path: str, before: Limits, after: Limits) -> Iterator[str]:
    if before.rate is not None and (
        after.rate is None or after.rate.requests / after.rate.seconds > before.rate.requests / before.rate.seconds
    ):
        yield f"{path}.rate"
    if before.budget is not None:
        names = ("requests", "tokens", "cost")
        pairs = [(getattr(before.budget, name), getattr(after.budget, name, 0)) for name in names]
        if after.budget is None or any(one and (not other or other > one) for one, other in pairs):
            yield f"{path}.budget"
    if before.cooldown is not None and after.cooldown is None:
        yield f"{path}.cooldown"
