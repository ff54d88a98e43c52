"""What guards a model that takes tensors less than before; see :mod:`bartizan.policy.loosening`."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.core.verdict import Action, Mode
from bartizan.policy.models import Bounds, InputRule, ModelRules, OutputRule, TensorGuards

_MODES = ("pass", "round", "top1", "label", "suppress")
"""From loose to strict."""


def model_loosened(path: str, before: ModelRules, after: ModelRules) -> Iterator[str]:
    """Names of the settings of ``after`` that guard less than those of ``before``."""
    for guard in TensorGuards.__struct_fields__:
        one, other = getattr(before.guards, guard), getattr(after.guards, guard)
        if other.action.rank < one.action.rank:
            yield f"{path}.guards.{guard}.action"
        if one.mode is not Mode.MONITOR and other.mode is Mode.MONITOR and other.action is not Action.ALLOW:
            yield f"{path}.guards.{guard}.mode"
    if before.profile and after.profile != before.profile:
        yield f"{path}.profile"
    if before.classes and after.classes != before.classes:
        yield f"{path}.classes"
    for name, rule in before.inputs.items():
        yield from _input(f"{path}.inputs.{name}", rule, after.inputs.get(name))
    yield from (f"{path}.inputs.{name}" for name in after.inputs if name not in before.inputs)
    principals = sorted({"", *before.principals, *after.principals})
    for name in after.outputs:
        pairs = [(before.output(name, who), after.output(name, who)) for who in principals]
        if any(_weaker(one, other) for one, other in pairs):
            yield f"{path}.outputs.{name}"
    for who in principals:
        had, has = before.budget(who), after.budget(who)
        if had is not None and (has is None or has.rows > had.rows or has.window != had.window):
            yield f"{path}.queries"
            break
    if after.batch > before.batch:
        yield f"{path}.batch"
    if set(after.versions) - set(before.versions):
        yield f"{path}.versions"


def _input(path: str, before: InputRule, after: InputRule | None) -> Iterator[str]:
    if after is None:
        return  # it is refused now
    other = any(have not in (-1, want) for have, want in zip(before.shape, after.shape, strict=False))
    # Without -1 first, all rows count as one query.
    other = other or before.shape[:1] == (-1,) != after.shape[:1]
    if other or len(before.shape) != len(after.shape) or before.datatype != after.datatype:
        yield f"{path}.shape"
    if before.finite and not after.finite:
        yield f"{path}.finite"
    if before.required and not after.required:
        yield f"{path}.required"
    pairs: list[tuple[Bounds | InputRule, Bounds | InputRule]] = [(before, after)]
    pairs += [(bounds, after.columns.get(index, Bounds())) for index, bounds in before.columns.items()]
    if any(_wider(had, has) for had, has in pairs):
        yield f"{path}.bounds"


def _wider(before: Bounds | InputRule, after: Bounds | InputRule) -> bool:
    return (
        (before.min is not None and (after.min is None or after.min < before.min))
        or (before.max is not None and (after.max is None or after.max > before.max))
        or (bool(before.categories) and (not after.categories or bool(set(after.categories) - set(before.categories))))
    )


def _weaker(before: OutputRule | None, after: OutputRule | None) -> bool:
    """An output that was not named did not leave."""
    one = "suppress" if before is None else before.mode
    other = "suppress" if after is None else after.mode
    if _MODES.index(other) != _MODES.index(one):
        return _MODES.index(other) < _MODES.index(one)
    return before is not None and after is not None and one in ("round", "top1") and after.decimals > before.decimals
