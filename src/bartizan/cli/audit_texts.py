"""``bartizan audit texts``: how far rewording and misspelling take a text past a classifier."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from bartizan.bench.labelled import read
from bartizan.bench.robustness.text_evasion import guard_score
from bartizan.cli.audit_output import print_result
from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.passage import Surface
from bartizan.reporting.audit import Outcome
from bartizan.robustness.evasion.text_audit import TextAttack, audit_texts
from bartizan.robustness.text_models import load_text_model


def texts(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="guard (our own detector of prompt injection) or python:module:function: a fitted classifier of "
            "scikit-learn that takes texts, or a function from a text to a score.",
        ),
    ],
    data: Annotated[
        list[Path],
        typer.Option("--data", help="JSONL of text and label, 1 for what the classifier should see; repeatable."),
    ],
    most: Annotated[int, typer.Option("--most", min=10, help="Rows of each file, spread over it.")] = 200,
    share: Annotated[float, typer.Option("--share", min=0.01, max=1.0, help="Of the words that may be changed.")] = 0.3,
    queries: Annotated[int, typer.Option("--queries", min=2, help="Questions for one text.")] = 200,
    below: Annotated[
        float, typer.Option("--below", min=0.0, max=1.0, help="Score under which a text is past the classifier.")
    ] = 0.5,
    mark: Annotated[float, typer.Option("--mark", min=0.0, max=1.0, help="Share evaded from which it is weak.")] = 0.5,
    longest: Annotated[int, typer.Option("--longest", min=1, help="Characters of texts that are attacked.")] = 1_500,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="No level of attack begins later.")] = 600.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the changes.")] = 0,
    output: FormatOption = Format.TEXT,
) -> None:
    """Attack a text classifier by words and by letters. Exit 0: it withstood; 1: weak; 2: inconclusive, or error."""
    rows, _ = read(data, Surface.USER, most)
    score = guard_score() if model == "guard" else load_text_model(model)
    short = [one for one in rows if len(one.text) <= longest]
    attack = TextAttack([one.text for one in short if one.attack], below, share, queries, seed)
    harmless = [one.text for one in short if not one.attack]
    found = audit_texts(score, attack, harmless, mark, time.monotonic() + seconds)
    if output is Format.JSON:
        print_json("audit-texts", {"model": model, "result": found})
    else:
        print_result(found, console())
    raise typer.Exit({Outcome.WEAK: 1, Outcome.INCONCLUSIVE: 2}.get(found.outcome, 0))
