"""What every process of a deployment opens first. Imports none of the gateway's libraries, so that it costs little."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bartizan.core.errors import ConfigurationError
from bartizan.keeper.interface import Keeper
from bartizan.keeper.open import keeper_socket, open_keeper
from bartizan.trust.commitment import Committer
from bartizan.trust.keyring import KeyRing
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

if TYPE_CHECKING:
    from bartizan.telemetry.vault.writer import Vault


def committer_of(workspace: Workspace, vault: Vault | None = None) -> Committer:
    """Commitments under the workspace's keys, with a vault for texts if there is one. Raises ConfigurationError."""
    return Committer(KeyRing(workspace.state / "keys"), vault)


def vault_of(workspace: Workspace, writer: str) -> Vault | None:
    """The vault that a process writes to, if the deployment has one. It makes no file before the first text.

    Raises:
        ConfigurationError: its keys are inside the workspace.
    """
    settings = workspace.deployment.journal.vault
    if settings is None:
        return None
    from bartizan.telemetry.vault.writer import Vault  # with the library that encrypts: memory that others do without

    keys = vault_keys_of(workspace)
    recipient = None
    if keys is not None:
        from bartizan.trust.vault_keys import newest_recipient

        recipient = partial(newest_recipient, keys)
    refuse = workspace.deployment.journal.on_full == "refuse"
    return Vault(vault_folder(workspace), writer, recipient, max_bytes=settings.max_bytes, refuse=refuse)


def vault_keys_of(workspace: Workspace) -> Path | None:
    """The folder of the vault's keys. Raises ConfigurationError if it is inside the workspace that it is to protect."""
    settings = workspace.deployment.journal.vault
    if settings is None or not settings.keys:
        return None
    folder = (workspace.root / settings.keys).resolve()
    if folder.is_relative_to(workspace.root):
        raise ConfigurationError(
            f"{DEPLOYMENT}: journal.vault.keys is inside the workspace",
            "whoever can read the workspace could read the texts; keep the keys elsewhere",
        )
    return folder


def vault_folder(workspace: Workspace) -> Path:
    """Where the vault's files are."""
    return workspace.state / "vault"


def journal_of(workspace: Workspace) -> Path:
    """Where the journal's segments are."""
    return workspace.state / "journal"


def inference_socket(workspace: Workspace) -> Path:
    """Where the inference process of this machine listens."""
    return (workspace.state / "inference.sock").absolute()


def keeper_of(workspace: Workspace) -> Keeper:
    """A client of the keeper that the deployment names.

    Raises:
        ConfigurationError: its URL is malformed, its client is not installed, or its password is not there.
    """
    deployment = workspace.deployment
    password = None
    if deployment.keeper_password is not None:
        if keeper_socket(deployment.keeper, workspace.root) is not None:
            raise ConfigurationError(
                f"{DEPLOYMENT}: keeper_password is set, but a socket takes none", "remove it, or name a Valkey server"
            )
        password = workspace.secret(deployment.keeper_password, DEPLOYMENT, ("keeper_password",))
    return open_keeper(deployment.keeper, workspace.root, password=password)


def lake_of(workspace: Workspace) -> Path:
    """Where the lake is."""
    return workspace.state / "lake"
