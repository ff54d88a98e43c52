"""``bartizan harden``: a finding becomes a tested, signed control, a detection and a regression case."""

from __future__ import annotations

import typer

from bartizan.cli.harden_impact import impact
from bartizan.cli.harden_propose import list_proposals, propose, show
from bartizan.cli.harden_ship import approve, rollback, verify

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Turn findings into tested, signed controls.")
app.command("propose")(propose)
app.command("list")(list_proposals)
app.command("show")(show)
app.command("impact")(impact)
app.command("approve")(approve)
app.command("rollback")(rollback)
app.command("verify")(verify)
