"""A run as an assessment: what was observed at each entry point, and what weaknesses that shows."""

from __future__ import annotations

from datetime import datetime

from bartizan.core.attack import EntryPoint, Objective
from bartizan.redteam.case import Case
from bartizan.redteam.findings import findings_of
from bartizan.redteam.reports.machine import as_finding
from bartizan.redteam.reports.words import counted, untested
from bartizan.redteam.results import Run
from bartizan.redteam.statistics import Cell, table
from bartizan.reporting.oscal import Assessed, Observation, Plan, Weakness

_CONTROLS = {
    Objective.LEAK_SECRET: "BZN-RT-06",
    Objective.LEAK_SYSTEM_PROMPT: "BZN-RT-06",
    Objective.LEAK_PERSONAL_DATA: "BZN-RT-05",
    Objective.UNAUTHORISED_ACTION: "BZN-RT-20",
    Objective.EXFILTRATE: "BZN-RT-08",
    Objective.UNSAFE_OUTPUT: "BZN-RT-07",
    Objective.DENIAL_OF_WALLET: "BZN-RT-11",
}
"""The control of the catalogue for what leaves or is done; all other attacks should have been stopped on the way in."""


def control_of(point: EntryPoint, objective: Objective) -> str:
    """The control that an attack on this objective at this entry point tests."""
    inspected = "BZN-RT-01" if point is EntryPoint.CHAT else "BZN-RT-02"
    return _CONTROLS.get(objective, inspected)


def assessed(run: Run) -> Assessed:
    """The run, for formats of assessments."""
    plan = run.plan
    cases: dict[str, Case] = run.cases
    start = datetime.fromisoformat(plan.started)
    played = {trial.case for trial in run.trials}
    controls = {control_of(case.entry_point, case.objective) for case in plan.cases if case.id in played}
    (total,) = table(run, ()).cells
    return Assessed(
        key="\n".join((plan.target, plan.started, plan.trials_digest, plan.scope_sha256)),
        title=f"Red-team campaign {plan.name} against {plan.target}",
        description=f"{len(run.trials)} of {plan.trials} planned trials were played. {counted(total)}",
        tool=plan.product,
        subject=" ".join(filter(None, (plan.target, plan.target_url, plan.model))),
        start=start,
        at=start,
        plan=Plan(
            title=f"Scope file of {plan.name}",
            href=plan.scope,
            sha256=plan.scope_sha256,
            description="The rules of engagement: targets, authorisation, what must not leak, limits.",
            authorisation=f"{plan.authorised_by}: {plan.authorisation}",
        ),
        controls=tuple(controls),
        observations=(*_measured(run, total), *_left_out(run)),
        weaknesses=tuple(
            Weakness(finding=as_finding(one), control=control_of(cases[one.case].entry_point, one.objective))
            for one in findings_of(run)
        ),
    )


def _measured(run: Run, total: Cell) -> list[Observation]:
    named = [("all", "", total)]
    for cell in table(run, ("entry_point", "objective")).cells:
        point, objective = EntryPoint(cell.name[0]), Objective(cell.name[1])
        named.append((f"{point}/{objective}", control_of(point, objective), cell))
    return [
        Observation(
            key=name,
            title=f"Attack success: {name.replace('_', ' ')}",
            text=f"hit@1 {cell.first}; hit@k {cell.any}; {cell.inconclusive} trials inconclusive",
            control=control,
            facts={
                "hits": str(cell.any.successes), "n": str(cell.any.n), "inconclusive": str(cell.inconclusive),
                "interval-low": f"{cell.any.interval[0]:.6f}", "interval-high": f"{cell.any.interval[1]:.6f}",
            },
        )
        for name, control, cell in named
    ]  # fmt: skip


def _left_out(run: Run) -> list[Observation]:
    return [
        Observation(key=f"untested/{at}", title=f"Not tested: {what}", text=reason, facts={"n": number})
        for at, (what, number, reason) in enumerate(untested(run))
    ]
