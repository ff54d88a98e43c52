"""``bartizan registry``: a registry on loopback that hands out what policy admits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from bartizan.cli.output import WorkspaceOption, console
from bartizan.core.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Registries behind admission.")
HUB: Final = "https://huggingface.co"
_HUB_HOSTS: Final = ("*.huggingface.co", "*.hf.co")


@app.callback()
def group() -> None:
    """Registries behind admission."""


@app.command("proxy")
def proxy(
    workspace: WorkspaceOption = Path(),
    hub: Annotated[str, typer.Option("--hub", help="URL of the Hugging Face Hub; empty: none.")] = HUB,
    oci: Annotated[str, typer.Option("--oci", help="URL of an OCI registry; empty: none.")] = "",
    redirect_host: Annotated[
        list[str] | None,
        typer.Option("--redirect-host", help="host, host:port or *.domain to which a registry may redirect."),
    ] = None,
    token_env: Annotated[str, typer.Option("--token-env", help="Variable with the Hub's token.")] = "",
    oci_user_env: Annotated[str, typer.Option("--oci-user-env", help="Variable with USER:PASSWORD for it.")] = "",
    host: Annotated[str, typer.Option("--host", help="Address to listen on, of this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0: any free one.")] = 8420,
    store: Annotated[Path | None, typer.Option("--store", help="Folder for files; without it, in .bartizan/.")] = None,
    disk: Annotated[float, typer.Option("--disk", min=0.001, help="GiB that all files may take.")] = 50.0,
    largest: Annotated[float, typer.Option("--largest", min=0.001, help="GiB that one file may take.")] = 20.0,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Time limit for one download.")] = 3_600.0,
    scan_seconds: Annotated[float, typer.Option("--scan-seconds", min=0.1, help="Time limit for one scan.")] = 60.0,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes that scan; 0: one for each core.")] = 0,
) -> None:
    """Serve files of a registry that policy admits; until Ctrl-C or SIGTERM."""
    from bartizan.supplychain.budget import Limits
    from bartizan.supplychain.proxy.hosts import Hosts
    from bartizan.supplychain.proxy.interface import ProxyLimits
    from bartizan.supplychain.proxy.server import ProxySettings, run_proxy
    from bartizan.workspace.workspace import Workspace

    others = tuple(redirect_host or (_HUB_HOSTS if hub == HUB else ()))
    settings = ProxySettings(
        hub=Hosts(hub, others) if hub else None,
        hub_token=_secret(token_env),
        oci=Hosts(oci, tuple(redirect_host or ())) if oci else None,
        oci_user=_secret(oci_user_env),
        host=host,
        port=port,
        store=store,
        limits=ProxyLimits(file_bytes=int(largest * 2**30), disk_bytes=int(disk * 2**30), seconds=seconds),
        scan=Limits(seconds=scan_seconds),
        jobs=jobs or os.cpu_count() or 1,
    )
    shown = f"[{host}]" if ":" in host else host

    def announce(bound: int) -> None:
        out = console()
        if hub:
            out.print(f"hub  HF_ENDPOINT=http://{shown}:{bound}   behind it {hub}", markup=False)
        if oci:
            out.print(f"oci  {shown}:{bound} (plain HTTP)   behind it {oci}", markup=False)
        out.file.flush()

    run_proxy(Workspace(workspace), settings, announce)


def _secret(variable: str) -> str:
    if not variable:
        return ""
    value = os.environ.get(variable, "")
    if not value or not value.isprintable():
        raise ConfigurationError(f"the variable {variable} holds no token", "set it to one line of printable text")
    return value
