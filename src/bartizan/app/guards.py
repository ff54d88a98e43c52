"""Guards: the detectors in force, the policy over them, and what streams must hold back for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import Guard as GuardName
from bartizan.firewall.guard import Guard
from bartizan.inspection.canaries import CanaryDetector
from bartizan.inspection.hazards import HazardDetector
from bartizan.inspection.holdback import HoldBack, no_regions
from bartizan.inspection.inspector import Inspector
from bartizan.inspection.interface import Detector, Pattern, View
from bartizan.inspection.obfuscation import ObfuscationDetector
from bartizan.inspection.personal_data import personal_data_detector
from bartizan.inspection.redaction import edits, redact
from bartizan.inspection.secrets import secret_detector
from bartizan.inspection.signatures import Signature, SignatureDetector, load_packs
from bartizan.policy.document import PolicyDocument
from bartizan.policy.policy import Policy
from bartizan.workspace.workspace import POLICY, Workspace

SIGNATURES = "signatures"


class OnSurfaces:
    """A detector restricted to the surfaces on which policy has a row for its guard."""

    def __init__(self, detector: Detector, surfaces: frozenset[Surface]) -> None:
        self.id = detector.id
        self.guard = detector.guard
        self.surfaces = surfaces
        self._detector = detector

    def detect(self, views: Sequence[View], surface: Surface) -> Sequence[Signal]:
        """See ``Detector.detect``."""
        return self._detector.detect(views, surface)


def build_guard(document: PolicyDocument, signatures: Sequence[Signature], canaries: Mapping[str, str]) -> Guard:
    """A guard over every detector that policy has a row for.

    Args:
        document: the policy.
        signatures: of the shipped packs and the workspace's.
        canaries: name to marker.

    Raises:
        ConfigurationError: policy contradicts itself, a canary is too short, or a pattern does not compile.
    """
    policy = Policy(document)
    canary = CanaryDetector(canaries)
    hazards = HazardDetector(document.links.allow, document.links.check_plain)
    personal_data, secrets = personal_data_detector(), secret_detector()
    detectors: list[Detector] = [
        SignatureDetector(signatures, document.disabled_signatures),
        ObfuscationDetector(),
        personal_data,
        secrets,
        canary,
        hazards,
    ]
    streamed = policy.guards(Surface.OUTPUT)
    patterns: list[Pattern] = [
        pattern
        for detector in (personal_data, secrets, hazards)
        if detector.guard in streamed
        for pattern in detector.patterns
    ]
    regions = canary.regions if canaries and GuardName.CANARY in streamed else no_regions
    return Guard(Inspector(_in_force(detectors, policy)), policy, HoldBack(patterns, regions))


def load_guard(root: Path) -> Guard:
    """The guard of a workspace. Raises DocumentError or ConfigurationError."""
    workspace = Workspace(root)
    document = workspace.load(POLICY, PolicyDocument)
    return build_guard(document, load_packs(signature_files(workspace)), canaries_of(workspace, document))


def default_guard() -> Guard:
    """The default policy over the shipped signatures."""
    return build_guard(PolicyDocument(version=1), load_packs(), {})


def canaries_of(workspace: Workspace, document: PolicyDocument) -> dict[str, str]:
    """The markers that policy names. Raises ConfigurationError when one cannot be resolved."""
    return {
        canary.name: workspace.secret(canary.value, POLICY, ("canaries", number, "value"))
        for number, canary in enumerate(document.canaries)
    }


def signature_files(workspace: Workspace) -> list[Path]:
    """The workspace's own packs."""
    return sorted(workspace.path(SIGNATURES).glob("*.yaml"))


def redactor() -> Callable[[str], str]:
    """What makes a text fit to be kept: secrets and personal data are taken out."""
    inspector = Inspector([secret_detector(), personal_data_detector()])
    return lambda text: redact(text, edits(inspector.inspect(text, Surface.CONTENT)))


def _in_force(detectors: Sequence[Detector], policy: Policy) -> list[Detector]:
    found: list[Detector] = []
    for detector in detectors:
        surfaces = frozenset(s for s in detector.surfaces if detector.guard in policy.guards(s))
        if surfaces:
            found.append(OnSurfaces(detector, surfaces))
    return found
