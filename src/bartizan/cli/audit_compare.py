"""``bartizan audit compare``: two saved audits side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.reporting.audit import ModelAudit
from bartizan.reporting.audit_report import figure
from bartizan.robustness.comparison import Change
from bartizan.robustness.comparison import compare as compared

_LIMIT = 256 << 20
_STYLES = {Change.BETTER: "green", Change.WORSE: "red", Change.SAME: "dim", Change.UNKNOWN: "yellow"}


class _Saved(msgspec.Struct):
    schema: str
    audit: ModelAudit


def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="What audit run --save wrote.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The same, later or of the other model.")],
    output: FormatOption = Format.TEXT,
) -> None:
    """Say which figures got better or worse. Exit 0: none worse; 1: some worse; 2: nothing comparable, or error."""
    one, other = _read(before), _read(after)
    rows = compared(one, other)
    if output is Format.JSON:
        print_json("audit-compare", {"before": one.model_digest, "after": other.model_digest, "rows": rows})
    else:
        out = console()
        for row in rows:
            style = _STYLES[row.change]
            shown = f"{figure(row.before)} → {figure(row.after)}"
            if row.difference is not None:
                low, high = row.difference
                shown += f"; difference {100 * low:+.1f} to {100 * high:+.1f} points"
            out.print(f"[{style}]{row.change:<20}[/{style}] {escape(f'{row.audit} {row.measure}: {shown}')}")
        if one.data_digest != other.data_digest:
            out.print("The two audits used other data: differences may come from that.", style="yellow")
    changes = {row.change for row in rows}
    raise typer.Exit(1 if Change.WORSE in changes else 0 if changes & {Change.BETTER, Change.SAME} else 2)


def _read(path: Path) -> ModelAudit:
    shown = printable(str(path), 300)
    try:
        if path.stat().st_size > _LIMIT:
            raise ConfigurationError(f"{shown} is larger than {_LIMIT >> 20} MiB")
        found = msgspec.json.decode(path.read_bytes(), type=_Saved)
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise ConfigurationError(f"{shown} is no saved audit: {printable(str(error), 200)}") from None
    if found.schema != "bartizan/audit/v1":
        raise ConfigurationError(f"{shown} is {printable(found.schema, 80)}, not bartizan/audit/v1")
    return found.audit
