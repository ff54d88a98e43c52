"""Which audits of a run go side by side, one core each, and which have all the workers to themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from bartizan.reporting.audit import AuditResult
from bartizan.robustness import runner
from bartizan.robustness.engines import elsewhere
from bartizan.robustness.errors import NotApplicableError
from bartizan.robustness.interface import Audit, AuditContext

Said: TypeAlias = AuditResult | NotApplicableError
"""What an audit found, or why it does not fit."""


def results(
    context: AuditContext, selected: Sequence[Audit], budget: float, progress: Callable[[str], None]
) -> Iterator[tuple[Audit, Said]]:
    """Each audit with what it said, as they end.

    Those that train over all workers, or use what others of the run made, run one after the other. The rest run in
    processes, the longest first, each with one worker. A model without a digest may be a server: it is asked by one
    process alone. So is one that cannot travel to another process.

    Raises:
        UnusableDataError: rows that no audit can use.
    """
    runner.check(context)
    beside = [audit for audit in selected if not audit.spreads]
    workers = min(context.effort.workers, _cores(), len(beside))
    if workers < 2 or not _travels(context):
        beside = []
    for audit in selected:
        if audit not in beside:
            progress(audit.id)
            yield audit, said(context, audit, budget)
    if beside:
        yield from _side_by_side(context, sorted(beside, key=lambda audit: -audit.lasts), budget, workers, progress)


def said(context: AuditContext, audit: Audit, budget: float) -> Said:
    """What one audit says; errors of models and data are results."""
    try:
        return runner.result(audit, context, budget)
    except NotApplicableError as error:
        return error


def _side_by_side(
    context: AuditContext, selected: Sequence[Audit], budget: float, workers: int, progress: Callable[[str], None]
) -> Iterator[tuple[Audit, Said]]:
    from joblib import Parallel, delayed, parallel_config

    alone = replace(context, effort=replace(context.effort, workers=1), shared={})
    waiting = [audit.id for audit in selected]
    progress(", ".join(waiting))
    with parallel_config("loky", inner_max_num_threads=1):
        found = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1, pre_dispatch=workers)(
            delayed(_numbered)(alone, number, selected[number].id, budget) for number in range(len(selected))
        )
        for number, one in found:
            waiting.remove(selected[number].id)
            progress(", ".join(waiting))
            yield selected[number], one


def _numbered(context: AuditContext, number: int, audit: str, budget: float) -> tuple[int, Said]:
    return number, said(context, runner.known()[audit], budget)


def _travels(context: AuditContext) -> bool:
    from joblib import hash as travelled

    if not context.model.digest or elsewhere():
        return False
    try:
        travelled((context.model, context.trainer, context.weak))
    except Exception:  # whatever objects of the caller raise where they cannot be copied
        return False
    return True


def _cores() -> int:
    from joblib import cpu_count

    return int(cpu_count())
