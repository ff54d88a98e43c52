"""``bartizan rules``: Sigma rules over events."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, console, describe, print_json, show_problems
from bartizan.cli.rules_bundle import bundle
from bartizan.cli.rules_convert import convert
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.detections.cases import BUILTIN, Replay, replay, run_cases
from bartizan.detections.hits import RuleFinding
from bartizan.detections.mapping import read_mapping
from bartizan.detections.running import Run, Summary, resume, save_checkpoint
from bartizan.detections.settings import EngineSettings
from bartizan.detections.sigma.collection import examine_collection, load_collection
from bartizan.detections.sigma.correlation import timespan
from bartizan.detections.sigma.model import Correlation, Detection
from bartizan.detections.sql import search

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Sigma rules: run, check, test and convert them.")


class How(StrEnum):
    """What evaluates the rules."""

    STREAM = "stream"
    SQL = "sql"


RulesArgument = Annotated[list[Path], typer.Argument(metavar="RULE...", help="Rule files, or folders of them.")]


@app.command("run")
def run(
    rules: RulesArgument,
    events: Annotated[Path, typer.Option("--events", help="Events, one JSON object a line; - for standard input.")],
    fields: Annotated[
        list[str] | None, typer.Option("--fields", help="NAME=FIELD pairs, or a file of them; may be repeated.")
    ] = None,
    lateness: Annotated[
        str, typer.Option("--lateness", help="How late an event may come, such as 0s or 5m; 'all' waits for the end.")
    ] = "all",
    suppress: Annotated[
        str, typer.Option("--suppress", help="Silence of a correlation about a group after a finding.")
    ] = "0s",
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Go on where this file says, and write it anew.")
    ] = None,
    engine: Annotated[How, typer.Option("--engine", help="The stream, or DuckDB SQL over all of the events.")] = (
        How.STREAM
    ),
    output: FormatOption = Format.TEXT,
) -> None:
    """Findings of rules on events. Exit 0: none; 1: findings; 2: error, or none but not everything could be judged."""
    settings = EngineSettings(
        lateness=None if lateness == "all" else _seconds("--lateness", lateness),
        suppress=_seconds("--suppress", suppress),
    )
    if checkpoint is not None and (settings.lateness is None or str(events) == "-"):
        raise ConfigurationError("--checkpoint needs a file and a --lateness", "such as --lateness 60s")
    if engine is How.SQL and (settings.lateness is not None or settings.suppress):
        raise ConfigurationError("SQL sees all of the events at once", "leave --lateness and --suppress out")
    collection, mapping = load_collection(rules), read_mapping(fields or ())
    work = Run(collection, settings, mapping)
    with _opened(events) as file:
        if engine is How.SQL:
            found = work.counted(search(collection, work.only_read(file), mapping))
        else:
            found = resume(work, file, checkpoint) if checkpoint is not None else work.over(file)
        shown = _show(found, output)
        if output is Format.JSON:
            shown.sort(key=lambda finding: (finding["at"], finding["lines"][-1], finding["id"]))
            print_json("rules-run", {"findings": shown, "summary": _summary(work.summary)})
        else:
            _show_summary(work.summary)
        sys.stdout.flush()
        if checkpoint is not None:
            save_checkpoint(work, file, checkpoint)
    raise typer.Exit(1 if work.summary.findings else 0 if work.summary.complete else 2)


def _seconds(option: str, written: str) -> float:
    seconds = 0 if written in {"0", "0s"} else timespan(written)
    if seconds is None:
        raise ConfigurationError(f"{option}: {printable(written, 40)!r} is no time span", "such as 0s, 30s, 5m or 1h")
    return float(seconds)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def _show(findings: Iterator[RuleFinding], output: Format) -> list[dict[str, Any]]:
    shown = []
    for finding in findings:
        if output is Format.JSON:
            shown.append(finding.plain())
        else:
            print(_line(finding))
    return shown


def _line(finding: RuleFinding) -> str:
    parts = [f"{finding.level:<13}", finding.at or "(no time)", printable(finding.rule.title, 120)]
    parts += [f"{printable(name)}={printable(str(value))}" for name, value in finding.group.items()]
    if finding.measure is not None:
        parts.append(f"{finding.measure.name}={finding.measure.value:g}")
    listed = ", ".join(printable(str(event), 80) for event in finding.events)
    more = f", and {finding.total - len(finding.events)} before" if finding.total > len(finding.events) else ""
    return "  ".join([*parts, f"events: {listed}{more}"])


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "events": summary.events,
        "findings": summary.findings,
        "complete": summary.complete,
        "unread": {"count": summary.unread.count, "examples": summary.unread.examples},
        "repeated_ids": summary.repeated_ids,
        "noisy_rules": summary.noisy,
        "counters": summary.counters,
    }


_NOTES = {
    "failed": "events could not be judged by a rule",
    "untimed": "matches without a usable time were not counted by correlations",
    "late": "matches came later than --lateness and were not counted by correlations",
    "ungrouped": "matches lack a value of group-by and were not counted by a correlation",
    "hurried": "moments were worked off early because too much was waiting",
    "suppressed": "findings were suppressed",
    "evicted_groups": "groups were dropped because too many were open",
    "evicted_hits": "matches were dropped because a window held too many",
}


def _show_summary(summary: Summary) -> None:
    print(f"{summary.findings} findings in {summary.events} events")
    if summary.unread.count:
        print(f"{summary.unread.count} lines could not be read:")
        for example in summary.unread.examples:
            print(f"  {printable(example, 300)}")
    for name, words in _NOTES.items():
        count = getattr(summary.counters, name)
        if count:
            print(f"{count} {words}")
    if summary.repeated_ids:
        print(f"{summary.repeated_ids} events repeat an id; each counted as an event of its own")
    for title in summary.noisy:
        print(f"the rule {printable(title, 120)!r} matches more than half of all events")


@app.command("check")
def check(rules: RulesArgument, output: FormatOption = Format.TEXT) -> None:
    """Read rules and say everything that is wrong. Exit 0: sound; 2: not."""
    collection, problems = examine_collection(rules)
    if not problems:
        Run(collection)
    if output is Format.JSON:
        print_json("rules-check", {"rules": len(collection.rules), "problems": [describe(one) for one in problems]})
    else:
        show_problems(problems)
        if not problems:
            console().print(f"{len(collection.rules)} rules are sound")
    raise typer.Exit(2 if problems else 0)


@app.command("list")
def list_rules(rules: RulesArgument, output: FormatOption = Format.TEXT) -> None:
    """The rules in files and folders."""
    collection = load_collection(rules)
    rows = [_row(rule, collection.reported) for rule in collection.rules]
    if output is Format.JSON:
        print_json("rules-list", {"rules": rows})
        return
    table = Table("level", "title", "kind", "source", "tags")
    for row in rows:
        table.add_row(row["level"], row["title"], row["kind"], row["source"], " ".join(row["tags"]))
    console().print(table, soft_wrap=False)


def _row(rule: Detection | Correlation, reported: frozenset[str]) -> dict[str, Any]:
    header = rule.header
    source = (
        "/".join(filter(None, (rule.source.product, rule.source.category, rule.source.service)))
        if isinstance(rule, Detection)
        else ""
    )
    return {
        "id": header.id,
        "name": header.name,
        "title": header.title,
        "level": header.level,
        "kind": rule.type.value if isinstance(rule, Correlation) else "event",
        "source": source,
        "tags": list(header.tags),
        "reported": header.key in reported,
    }


@app.command("test")
def try_rules(
    rules: Annotated[
        list[Path] | None, typer.Argument(metavar="[RULE...]", help="Rule files or folders; else the rules shipped.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Try the cases that rules carry, and ordinary days. Exit 0: all passed, no alarm; 1: not; 2: error, or no case."""
    collection = load_collection(rules or [BUILTIN])
    results = run_cases(collection)
    failed = [one for one in results if not one.passed]
    quiet = replay(collection)
    if output is Format.JSON:
        print_json("rules-test", {"cases": len(results), "failed": failed, "replay": quiet})
    else:
        for one in failed:
            console().print(f"failed: {one.kind} case {one.number} of {printable(one.rule, 120)}", markup=False)
        console().print(f"{len(results) - len(failed)} of {len(results)} cases passed")
        if quiet is not None:
            _show_replay(quiet)
    alarms = quiet is not None and bool(quiet.alarms)
    raise typer.Exit(1 if failed or alarms else 0 if results else 2)


def _show_replay(quiet: Replay) -> None:
    for title in quiet.alarms:
        console().print(f"not silent on ordinary days: {printable(title, 120)}", markup=False)
    low = sum(count for title, count in quiet.findings.items() if title not in quiet.alarms)
    console().print(
        f"{quiet.records:,} records of {quiet.days} ordinary days: {len(quiet.alarms)} rules raise an alarm, "
        f"{low} findings of level low"
    )


app.command("convert")(convert)
app.command("bundle")(bundle)
