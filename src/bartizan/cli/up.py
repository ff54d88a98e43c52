"""``bartizan up``: start the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bartizan.cli.output import console


def up(
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder of the workspace.")] = Path(),
    workers: Annotated[int, typer.Option(min=0, max=256, help="Gateway processes; 0: as bartizan.yaml says.")] = 0,
    port: Annotated[int, typer.Option(min=-1, max=65_535, help="Instead of bartizan.yaml's; 0: any free one.")] = -1,
    admin_port: Annotated[int, typer.Option(min=-1, max=65_535, help="Likewise, for metrics and health.")] = -1,
) -> None:
    """Start the gateway and its keeper; serve until Ctrl-C or SIGTERM."""
    from bartizan.app.serving import run_gateway
    from bartizan.workspace.workspace import Workspace

    deployment = Workspace(workspace).deployment
    listen, approvals = deployment.listen, deployment.approvals
    scheme = "https" if listen.tls_certificate else "http"

    def announce(bound: int, admin: int, asked: int) -> None:
        out = console()
        base = f"{scheme}://{_shown(listen.host)}:{bound}"
        out.print(f"gateway   {base}/v1 (OpenAI)   {base} (Anthropic)", markup=False)
        if approvals is not None:
            secure = "https" if approvals.tls_certificate else "http"
            out.print(f"approvals {secure}://{_shown(approvals.host)}:{asked}", markup=False)
        out.print(f"admin     http://{_shown(listen.admin_host)}:{admin}/metrics /healthz /readyz", markup=False)
        out.file.flush()

    run_gateway(workspace, announce, workers=workers, port=port, admin_port=admin_port)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
