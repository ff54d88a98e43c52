"""``bartizan mcp``: a guarded proxy before MCP servers, and the pins of what they may offer."""

from __future__ import annotations

import asyncio
import getpass
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable

if TYPE_CHECKING:
    from bartizan.agents.mcp.assessment import Entry
    from bartizan.agents.mcp.proxy import Proxy
    from bartizan.agents.mcp.survey import Survey
    from bartizan.app.mcp_setting import Setting

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A guarded proxy before MCP servers.")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="File in the form of the 'mcp' section, instead of bartizan.yaml's.")
]
UrlOption = Annotated[str, typer.Option("--url", help="One streamable-HTTP server, instead of configured ones.")]
PinsOption = Annotated[Path | None, typer.Option("--pins", help="Pins file, instead of the workspace's.")]
CommandArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[-- COMMAND ARGS]", help="One server's command, likewise.")
]


@app.command("proxy")
def proxy(
    command: CommandArgument = None,
    workspace: WorkspaceOption = Path(),
    config: ConfigOption = None,
    url: UrlOption = "",
    pins: PinsOption = None,
    http: Annotated[bool, typer.Option("--http", help="Serve streamable HTTP, not standard input and output.")] = False,
    port: Annotated[int, typer.Option(min=-1, max=65_535, help="Instead of mcp.listen.port; 0: any free one.")] = -1,
) -> None:
    """Serve an MCP client what its servers offer, guarded, until it closes its end or Ctrl-C."""
    setting = _setting(workspace, config, command, url, pins)
    from bartizan.app.mcp import serve_mcp, tool_guard

    chosen = (setting.mcp.listen.port if port < 0 else port) if http else None
    try:
        asyncio.run(serve_mcp(setting, tool_guard(setting), _announce, chosen))
    except KeyboardInterrupt:
        _say("stopped")


