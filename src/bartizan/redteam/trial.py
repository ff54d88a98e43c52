"""One trial: a case, a chain of converters, a strategy, a seed. Which trials there are, and which there cannot be."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from bartizan.core.problem import quote
from bartizan.redteam.case import Case, Planted, fill
from bartizan.redteam.converters.registry import Chain
from bartizan.redteam.errors import ScopeError
from bartizan.redteam.interface import Converter, Strategy
from bartizan.redteam.knowledge import Knowledge
from bartizan.redteam.scope import Plan
from bartizan.redteam.taxonomy import EntryPoint, Objective


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run once."""

    id: str
    case: Case
    """With slots."""
    converters: tuple[str, ...]
    strategy: str
    repeat: int
    seed: int

    @property
    def cell(self) -> tuple[str, str]:
        """Entry point and technique."""
        return self.case.entry_point.value, self.case.technique


class Untested(msgspec.Struct, frozen=True, kw_only=True):
    """A case that is left out, and why."""

    case: str
    title: str
    entry_point: EntryPoint
    technique: str
    reason: str


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """The trials of a campaign in the order in which they start, and what is left out."""

    trials: tuple[Trial, ...]
    untested: tuple[Untested, ...]


def plan_trials(
    plan: Plan,
    cases: Sequence[Case],
    entry_points: frozenset[EntryPoint],
    known: Knowledge,
    converters: Mapping[str, Converter],
    strategies: Mapping[str, Strategy],
    *,
    attacker: bool,
    able: frozenset[Objective] = frozenset(Objective),
) -> Planned:
    """Every case the plan asks for and the target can be attacked with, times chains, strategies and repeats.

    The order is drawn from the seed, so that a campaign that ends early has seen some of everything. Cases whose
    objective is not in ``able`` are left out: the target would miss them whatever stands before it.

    Raises:
        ScopeError: the plan names a case, converter or strategy that does not exist, or a strategy that needs the
            attacker model, where ``attacker`` says that there is none.
        ConverterError: a chain is too long.
    """
    chains = [tuple(filter(None, chain.split("+"))) for chain in plan.converters]
    _must_exist("converter", (name for chain in chains for name in chain), converters)
    for chain in chains:
        Chain(tuple(converters[name] for name in chain))
    _must_exist("strategy", plan.strategies, strategies)
    for name in plan.strategies:
        if strategies[name].needs_attacker and not attacker:
            raise ScopeError(f"{name} needs an attacker model", "name one under `attacker` in the scope file")
    _must_exist("case", plan.ids, {case.id for case in cases})
    trials: list[Trial] = []
    untested: list[Untested] = []
    for case in cases:
        _must_exist("converter", case.converters, converters)
        for chain in chains if case.converters else ():
            Chain(tuple(converters[name] for name in (*case.converters, *chain)))
        reason = _left_out(case, plan, entry_points, known)
        if not reason and case.objective not in able:
            reason = f"an agent without a model cannot be led to: {case.objective}"
        if reason:
            untested.append(
                Untested(
                    case=case.id,
                    title=case.title,
                    entry_point=case.entry_point,
                    technique=case.technique,
                    reason=reason,
                )
            )
            continue
        trials += (
            _trial(case, chain, strategy, repeat, plan.seed)
            for chain in chains
            for strategy in plan.strategies
            for repeat in range(plan.repeats)
        )
    random.Random(plan.seed).shuffle(trials)  # noqa: S311 - an order, no secret
    return Planned(trials=tuple(trials), untested=tuple(untested))


def filled(case: Case, slots: Mapping[str, str]) -> Case:
    """``case`` with its slots filled; oracles keep theirs, which are filled when they judge."""
    planted = tuple(
        Planted(content=fill(one.content, slots), title=fill(one.title, slots), form=one.form) for one in case.planted
    )
    return msgspec.structs.replace(case, turns=tuple(fill(text, slots) for text in case.turns), planted=planted)


def chained(chain: Sequence[str], converters: Mapping[str, Converter], seed: int) -> Callable[[str], str]:
    """The composition of a chain, first converter first."""

    return partial(Chain(tuple(converters[name] for name in chain)).convert, seed=seed)


def digest(*parts: object) -> str:
    """Twelve hexadecimal digits that name ``parts``."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:12]


def _trial(case: Case, chain: tuple[str, ...], strategy: str, repeat: int, seed: int) -> Trial:
    chain = (*case.converters, *chain)
    name = digest(case.id, "+".join(chain), strategy, repeat, seed)
    return Trial(
        id=name, case=case, converters=chain, strategy=strategy, repeat=repeat, seed=int(name, 16) % (2**31 - 1)
    )


def _left_out(case: Case, plan: Plan, entry_points: frozenset[EntryPoint], known: Knowledge) -> str:
    chosen = {
        "id": (plan.ids, case.id),
        "entry point": (plan.entry_points, case.entry_point),
        "objective": (plan.objectives, case.objective),
        "technique": (plan.techniques, case.technique),
        "language": (plan.languages, case.language),
    }
    for name, (wanted, value) in chosen.items():
        if wanted and value not in wanted:
            return f"the plan leaves out this {name}"
    if case.entry_point not in entry_points:
        return f"the target has no entry point {case.entry_point}"
    missing = case.slots() - set(known.slots(case.objective, 0, 0))
    if missing:
        return f"the scope file says nothing about: {', '.join(sorted(missing))}"
    if not any(_can_judge(spec.kind, bool(spec.value), known) for spec in case.oracles):
        return "the scope file does not say what success would show"
    return ""


def _can_judge(kind: str, named: bool, known: Knowledge) -> bool:
    """Whether the oracle has something to look for; one that has nothing would call every attempt a miss."""
    needs = {
        "secret": bool(known.secrets),
        "system_prompt": named or bool(known.system_prompt),
        "personal_data": bool(known.people),
        "tool_call": named or bool(known.forbidden_tools),
        "url": named or bool(known.hosts),
    }
    return needs.get(kind, True)


def _must_exist(kind: str, names: Iterator[str] | Sequence[str], known: Mapping[str, object] | set[str]) -> None:
    for name in names:
        if name not in known:
            raise ScopeError(f"the plan asks for the {kind} {quote(name)}, which does not exist")
