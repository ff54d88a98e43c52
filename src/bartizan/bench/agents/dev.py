"""``python -m bartizan.bench.agents.dev``: the guard's mistakes, case by case, to develop it with.

Of suites that judge (AgentDojo's travel and slack, our held-out tasks) only totals are printed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable

from bartizan.agents.guard import open_guard
from bartizan.bench.agents import baselines, measure
from bartizan.bench.agents.dojo import JUDGING, SUITES, Suite
from bartizan.bench.agents.measure import Outcome
from bartizan.bench.agents.replay import Decided
from bartizan.bench.table import percentile
from bartizan.core.tool import ToolGuard


def main() -> None:
    """Reads the arguments, replays, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", action="append", choices=(*SUITES, "own"), help="repeatable; default: see below")
    parser.add_argument("--pack", default="balanced", help="policy pack, or allow-all, no-sending, said-destinations")
    parser.add_argument("--attacks", action="store_true", help="the adaptive attacker (own tasks, banking, workspace)")
    parser.add_argument("--family", default="", help="only families of attacks whose name holds this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--task", default="", help="only cases whose name holds this, such as user_task_3/ or crm-open-4"
    )
    parser.add_argument("--benign", action="store_true", help="no attacks")
    parser.add_argument("--verbose", action="store_true", help="every call of a printed case, with facts")
    parser.add_argument("--quiet", action="store_true", help="totals only")
    given = parser.parse_args()
    chosen = given.suite or ["own", "banking", "workspace"]
    guard = _guard(given.pack)
    suites = [Suite(name) for name in chosen if name != "own" and not (given.attacks and name in JUDGING)]
    began = time.perf_counter()
    if given.attacks:
        found = (
            one
            for target in measure.targets(suites)
            if ("own" in chosen or target.suite in chosen) and given.task in target.name + "/"
            for one in measure.attacked(target, given.seed, guard)
            if given.family in one.family
        )
    else:
        found = (
            one
            for part in (
                (one for half in (False, True) for one in measure.own(half, guard)) if "own" in chosen else (),
                *(measure.dojo([suite], lambda case: guard) for suite in suites),
            )
            for one in part
            if given.task in one.name + "/" and not (given.benign and one.family)
        )
    _report(found, given.verbose, given.quiet)
    print(f"{time.perf_counter() - began:.1f} s")


def _guard(name: str) -> ToolGuard:
    simple = {
        "allow-all": baselines.allow_all,
        "no-sending": baselines.no_sending,
        "said-destinations": baselines.said_destinations,
    }
    if name in simple:
        return simple[name]()
    return open_guard(name)


def _report(found: Iterable[Outcome], verbose: bool, quiet: bool) -> None:
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    policies: Counter[str] = Counter()
    seconds: list[float] = []
    for one in found:
        secret = one.group in JUDGING or one.heldout
        group = "own, held out" if one.heldout else one.group if one.group in SUITES else "own, open"
        _count(one, totals[f"{one.family or 'benign'} | {group}"])
        seconds += [step.seconds for step in one.decided]
        if secret:
            continue
        if not one.family:
            policies.update(step.decision.policy for step in one.decided if not step.ran)
        if not quiet and (one.breached if one.family else not one.useful):
            _print(one, verbose)
    for name in sorted(totals):
        print(f"== {name}: {json.dumps(totals[name])}")
    print(f"policies that refused benign calls: {json.dumps(policies)}")
    spread = [1e6 * percentile(seconds, share) for share in (0.5, 0.99)]
    print(f"decision p50 {spread[0]:.0f} us, p99 {spread[1]:.0f} us, n={len(seconds)}")


def _count(one: Outcome, totals: Counter[str]) -> None:
    totals["n"] += 1
    totals["calls"] += len(one.decided)
    totals["asks"] += one.asks
    if one.family:
        totals["through"] += one.breached
        totals["through if all approved"] += one.breached_approved
        totals["user's task done"] += one.useful
    else:
        totals["done"] += one.useful
        totals["done if approved"] += one.useful_approved


def _print(one: Outcome, verbose: bool) -> None:
    title = f"ATTACK THROUGH ({one.family})" if one.family else "BENIGN REFUSED"
    print(f"-- {title}: {one.group} {one.name}\n   user: {one.prompt[:1000]!r}")
    for step in one.decided:
        if verbose or (step.step.hostile if one.family else not step.ran):
            _print_step(step, verbose)


def _print_step(step: Decided, verbose: bool) -> None:
    who = "hostile" if step.step.hostile else "own"
    arguments = json.dumps(step.step.arguments, default=str, ensure_ascii=False)
    print(f"   {who} {step.decision.action.upper()} {step.step.tool} {arguments}")
    print(f"      {step.decision.policy}: {step.decision.reason}")
    if verbose:
        print(f"      facts: {json.dumps(step.decision.facts, default=str, ensure_ascii=False)}")


if __name__ == "__main__":
    main()
