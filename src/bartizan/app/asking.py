"""What a gateway worker asks people through, over the store that workers and the approvals listener share."""

from __future__ import annotations

from collections.abc import Callable

from bartizan.agents.approvals.held import HeldAnswerBook
from bartizan.app.approving import open_approvals
from bartizan.core.interfaces import Recorder
from bartizan.policy.document import PolicyDocument
from bartizan.store.database import open_database
from bartizan.workspace.workspace import Workspace


class Asking:
    """Approvals and the answers that wait for them.

    Args:
        workspace: with ``approvals:`` in its deployment.
        policy: the one in force.
        recorder: the journal.

    Raises:
        StoreError, ConfigurationError: the store does not answer, or is of a newer version.
    """

    def __init__(self, workspace: Workspace, policy: Callable[[], PolicyDocument], recorder: Recorder) -> None:
        self._database = open_database(workspace.deployment.store, workspace.root)
        self.approvals = open_approvals(workspace, self._database, policy, recorder)
        self.held = HeldAnswerBook(self._database)

    async def close(self) -> None:
        """Let go of the store."""
        await self.approvals.close()
        self._database.close()
