"""The learner's admission policy, for the range's grader."""

from __future__ import annotations

from pathlib import Path

from bartizan.core.artefact import Admission
from bartizan.policy.document import PolicyDocument
from bartizan.supplychain.admission.facts import Evidence
from bartizan.supplychain.admission.gate import AdmissionGate
from bartizan.supplychain.admission.pack import AdmissionPack
from bartizan.supplychain.scanning import ArtefactScanner
from bartizan.workspace.register import Register
from bartizan.workspace.waiver import Waivers
from bartizan.workspace.workspace import POLICY, REGISTER, WAIVERS, Workspace


class LabAdmission:
    """Policy, register and waivers of a workspace, asked about files that lie in another folder as if in this one.

    What happens while grading is no event of the deployment.

    Args:
        root: of the workspace.

    Raises:
        ConfigurationError: one of its files is not what it should be.
    """

    def __init__(self, root: Path) -> None:
        workspace = Workspace(root)
        self._policy = workspace.load(POLICY, PolicyDocument).artefacts
        self._register: Register = workspace.load(REGISTER, Register) if workspace.path(REGISTER).exists() else ()
        self._waivers: Waivers = workspace.load(WAIVERS, Waivers) if workspace.path(WAIVERS).exists() else ()
        self._pack = AdmissionPack.named(self._policy.pack, workspace)
        self._scanner = ArtefactScanner()

    def __call__(self, root: Path, path: Path) -> bool:
        """Whether the file at ``path`` is admitted, with registered paths relative to ``root``."""
        evidence = Evidence(root, self._policy, self._register, self._waivers)
        return AdmissionGate(self._scanner, self._pack, evidence).decide(path).admission is Admission.ALLOW
