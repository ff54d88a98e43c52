"""The learner's admission policy, for the range's grader."""

from __future__ import annotations

from pathlib import Path

from bartizan.core.artefact import Admission
from bartizan.supplychain.admission.gate import AdmissionGate, rules_of, scanner_of
from bartizan.workspace.workspace import Workspace


class LabAdmission:
    """Policy, register and waivers of a workspace, asked about files that lie in another folder as if in this one.

    What happens while grading is no event of the deployment.

    Args:
        root: of the workspace.

    Raises:
        ConfigurationError: one of its files is not what it should be.
    """

    def __init__(self, root: Path) -> None:
        self._workspace = Workspace(root)
        self._scanner = scanner_of(self._workspace)
        rules_of(self._workspace)

    def __call__(self, root: Path, path: Path) -> bool:
        """Whether the file at ``path`` is admitted, with registered paths relative to ``root``."""
        pack, evidence = rules_of(self._workspace, root)
        return AdmissionGate(self._scanner, pack, evidence).decide(path).admission is Admission.ALLOW
