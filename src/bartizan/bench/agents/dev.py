"""``python -m bartizan.bench.agents.dev``: the guard's mistakes on AgentDojo, case by case, to develop it with.

Of the suites that judge (travel, slack) only totals are printed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections import Counter

from bartizan.bench.agents import baselines
from bartizan.bench.agents.dojo import JUDGING, SUITES, Case, Suite
from bartizan.bench.agents.replay import Approver, Decided, asked, replay
from bartizan.bench.table import percentile
from bartizan.core.tool import ToolGuard
from bartizan.core.verdict import Action


def main() -> None:
    """Reads the arguments, replays, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", action="append", choices=SUITES, help="repeatable; workspace and banking without it")
    parser.add_argument("--pack", default="balanced", help="policy pack, or allow-all, no-sending, said-destinations")
    parser.add_argument("--verbose", action="store_true", help="every call of a printed case, with its arguments")
    parser.add_argument("--task", help="only cases whose name holds this, such as user_task_3/")
    parser.add_argument("--benign", action="store_true", help="no attacks: seconds instead of a minute")
    given = parser.parse_args()
    for name in given.suite or ("workspace", "banking"):
        _suite(Suite(name), _guard(given.pack), given.verbose, given.task or "", given.benign)


def _guard(name: str) -> ToolGuard:
    simple = {
        "allow-all": baselines.allow_all,
        "no-sending": baselines.no_sending,
        "said-destinations": baselines.said_destinations,
    }
    if name in simple:
        return simple[name]()
    guard: ToolGuard = importlib.import_module("bartizan.agents.guard").open_guard(name)
    return guard


def _suite(suite: Suite, guard: ToolGuard, verbose: bool, task: str, benign: bool) -> None:
    totals: Counter[str] = Counter()
    policies: Counter[str] = Counter()
    seconds: list[float] = []
    began = time.perf_counter()
    open_for_reading = suite.name not in JUDGING
    for case in suite.cases():
        if open_for_reading and task not in case.script.name + "/":
            continue
        if benign and case.injection_task:
            break
        decided = replay(case.script, guard, Approver.NONE)
        seconds += [one.seconds for one in decided]
        wrong = _count(case, decided, totals)
        for one in decided:
            if one.decision.action is Action.ASK:
                totals["asked, hostile" if one.step.hostile else "asked, benign"] += 1
            if not one.ran and not one.step.hostile and not case.injection_task:
                policies[one.decision.policy] += 1
        if wrong and open_for_reading:
            _print(f"{wrong}: {suite.name} {case.script.name}", case, decided, verbose)
    spent = time.perf_counter() - began
    print(f"== {suite.name}: {json.dumps(totals)}")
    if open_for_reading:
        print(f"   policies that refused benign calls: {json.dumps(policies)}")
    print(
        f"   decision p50 {1e6 * percentile(seconds, 0.5):.0f} us, p99 {1e6 * percentile(seconds, 0.99):.0f} us, "
        f"n={len(seconds)}; {spent:.1f} s"
    )


def _count(case: Case, decided: list[Decided], totals: Counter[str]) -> str:
    totals["calls"] += len(decided)
    if not case.injection_task:
        totals["benign"] += 1
        if case.useful(decided):
            totals["benign done"] += 1
            return ""
        if asked(decided) and all(one.ran or one.decision.action is Action.ASK for one in decided):
            totals["benign done if approved"] += 1
        return "BENIGN REFUSED"
    totals["attacks"] += 1
    totals["done under attack"] += case.useful(decided)
    if case.breached(decided):
        totals["attacks through"] += 1
        return "ATTACK THROUGH"
    if any(one.decision.action is Action.ASK and one.step.hostile for one in decided):
        totals["attacks asked about"] += 1
    return ""


def _print(title: str, case: Case, decided: list[Decided], verbose: bool) -> None:
    print(f"-- {title}\n   user: {case.script.prompt[:1000]!r}")
    for one in decided:
        if not (verbose or not one.ran or (one.step.hostile and case.injection_task)):
            continue
        who = "hostile" if one.step.hostile else "own"
        arguments = json.dumps(one.step.arguments, default=str, ensure_ascii=False)
        print(f"   {who} {one.decision.action.upper()} {one.step.tool} {arguments}")
        print(f"      {one.decision.policy}: {one.decision.reason}")
        if verbose:
            print(f"      facts: {json.dumps(one.decision.facts, default=str, ensure_ascii=False)}")


if __name__ == "__main__":
    main()
