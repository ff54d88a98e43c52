"""What every process of a deployment opens first. Imports none of the gateway's libraries, so that it costs little."""

from __future__ import annotations

from pathlib import Path

from bartizan.core.errors import ConfigurationError
from bartizan.keeper.interface import Keeper
from bartizan.keeper.open import keeper_socket, open_keeper
from bartizan.trust.commitment import Committer
from bartizan.trust.keyring import KeyRing
from bartizan.workspace.workspace import DEPLOYMENT, Workspace


def committer_of(workspace: Workspace) -> Committer:
    """Commitments under the workspace's keys. Raises ConfigurationError."""
    return Committer(KeyRing(workspace.state / "keys"))


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
