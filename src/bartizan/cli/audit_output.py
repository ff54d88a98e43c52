"""How a result of an audit is printed for a person."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from bartizan.core.problem import printable
from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.reporting.audit_report import figure, named

_STYLES = {Outcome.WEAK: "red", Outcome.WITHSTOOD: "green", Outcome.INCONCLUSIVE: "yellow"}
_SHOWN, _ROWS = 6, 3


def print_result(one: AuditResult, out: Console) -> None:
    """The outcome with its reason, then figures, baselines, control and what it cost."""
    style = _STYLES[one.outcome]
    out.print(f"[{style}]{one.outcome}[/{style}] {escape(one.audit)}: {escape(printable(one.reason, 400))}")
    for measure in one.measures[:_SHOWN]:
        note = f"  {measure.note}" if measure.note else ""
        out.print(escape(f"  {measure.name:<28} {figure(measure)}, n = {measure.n:,}{note}"), style="dim")
    if len(one.measures) > _SHOWN:
        out.print(f"  {len(one.measures) - _SHOWN} more figures: --report or --format json", style="dim")
    for each in one.baselines:
        out.print(
            escape(f"  baseline                     {each.measure.name} {figure(each.measure)}: {each.what}"),
            style="dim",
        )
    if one.control is not None:
        said = "succeeded" if one.control.succeeded else "failed"
        shown = f"{one.control.measure.name} {figure(one.control.measure)}: {one.control.what}"
        out.print(escape(f"  positive control {said:<11} {shown}"), style="dim")
    if one.suspects:
        out.print(escape(f"  rows named                   {len(one.suspects):,}"), style="dim")
    for row in one.named[:_ROWS]:
        out.print(escape(f"                               {named(row)}"), style="dim")
    spent = f"  {one.queries:,} rows asked, {one.gradients:,} with gradients, {one.seconds:.1f} s"
    out.print(spent, style="dim")
