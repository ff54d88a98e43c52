"""``bartizan redteam judge``: a language model's opinion on a run, with its errors counted out."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.redteam.attacker import ModelAttacker
from bartizan.redteam.judging.asking import Asking
from bartizan.redteam.judging.opinion import Opinion, calibration, opinion
from bartizan.redteam.judging.rows import Row, drawn, read_rows, rows_of, write_rows
from bartizan.redteam.results import Run
from bartizan.redteam.scope import Scope, check_authorised, load_scope
from bartizan.redteam.spending import Spending
from bartizan.redteam.taxonomy import Outcome

_SHOWN = 10


def judge(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Rows that a person labelled, JSON lines; calibrates the judge.")
    ] = None,
    sample: Annotated[
        Path | None, typer.Option("--sample", help="Write attempts to this file for a person to label; asks nobody.")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Attempts that are judged or written, by chance.")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="Of what chance draws.")] = 1,
    scope: Annotated[
        Path | None, typer.Option("--scope", help="Scope file, if it is not where the run had it.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """A model's opinion on a run, corrected by its errors on labelled rows. Exit 0: a figure; 2: inconclusive."""
    if (labels is None) is (sample is None):
        raise ConfigurationError("--labels or --sample is needed, one of them", "first a sample, then its labels")
    read = Run(run)
    asked = drawn(rows_of(read), most, seed)
    if sample is not None:
        write_rows(sample, [row for row, _ in asked])
        console().print(f"{len(asked)} attempts in {sample}: say of each whether 'hit' is true or false", markup=False)
        return
    assert labels is not None
    path = (scope or Path(read.plan.scope)).resolve()
    rules = load_scope(path)
    check_authorised(rules, utc_now().date())
    found = asyncio.run(_asked(rules, path, run, labels, asked))
    if output is Format.JSON:
        print_json("redteam-judged", msgspec.to_builtins(found))
    else:
        _print(found)
    raise typer.Exit(0 if found.corrected is not None else 2)


async def _asked(rules: Scope, path: Path, folder: Path, labels: Path, asked: list[tuple[Row, Outcome]]) -> Opinion:
    if rules.judge is None:
        raise ConfigurationError(f"{path.name} names no judge", "add 'judge' with kind, url and model")
    spending = Spending()
    spending.begin()
    limits = rules.limits
    model = ModelAttacker(rules.judge, limits, path.parent, spending, "the judge")
    name = hashlib.sha256(msgspec.json.encode(rules.judge)).hexdigest()
    asking = Asking(model, name, folder, limits.in_flight, lambda: spending.exceeded(limits))
    try:
        labelled = read_rows(labels)
        known = calibration(labelled, await asking.judge(labelled))
        verdicts = await asking.judge([row for row, _ in asked])
    finally:
        await model.close()
    return opinion(asked, verdicts, known, rules.thresholds.inconclusive)


def _print(found: Opinion) -> None:
    out = console()
    out.print(f"labelled hits called hits      {found.calibration.sensitivity}")
    out.print(f"labelled misses called misses  {found.calibration.specificity}")
    out.print(f"the judge's hits, as they are  {found.seen}")
    if found.corrected is not None:
        low, high = found.corrected.interval
        value = f"{found.corrected.value:.1%} (95% CI {100 * low:.1f}-{100 * high:.1f})"
        out.print(f"corrected by its errors        {value}, n = {found.seen.n}")
    out.print(f"hits by traces, same attempts  {found.traces}")
    for reason, n in sorted(found.reasons.items(), key=lambda each: -each[1])[:_SHOWN]:
        out.print(f"inconclusive: {n} {escape(printable(reason, 200))}")
    for name in found.only_judge[:_SHOWN]:
        out.print(f"only the judge says hit: {escape(name)}")
    if found.reason:
        out.print(f"inconclusive: {escape(found.reason)}")
