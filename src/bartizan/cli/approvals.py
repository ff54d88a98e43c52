"""``bartizan approvals``: people decide about tool calls."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bartizan.agents.approvals.client import ListenerClient
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.approval import Approval
from bartizan.core.clock import rfc3339, utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.policy.document import PolicyDocument
from bartizan.trust.virtual_keys import create_key, key_digest, key_id
from bartizan.workspace.editing import approver_row, write_key
from bartizan.workspace.files import read_bounded
from bartizan.workspace.workspace import DEPLOYMENT, POLICY, Workspace

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Decide about tool calls that wait for a person.")

KEY_VARIABLE = "BARTIZAN_APPROVER_KEY"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")

Identifier = Annotated[str, typer.Argument(help="Id of the request.")]
UrlOption = Annotated[str, typer.Option("--url", help="Of the listener; without it, as bartizan.yaml says.")]
KeyOption = Annotated[
    Path | None, typer.Option("--key-file", help=f"File with the approver's key; or set {KEY_VARIABLE}.")
]
NoteOption = Annotated[str, typer.Option("--note", help="Kept with the decision.")]
DigestOption = Annotated[
    str, typer.Option("--digest", help="Of the call that you saw: decide without being asked, about nothing else.")
]


@app.command("list")
def list_approvals(
    state: Annotated[str, typer.Option("--state", help="pending, approved, denied, redeemed, expired or all.")] = (
        "pending"
    ),
    url: UrlOption = "",
    key_file: KeyOption = None,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """List the calls that wait."""
    found = _client(url, key_file, workspace).list(state)
    if output is Format.JSON:
        print_json("approvals", {"approvals": [_document(one) for one in found]})
        return
    table = Table("id", "tool", "principal", "session", "waits", "state")
    for one in found:
        waits = f"{max(0, (one.expires - utc_now()).total_seconds()):.0f} s left" if one.state == "pending" else ""
        cells = (one.id, one.tool, one.principal, one.session, waits, one.state.value)
        table.add_row(*(escape(printable(cell, 80)) for cell in cells))
    console().print(table if found else f"no requests ({printable(state)})")


@app.command("show")
def show(
    approval: Identifier,
    url: UrlOption = "",
    key_file: KeyOption = None,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Show one call in full: what it would do, for whom, and why policy asks."""
    found = _client(url, key_file, workspace).find(approval)
    if output is Format.JSON:
        print_json("approval", _document(found))
    else:
        _show(found)


@app.command("approve")
def approve(
    approval: Identifier,
    digest: DigestOption = "",
    note: NoteOption = "",
    url: UrlOption = "",
    key_file: KeyOption = None,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Let this exact call run, once."""
    _decide(approval, True, digest, note, _client(url, key_file, workspace), output)


@app.command("deny")
def deny(
    approval: Identifier,
    digest: DigestOption = "",
    note: NoteOption = "",
    url: UrlOption = "",
    key_file: KeyOption = None,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Refuse this call; the same call is not asked again until the request expires."""
    _decide(approval, False, digest, note, _client(url, key_file, workspace), output)


@app.command("enroll")
def enroll(
    name: Annotated[str, typer.Argument(help="The person who will approve.")],
    principals: Annotated[
        list[str] | None,
        typer.Option("--principal", help="Principal of the same person, whose calls they may not decide; repeatable."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Add the row to policy.yaml.")] = False,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Make an approver's key and show it once; policy.yaml keeps only its hash."""
    for one in (name, *(principals or ())):
        if _NAME.fullmatch(one) is None and not one.startswith("spiffe://"):
            raise ConfigurationError(f"{one[:64]!r} is no name", "use letters, digits, '.', '_', '@' and '-'")
    key = create_key()
    row = approver_row(name, key_digest(key), principals or ())
    if write:
        place = Workspace(workspace)
        if any(one.name.casefold() == name.casefold() for one in place.load(POLICY, PolicyDocument).approvers):
            raise ConfigurationError(f"{name} is an approver already", f"remove the row from {POLICY} first")
        write_key(place.path(POLICY), POLICY, row, "approvers")
    if output is Format.JSON:
        content = {"name": name, "key": key, "id": key_id(key_digest(key)), "sha256": key_digest(key), "written": write}
        print_json("approver", content)
        return
    out = console()
    out.print(f"approver's key for {escape(name)} (id {key_id(key_digest(key))}), shown only now:\n\n  {key}\n")
    if write:
        out.print(f"added to {escape(str(workspace / POLICY))}; a running gateway takes it within seconds")
    else:
        out.print("add to policy.yaml:\n\napprovers:\n" + "\n".join(f"  {line}" for line in row), markup=False)


def _decide(approval: str, approving: bool, digest: str, note: str, client: ListenerClient, output: Format) -> None:
    verb = "approve" if approving else "deny"
    if not digest:
        if not sys.stdin.isatty() or output is Format.JSON:
            raise ConfigurationError(
                f"there is no terminal on which to ask whether to {verb}",
                "look at it with 'bartizan approvals show ID', then name its --digest",
            )
        found = client.find(approval)
        _show(found)
        if not typer.confirm(f"\n{verb} this call?"):
            console().print("nothing was decided")
            raise typer.Exit(1)
        digest = found.digest
    decided = client.decide(approval, approve=approving, digest=digest, note=note)
    if output is Format.JSON:
        print_json("approval", _document(decided))
    else:
        console().print(
            f"{decided.state.value} {escape(printable(decided.id))} by {escape(printable(decided.decided_by))}"
        )


def _show(found: Approval) -> None:
    chain = " for ".join((found.principal, *found.on_behalf_of))
    rows = {
        "id": found.id,
        "state": found.state.value,
        "tool": found.tool,
        "principal": chain,
        "session": found.session or "(none)",
        "asked by": found.policy or "(default)",
        "reason": found.reason,
        "asked": rfc3339(found.created),
        "expires": rfc3339(found.expires),
        "digest": found.digest,
    }
    out = console()
    for name, value in rows.items():
        out.print(f"{name:<10} {printable(value, 2_000)}", markup=False)
    # ASCII escapes: what is invisible or turns the writing direction is seen as what it is.
    for title, content in (("arguments", found.arguments), ("facts", found.facts)):
        if content:
            out.print(f"\n{title}\n{json.dumps(content, indent=2, ensure_ascii=True)}", markup=False)


def _document(approval: Approval) -> dict[str, Any]:
    from bartizan.agents.approvals.listener import shown

    return shown(approval)


def _client(url: str, key_file: Path | None, workspace: Path) -> ListenerClient:
    if key_file is not None:
        content = read_bounded(key_file, f"the key file {key_file}", 4_096, private=True)
        key = content.decode("ascii", "replace").strip()
    else:
        key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key or not key.isascii():
        raise ConfigurationError("no approver's key is given", f"name it with --key-file, or set {KEY_VARIABLE}")
    return ListenerClient(url or _configured(workspace), key)


def _configured(workspace: Path) -> str:
    settings = Workspace(workspace).deployment.approvals
    if settings is None:
        raise ConfigurationError(f"{DEPLOYMENT} names no approvals listener", "add 'approvals:', or name its --url")
    scheme = "https" if settings.tls_certificate else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{settings.port}"
