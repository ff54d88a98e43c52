"""A workspace with a sealed journal whose records name texts in a vault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from journal_events import accepted
from typer.testing import CliRunner

from bartizan.app.events import sealer_of
from bartizan.app.places import committer_of, journal_of, vault_of
from bartizan.cli.main import app
from bartizan.core.errors import BartizanError
from bartizan.telemetry.journal import Journal
from bartizan.trust.signing import write_key_pair
from bartizan.trust.vault_keys import create_vault_key
from bartizan.workspace.workspace import Workspace

SECRET = "the patient takes lithium"
TEXTS = {"alice": SECRET, "bob": "what is the weather", "carol": "lone \ud800 surrogate"}


def workspace(folder: Path, extra: str = "") -> Workspace:
    """With keys outside of it; ``extra`` goes below ``journal:``."""
    root = folder / "ws"
    root.mkdir()
    write_key_pair(folder / "journal.key")
    create_vault_key(folder / "keys")
    (root / "bartizan.yaml").write_text(
        f"version: 1\njournal:\n  signing: {{key: {{file: {folder}/journal.key}}}}\n"
        f"  vault: {{keys: {folder}/keys}}\n{extra}"
    )
    return Workspace(root)


def write(place: Workspace, texts: dict[str, str], writer: str = "w1") -> None:
    """One request for each principal and text, sealed."""
    vault = vault_of(place, writer)
    assert vault is not None
    committer = committer_of(place, vault)
    journal = Journal(journal_of(place), writer, beneath=vault.sync)
    for principal, text in texts.items():
        event = accepted(f"req_{principal}")
        content = (committer.keep(text, text, sketched=True),)
        journal.append(msgspec.structs.replace(event, principal=principal, content=content))
    journal.close()
    vault.close()
    seal(place)


def seal(place: Workspace) -> None:
    """Sign where the journal stands."""
    with sealer_of(place, "seal") as sealer:
        assert sealer is not None
        sealer.seal()


def command(place: Workspace, *words: str) -> tuple[int, Any]:
    """Exit code and the JSON of ``bartizan events …``; text where there is none."""
    done = CliRunner().invoke(app, ["events", *words, "--workspace", str(place.root), "--format", "json"])
    if isinstance(done.exception, BartizanError):
        return 2, str(done.exception)  # as the command itself ends
    try:
        return done.exit_code, msgspec.json.decode(done.stdout)
    except msgspec.DecodeError:
        return done.exit_code, f"{done.output}{done.exception or ''}"
