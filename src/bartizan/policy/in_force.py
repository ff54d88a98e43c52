"""Policy for whoever reads a workspace itself, without a supervisor that hands it snapshots."""

from __future__ import annotations

from bartizan.policy.document import PolicyDocument
from bartizan.workspace.signed import Seal
from bartizan.workspace.workspace import POLICY, Workspace


def policy_in_force(workspace: Workspace, missing: PolicyDocument | None = None) -> PolicyDocument:
    """``policy.yaml`` as it may be acted on: where signatures are enforced only as it was signed, else as it stands.

    Args:
        workspace: whose settings, or the environment, say which.
        missing: what counts where there is none.

    Raises:
        ConfigurationError: there is none, or none that was signed.
        DocumentError: it is broken.
    """
    return Seal(workspace).load(POLICY, PolicyDocument, missing)
