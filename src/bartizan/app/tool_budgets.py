"""Who counts tool calls for an MCP proxy or an agent: the deployment's keeper if there is one, else one of its own."""

from __future__ import annotations

from bartizan.app.places import keeper_of
from bartizan.keeper.interface import Keeper
from bartizan.keeper.ledger import Ledger
from bartizan.keeper.local import LocalKeeper
from bartizan.keeper.open import keeper_socket
from bartizan.keeper.state import KeeperState
from bartizan.store.database import open_database
from bartizan.workspace.workspace import DEPLOYMENT, Workspace


class Budgets:
    """Gives the keeper to ask now. Belongs to one event loop.

    From the moment when the deployment's keeper has been seen it alone is asked: when it goes away, calls are refused
    until it is back, or whoever stops it would lift every quarantine. Before that, and without a deployment, calls are
    counted in this process, with the quarantines that the store holds at the start.

    Args:
        workspace: may have no ``bartizan.yaml``.

    Raises:
        ConfigurationError, DocumentError, StoreError: the deployment, its keeper or its store cannot be used.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._deployed = (workspace.root / DEPLOYMENT).exists()
        self._socket = keeper_socket(workspace.deployment.keeper, workspace.root) if self._deployed else None
        self._shared: Keeper | None = None
        stopped: list[str] = []
        if self._deployed and not self._seen():
            database = open_database(workspace.deployment.store, workspace.root)
            try:
                stopped = Ledger(database).quarantined()
            finally:
                database.close()
        self._own = LocalKeeper(KeeperState(quarantined=stopped))

    def __call__(self) -> Keeper:
        """The keeper to ask now."""
        if self._shared is None and self._seen():
            self._shared = keeper_of(self._workspace)
        return self._shared or self._own

    def _seen(self) -> bool:
        return self._deployed and (self._socket is None or self._socket.exists())

    async def close(self) -> None:
        """Let go of the keeper."""
        if self._shared is not None:
            await self._shared.close()
