"""``bartizan keys``: credentials for clients of the gateway, and the key that signs the journal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.policy.document import PolicyDocument
from bartizan.trust.virtual_keys import create_key, key_digest, key_id
from bartizan.workspace.editing import key_row, write_key
from bartizan.workspace.workspace import POLICY, Workspace

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Create and list the keys of clients.")

_PRINCIPAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@app.command("create")
def create(
    principal: Annotated[str, typer.Argument(help="Whom the key is for: a person, a service, a team.")],
    workspace: WorkspaceOption = Path(),
    write: Annotated[bool, typer.Option("--write", help="Add the row to policy.yaml.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="May see verdict and rule in response headers.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Make a key and show it once; policy.yaml keeps only its hash."""
    if _PRINCIPAL.fullmatch(principal) is None or principal == "anonymous":
        raise ConfigurationError(
            f"{principal[:64]!r} is no name for a principal",
            "use letters, digits, '.', '_', '@' and '-', at most 64; 'anonymous' is taken",
        )
    key = create_key()
    digest = key_digest(key)
    row = key_row(principal, digest, debug=debug)
    if write:
        place = Workspace(workspace)
        place.load(POLICY, PolicyDocument)
        write_key(place.path(POLICY), POLICY, row)
    if output is Format.JSON:
        print_json(
            "key", {"principal": principal, "key": key, "id": key_id(digest), "sha256": digest, "written": write}
        )
        return
    out = console()
    out.print(f"key for {escape(principal)} (id {key_id(digest)}), shown only now:\n")
    out.print(f"  {key}\n")
    if write:
        out.print(f"added to {escape(str(workspace / POLICY))}; a running gateway takes it within seconds")
    else:
        out.print("add to policy.yaml:\n\nkeys:")
        out.print("\n".join(f"  {line}" for line in row), markup=False)


@app.command("signing")
def signing(
    file: Annotated[Path, typer.Argument(help="Where to write the private key; FILE.pub gets the public one.")],
    output: FormatOption = Format.TEXT,
) -> None:
    """Make an Ed25519 key pair that signs the journal; keep it outside of the workspace."""
    from bartizan.trust.signing import PUBLIC_SUFFIX, write_key_pair

    key = write_key_pair(file)
    public = file.with_name(file.name + PUBLIC_SUFFIX)
    if output is Format.JSON:
        print_json("signing-key", {"id": key.public.id, "private": str(file), "public": str(public)})
        return
    out = console()
    out.print(f"key {key.public.id}")
    out.print(f"  {escape(str(file))}      private: name it in bartizan.yaml, journal.signing.key")
    out.print(f"  {escape(str(public))}  public: hand it to whoever verifies")


@app.command("vault")
def vault(
    folder: Annotated[Path, typer.Argument(help="Where the key pairs are; outside of the workspace.")],
    output: FormatOption = Format.TEXT,
) -> None:
    """Make a key pair that seals the texts of the vault from now on; older ones go on opening what they sealed."""
    from bartizan.trust.vault_keys import create_vault_key

    identifier = create_vault_key(folder)
    if output is Format.JSON:
        print_json("vault-key", {"id": identifier, "folder": str(folder)})
        return
    out = console()
    out.print(f"key {identifier}")
    out.print(f"  {escape(str(folder))}: name it in bartizan.yaml, journal.vault.keys")
    out.print("  the gateway needs the .pub files alone; keep the .key files where texts are to be read")


@app.command("list")
def list_keys(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """List the keys in policy.yaml."""
    keys = Workspace(workspace).load(POLICY, PolicyDocument).keys
    if output is Format.JSON:
        rows = [
            {"principal": k.principal, "id": key_id(k.sha256), "debug": k.debug, "disabled": k.disabled} for k in keys
        ]
        print_json("keys", {"keys": rows})
        return
    table = Table("principal", "id", "debug", "disabled", "models")
    for key in keys:
        shown = (printable(text) for text in (key.principal, key_id(key.sha256), ", ".join(key.models) or "all"))
        principal, identifier, models = map(escape, shown)
        table.add_row(principal, identifier, _yes(key.debug), _yes(key.disabled), models)
    console().print(table if keys else "no keys; make one with: bartizan keys create NAME --write")


def _yes(value: bool) -> str:
    return "yes" if value else ""
