"""The section ``models`` of ``policy.yaml``: what may go into and come out of models that take tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from bartizan.core.passage import Path
from bartizan.core.problem import Problem
from bartizan.core.quantity import Natural, Positive
from bartizan.core.verdict import Action, Mode

PROFILES = "profiles"
"""Folder of the workspace that holds calibrated profiles."""
_PROFILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,80}-[0-9a-f]{16}\.json")
_MAKE = "'bartizan profile make' writes one and prints its name"

Datatype = Literal[
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"
]


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one column of an input may hold."""

    min: float | None = None
    """Lowest value; none without it."""
    max: float | None = None
    """Highest value; none without it."""
    categories: tuple[float, ...] = ()
    """The only values; empty: any."""


class InputRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one input of a model must look like."""

    datatype: Datatype
    """The only one that is taken."""
    shape: tuple[int, ...]
    """Sizes of the dimensions; -1 takes any. With -1 first, each entry of the first dimension is one query."""
    min: float | None = None
    """Lowest value in it; none without it."""
    max: float | None = None
    """Highest value in it; none without it."""
    categories: tuple[float, ...] = ()
    """The only values in it; empty: any."""
    columns: dict[str, Bounds] = msgspec.field(default_factory=dict)
    """Further bounds by index in the last dimension, such as `"3"`."""
    finite: bool = True
    """Refuse NaN and infinities."""
    required: bool = True
    """A request must have it."""


class OutputRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What leaves of one output. Datatype and shape stay as they are in every mode."""

    mode: Literal["pass", "round", "top1", "label", "suppress"] = "pass"
    """`round`: to `decimals`. `top1`: of the last dimension only the highest score, rounded. `label`: 1 where it is, 0
    elsewhere. `suppress`: the output does not leave."""
    decimals: Natural = 2
    """Decimal places that `round` and `top1` keep."""


class TensorRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens when a guard of tensors fires."""

    action: Action
    """`allow` switches it off; `flag` lets pass and says so in the journal; `block` refuses."""
    mode: Mode = Mode.ENFORCE
    """In `monitor` the row only records what it would have done."""


class TensorGuards(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The guards of one model's tensors. All but the first need a `profile`, and are off without it."""

    declared: TensorRow = TensorRow(Action.BLOCK)
    """Datatype, shape, ranges, categories, NaN: what `inputs` says."""
    distribution: TensorRow = TensorRow(Action.FLAG)
    """Inputs unlike those that the profile was made from."""
    similarity: TensorRow = TensorRow(Action.FLAG)
    """Inputs that stand close to several earlier ones of the same principal: search for an adversarial example."""
    extraction: TensorRow = TensorRow(Action.FLAG)
    """A principal's queries, taken together, are not like benign ones: the model is being copied."""


class QueryBudget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows that one principal may send to one model per calendar window (UTC)."""

    rows: Positive
    """A batch of 32 counts 32."""
    window: Literal["hour", "day", "month"] = "day"
    """Calendar hour, day or month, UTC."""


class ForPrincipal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is different for one principal."""

    outputs: dict[str, OutputRule] = msgspec.field(default_factory=dict)
    """Instead of the model's, by output."""
    queries: QueryBudget | None = None
    """Instead of the model's."""


class ModelRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model that is served under the Open Inference Protocol."""

    inputs: dict[str, InputRule]
    """By name. A request with any other input is refused."""
    outputs: dict[str, OutputRule]
    """By name. Any other output of the server does not leave."""
    classes: str = ""
    """The output that tells the class of each query, as scores (the highest counts) or as a label."""
    batch: Positive = 64
    """Queries in one request."""
    versions: tuple[str, ...] = ()
    """Versions that a path may name; empty: none, the server decides."""
    profile: str = ""
    """File in `profiles/`, as `bartizan profile make` names it."""
    guards: TensorGuards = TensorGuards()
    queries: QueryBudget | None = None
    """Per principal; none without it. Rates and budgets of the key count requests beside it."""
    principals: dict[str, ForPrincipal] = msgspec.field(default_factory=dict)
    """What is different for some principals, by name."""

    def output(self, name: str, principal: str) -> OutputRule | None:
        """What leaves of an output for a principal; None if it is not declared."""
        special = self.principals.get(principal)
        if special is not None and name in special.outputs:
            return special.outputs[name]
        return self.outputs.get(name)

    def budget(self, principal: str) -> QueryBudget | None:
        """The principal's budget of queries."""
        special = self.principals.get(principal)
        return special.queries if special is not None and special.queries is not None else self.queries


def watches(rules: ModelRules) -> bool:
    """True if queries of a principal are judged together."""
    guards = rules.guards
    return bool(rules.profile) and any(row.action is not Action.ALLOW for row in (guards.similarity, guards.extraction))


def model_problems(models: Mapping[str, ModelRules]) -> Iterator[Problem]:
    """What contradicts itself in ``models``."""
    for name, rules in models.items():
        yield from _problems(("models", name), rules)


def _problems(path: Path, rules: ModelRules) -> Iterator[Problem]:
    for name, one in rules.inputs.items():
        yield from _input_problems((*path, "inputs", name), one)
    for name, output_rule in rules.outputs.items():
        yield from _output_problems((*path, "outputs", name), output_rule)
    for name, special in rules.principals.items():
        for output, output_rule in special.outputs.items():
            yield from _output_problems((*path, "principals", name, "outputs", output), output_rule)
            if output not in rules.outputs:
                yield Problem((*path, "principals", name, "outputs", output), "an output", "one named in outputs")
    if not rules.inputs:
        yield Problem((*path, "inputs"), "no input", "at least one")
    if rules.classes and rules.classes not in rules.outputs:
        yield Problem(
            (*path, "classes"), rules.classes, "the name of an output", "add it to outputs, as suppress if need be"
        )
    if rules.profile and not _PROFILE.fullmatch(rules.profile):
        yield Problem((*path, "profile"), rules.profile, "NAME-DIGEST.json", _MAKE)
    for guard in TensorGuards.__struct_fields__:
        row: TensorRow = getattr(rules.guards, guard)
        if row.action in (Action.REDACT, Action.ASK):
            yield Problem((*path, "guards", guard, "action"), row.action, "allow, flag or block")
        elif row.action is Action.BLOCK and guard != "declared" and not rules.profile:
            yield Problem((*path, "guards", guard, "action"), row.action, "a profile beside it", _MAKE)


def _output_problems(path: Path, rule: OutputRule) -> Iterator[Problem]:
    if not 0 <= rule.decimals <= 15:
        yield Problem((*path, "decimals"), f"{rule.decimals}", "a number from 0 to 15")


def _input_problems(path: Path, rule: InputRule) -> Iterator[Problem]:
    if not rule.shape or any(size != -1 and size < 1 for size in rule.shape):
        yield Problem((*path, "shape"), f"{list(rule.shape)}", "sizes from 1 on, or -1")
    bounds: Iterable[tuple[Path, Bounds | InputRule]] = [(path, rule)]
    for index, column in rule.columns.items():
        place = (*path, "columns", index)
        bounds = [*bounds, (place, column)]
        last = rule.shape[-1] if rule.shape else -1
        if not index.isascii() or not index.isdigit() or (last != -1 and int(index) >= last):
            yield Problem(place, index, "an index in the last dimension")
    for place, one in bounds:
        if one.min is not None and one.max is not None and one.min > one.max:
            yield Problem(place, "min above max", "min up to max")
        if rule.datatype == "BYTES" and (one.min is not None or one.max is not None or one.categories):
            yield Problem(place, "bounds of BYTES", "none: texts go through the text guards")
