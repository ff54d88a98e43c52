"""``bartizan profile``: what benign inputs of a model look like, learned from one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.core.stats import Rate

if TYPE_CHECKING:
    from bartizan.inspection.tensors.calibrate import Rows
    from bartizan.inspection.tensors.profile import Profile

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Profiles of benign inputs, for models under /v2.")
ClassesOption = Annotated[
    Path | None, typer.Option("--classes", help="The model's class for each row, a whole number: a file of one column.")
]
ClientsOption = Annotated[
    Path | None, typer.Option("--clients", help="Who sent each row, a whole number: a file of one column.")
]
DataArgument = Annotated[Path, typer.Argument(metavar="DATA", help="Rows of numbers: .npy, .csv or .jsonl.")]


@app.callback()
def group() -> None:
    """Profiles of benign inputs, for models under /v2."""


@app.command("make")
def make(
    data: DataArgument,
    name: Annotated[str, typer.Option("--name", help="Of the profile; its digest is added.")],
    tensor: Annotated[str, typer.Option("--input", help="Name of the model's input that the rows are.")],
    classes: ClassesOption = None,
    clients: ClientsOption = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0.0001, max=0.2, help="Share of benign rows that each guard may flag.")
    ] = 0.005,
    streams: Annotated[
        float,
        typer.Option("--streams", min=0.0001, max=0.2, help="Share of benign principals taken for extraction."),
    ] = 0.01,
    in_order: Annotated[
        bool, typer.Option("--in-order", help="Split the rows as they stand, oldest first, instead of by chance.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the split.")] = 0,
    resamples: Annotated[
        int, typer.Option("--resamples", min=1, help="Benign streams that are drawn from rows of unknown clients.")
    ] = 200,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Learn from benign rows and write profiles/NAME-DIGEST.json. Exit 0: written; 2: too few rows, or unreadable."""
    from bartizan.inspection.tensors.calibrate import calibrate
    from bartizan.inspection.tensors.profile import dump
    from bartizan.inspection.tensors.reading import digest_of
    from bartizan.policy.models import PROFILES
    from bartizan.workspace.files import write_file
    from bartizan.workspace.workspace import Workspace

    folder = Workspace(workspace)
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > 60:
        raise ConfigurationError("the name of a profile has letters, digits, - and _", "such as --name digits")
    chance = -1 if in_order else seed
    made = utc_now().isoformat(timespec="seconds")
    profile = calibrate(
        _rows(data, classes, chance, clients), tensor, rate, streams, chance, digest_of(data), made, resamples
    )
    file, content = dump(profile, name)
    write_file(folder.path(f"{PROFILES}/{file}"), f"{PROFILES}/{file}", content, 0o644)
    if output is Format.JSON:
        print_json("profile-make", {"profile": file, **_told(profile)})
        return
    console().print(f"wrote {escape(f'{PROFILES}/{file}')}: {profile.rows:,} rows of {profile.width:,} numbers")
    _table(profile)


@app.command("try")
def try_profile(
    profile: Annotated[Path, typer.Argument(metavar="PROFILE", help="A file that 'make' wrote.")],
    data: DataArgument,
    classes: ClassesOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Judge rows, in their order, as the queries of one principal. Exit 0: no guard fires more often than it may by
    its rate; 1: one does, or the stream is taken for extraction."""
    from bartizan.inspection.tensors.profile import load
    from bartizan.inspection.tensors.trial import played
    from bartizan.workspace.files import read_bounded

    found = load(profile.name, read_bounded(profile, profile.name))
    tried = played(found, _rows(data, classes, -1))
    unlike, similar = Rate(tried.unlike, tried.n), Rate(tried.similar, tried.n)
    odd = tried.extraction or any(one.interval[0] > found.rate for one in (unlike, similar))
    if output is Format.JSON:
        print_json("profile-try", {
            "n": tried.n, "unlike": tried.unlike, "similar": tried.similar, "extraction": tried.extraction,
            "after": tried.after, "odd": bool(odd),
        })  # fmt: skip
    else:
        console().print(f"unlike benign rows: {unlike}")
        console().print(f"similar to earlier ones: {similar}")
        how = f"taken for extraction after {tried.after:,} queries, by {tried.extraction}" if tried.extraction else "no"
        console().print(f"extraction: {how}")
    raise typer.Exit(1 if odd else 0)


def _rows(data: Path, classes: Path | None, seed: int, clients: Path | None = None) -> Rows:
    from bartizan.inspection.tensors.calibrate import Rows
    from bartizan.inspection.tensors.reading import chosen, read_numbers, read_rows

    values = read_rows(data)
    told, owners = (None if path is None else read_numbers(path, len(values)) for path in (classes, clients))
    kept = chosen(len(values), seed)
    return Rows(
        values[kept],
        None if told is None else told[kept],
        None if owners is None else owners[kept],
    )


def _told(profile: Profile) -> dict[str, Any]:
    measured = [{"guard": one.guard, "count": one.count, "n": one.n} for one in profile.measured]
    return {"rows": profile.rows, "width": profile.width, "rate": profile.rate, "measured": measured}


def _table(profile: Profile) -> None:
    table = Table("guard", "asked for", "false alarms on benign rows that taught nothing")
    for one in profile.measured:
        asked = profile.watch.rate if one.guard == "extraction" else profile.rate
        of = "clients" if profile.clients else "streams drawn from these rows"
        shown = f"{Rate(one.count, one.n)}" + (f" ({of})" if one.guard == "extraction" else "")
        table.add_row(printable(one.guard), f"{asked:.2%}", shown)
    console().print(table)