@app.command("list")
def list_tools(
    command: CommandArgument = None,
    workspace: WorkspaceOption = Path(),
    config: ConfigOption = None,
    url: UrlOption = "",
    pins: PinsOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Ask every server what it offers and say what of it clients would see. Exit 0: all; 1: not all; 2: unreachable."""
    found = _look(_setting(workspace, config, command, url, pins))
    if output is Format.JSON:
        print_json("mcp-list", _document(found))
    else:
        _print(found)
    raise typer.Exit(_status(found))


@app.command("diff")
def diff(
    command: CommandArgument = None,
    workspace: WorkspaceOption = Path(),
    config: ConfigOption = None,
    url: UrlOption = "",
    pins: PinsOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Show how definitions and servers differ from what is pinned. Exit 0: they do not; 1: they do; 2: unreachable."""
    from bartizan.agents.mcp.changes import changes

    setting = _setting(workspace, config, command, url, pins)
    found = _look(setting)
    rows = changes(found.assessment, _pins(setting).current)
    if output is Format.JSON:
        print_json("mcp-diff", {"changes": rows, "away": found.away})
    else:
        out = console()
        for row in rows:
            out.print(
                f"{row.server}/{row.name}: {row.change}" if row.name else f"{row.server}: {row.change}", markup=False
            )
            for line in row.lines:
                style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
                out.print(escape(line), style=style)
        _print_away(found)
    raise typer.Exit(2 if found.away else 1 if rows else 0)


@app.command("pin")
def pin(
    command: CommandArgument = None,
    workspace: WorkspaceOption = Path(),
    config: ConfigOption = None,
    url: UrlOption = "",
    pins: PinsOption = None,
    tool: Annotated[list[str] | None, typer.Option("--tool", help="TOOL or SERVER/TOOL; repeat for more.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every tool of every server.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Pin it although it is suspicious.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who approves; empty: you.")] = "",
) -> None:
    """Approve definitions and servers as they are now; without --all or --tool only show them. Exit 1: not pinned."""
    from bartizan.agents.mcp.survey import chosen, pins_after

    setting = _setting(workspace, config, command, url, pins)
    found = _look(setting)
    if not everything and not tool:
        _print(found)
        _say("nothing was pinned: read the definitions ('bartizan mcp diff'), then use --all or --tool")
        raise typer.Exit(1)
    file = _pins(setting)
    entries = chosen(found.assessment.entries, tool or [])
    fresh = pins_after(found.assessment, file.current, entries, by or getpass.getuser(), accept=accept)
    for server, held in fresh.items():
        file.write(server, held)
    out = console()
    for entry in entries:
        out.print(f"pinned {entry.server}/{entry.name}  {entry.digest[:23]}…", markup=False)
    out.print(f"wrote {setting.pins}", markup=False)
    _print_away(found)
    raise typer.Exit(2 if found.away else 0)


def _setting(root: Path, config: Path | None, command: list[str] | None, url: str, pins: Path | None) -> Setting:
    if importlib.util.find_spec("mcp_types") is None:
        raise ConfigurationError("the MCP library is not installed", "pip install 'bartizan[mcp]'")
    if sum(map(bool, (config, command, url))) > 1:
        raise ConfigurationError("give one of --config, --url and a command")
    from bartizan.app.mcp_setting import mcp_setting

    return mcp_setting(root, config, command or (), url, pins)


def _pins(setting: Setting) -> Any:
    from bartizan.agents.mcp.pins import PinFile

    return PinFile(setting.pins)


def _look(setting: Setting) -> Survey:
    from bartizan.agents.mcp.survey import survey
    from bartizan.app.mcp import mcp_reader
    from bartizan.app.mcp_links import mcp_links

    current = _pins(setting).current
    looked = survey(mcp_links(setting), current, setting.policy.mcp, mcp_reader(setting), prefixed=setting.prefixed)
    return asyncio.run(looked)


def _document(found: Survey) -> dict[str, Any]:
    tools = [
        {
            "server": entry.server,
            "name": entry.name,
            "offered_as": entry.exposed,
            "state": entry.state,
            "digest": entry.digest,
            "pinned": entry.pinned,
            "reasons": entry.reasons,
        }
        for entry in found.assessment.entries
    ]
    servers = [
        {
            "server": held.server,
            "name": held.identity.name,
            "version": held.version,
            "source": held.identity.source,
            "changed": held.changed,
            "findings": [str(finding) for finding in held.findings],
        }
        for held in found.assessment.servers
    ]
    return {"servers": servers, "tools": tools, "away": found.away}


def _print(found: Survey) -> None:
    out = console()
    width = max((len(entry.exposed) for entry in found.assessment.entries), default=0)
    for held in found.assessment.servers:
        changed = f"  changed: {', '.join(held.changed)}" if held.changed else ""
        out.print(f"{held.server}  {printable(held.identity.name)} {printable(held.version)}{changed}", markup=False)
        for finding in held.findings:
            out.print(f"  its instructions: {printable(str(finding), 200)}", markup=False)
        for entry in (e for e in found.assessment.entries if e.server == held.server):
            out.print(f"  {_line(entry, width)}", markup=False)
            if entry.state not in ("offered", "new"):
                for reason in entry.reasons:
                    out.print(f"    {printable(reason, 200)}", markup=False)
            elif entry.findings:
                for finding in entry.findings:
                    out.print(f"    {printable(str(finding), 200)}", markup=False)
    _print_away(found)


def _line(entry: Entry, width: int) -> str:
    return f"{entry.exposed:<{width}}  {entry.state:<10}  {printable(entry.definition.get('description', ''), 60)}"


def _print_away(found: Survey) -> None:
    for name, why in found.away.items():
        console().print(f"{name}  not there: {printable(why, 400)}", markup=False)


def _status(found: Survey) -> int:
    if found.away:
        return 2
    return 0 if all(entry.offered for entry in found.assessment.entries) else 1


def _announce(running: Proxy, url: str) -> None:
    entries = running.shelf.now.entries
    _say(f"serving {url}" if url else f"serving standard input and output, session {running.session}")
    for name, upstream in running.upstreams.items():
        mine = [entry for entry in entries if entry.server == name]
        offered = sum(entry.offered for entry in mine)
        state = upstream.problem or f"{offered} of {len(mine)} tools offered"
        _say(f"{name}  {state}")
    waiting = sum(not entry.offered for entry in entries)
    if waiting:
        _say(f"{waiting} withheld: 'bartizan mcp list' says why, 'bartizan mcp pin' approves")


def _say(line: str) -> None:
    """To standard error: standard output belongs to the protocol."""
    print(printable(line, 500), file=sys.stderr, flush=True)
