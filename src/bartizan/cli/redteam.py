"""``bartizan redteam``: campaigns against applications and agents."""

from __future__ import annotations

import typer

from bartizan.cli.redteam_cases import list_cases
from bartizan.cli.redteam_converters import list_converters
from bartizan.cli.redteam_gcg import gcg
from bartizan.cli.redteam_import import import_cases
from bartizan.cli.redteam_judge import judge
from bartizan.cli.redteam_results import compare_runs, list_findings, replay_finding, report
from bartizan.cli.redteam_run import plan, run
from bartizan.cli.redteam_seen import seen
from bartizan.cli.redteam_tools import tool_server

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Campaigns against applications and agents.")
app.command("plan")(plan)
app.command("run")(run)
app.command("findings")(list_findings)
app.command("replay")(replay_finding)
app.command("report")(report)
app.command("compare")(compare_runs)
app.command("judge")(judge)
app.command("seen")(seen)
app.command("cases")(list_cases)
app.command("import")(import_cases)
app.command("gcg")(gcg)
app.command("converters")(list_converters)
app.command("tool-server")(tool_server)


@app.callback()
def redteam() -> None:
    """Campaigns against applications and agents."""
