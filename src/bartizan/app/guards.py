"""Guards: the detectors in force, the policy over them, and what streams must hold back for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.threat import Guard as GuardName
from bartizan.firewall.guard import Guard
from bartizan.inspection.canaries import CanaryDetector
from bartizan.inspection.hazards import HazardDetector
from bartizan.inspection.holdback import HoldBack, no_regions
from bartizan.inspection.inspector import Inspector, OnSurfaces
from bartizan.inspection.interface import Detector, Pattern
from bartizan.inspection.joint_patterns import JointPatterns
from bartizan.inspection.known_values import KnownSet, KnownValuesDetector, key_of, read_set
from bartizan.inspection.obfuscation import ObfuscationDetector
from bartizan.inspection.passages import SHORTEST, Passage, PassageDetector
from bartizan.inspection.personal_data import personal_data_detector
from bartizan.inspection.redaction import edits, redact
from bartizan.inspection.secrets import secret_detector
from bartizan.inspection.signatures import SignatureDetector, load_packs
from bartizan.policy.document import PolicyDocument
from bartizan.policy.policy import Policy
from bartizan.workspace.document import loads
from bartizan.workspace.reload import first_sound
from bartizan.workspace.workspace import POLICY, Workspace

if TYPE_CHECKING:
    from bartizan.inspection.classifier import ClassifierDetector

SIGNATURES = "signatures/"


class Detectors:
    """The detectors that are expensive to build, kept over reloads that do not change what they look for."""

    def __init__(self) -> None:
        self.personal_data = personal_data_detector()
        self.secrets = secret_detector()
        JointPatterns([self.personal_data, self.secrets])
        self._signatures: SignatureDetector | None = None
        self._read: tuple[Mapping[str, bytes], tuple[str, ...]] | None = None

    def signatures(self, packs: Mapping[str, bytes], disabled: tuple[str, ...]) -> SignatureDetector:
        """Over the shipped packs and ``packs`` (content by file name). Raises DocumentError or ConfigurationError."""
        wanted = (dict(packs), disabled)
        if self._signatures is None or self._read != wanted:
            self._signatures = SignatureDetector(load_packs(contents=packs), disabled)
            self._read = wanted
        return self._signatures


def build_guard(
    document: PolicyDocument,
    packs: Mapping[str, bytes],
    canaries: Mapping[str, str],
    kept: Detectors | None = None,
    classifier: Detector | None = None,
    known: Sequence[KnownSet] = (),
    passages: Sequence[Passage] = (),
    judges: Sequence[Detector] = (),
) -> Guard:
    """A guard over every detector that policy has a row for.

    Args:
        document: the policy.
        packs: the workspace's signature packs, content by file name.
        canaries: name to marker.
        kept: detectors of an earlier guard.
        classifier: the learned tier; None where it runs elsewhere, or not at all.
        known: sets of known values.
        passages: that answers may not repeat.
        judges: the learned tier's further detectors, likewise.

    Raises:
        DocumentError: a pack is wrong.
        ConfigurationError: policy contradicts itself, a canary is too short, or a pattern does not compile.
    """
    kept = kept or Detectors()
    policy = Policy(document)
    canary = CanaryDetector(canaries)
    hazards = HazardDetector(document.links.allow, document.links.check_plain, document.payloads)
    detectors: list[Detector] = [
        kept.signatures(packs, document.disabled_signatures),
        ObfuscationDetector(),
        kept.personal_data,
        kept.secrets,
        hazards,
    ]
    if classifier is not None:
        detectors.append(classifier)
    detectors += judges
    if canaries:
        detectors.append(canary)
    known_values = KnownValuesDetector(known)
    if known:
        detectors.append(known_values)
    streamed = policy.guards(Surface.OUTPUT)
    patterns: list[Pattern] = [
        pattern
        for detector in (kept.personal_data, kept.secrets, hazards)
        if detector.guard in streamed
        for pattern in detector.patterns
    ]
    if known and known_values.guard in streamed:
        patterns.extend(known_values.patterns)
    regions = canary.regions if canaries and GuardName.CANARY in streamed else no_regions
    if document.pseudonyms.enabled and hazards.guard not in streamed:
        patterns.extend(hazards.patterns)  # nothing is restored inside a link or tag, so both must arrive whole
    learned = (
        frozenset(s for s in classifier.surfaces if classifier.guard in policy.guards(s)) if classifier else frozenset()
    )
    if document.passages and regions is no_regions:
        regions = _whole_tokens
    inspector = Inspector(_in_force(detectors, policy))
    return Guard(inspector, policy, HoldBack(patterns, regions), learned, PassageDetector(passages))


def load_guard(root: Path) -> Guard:
    """The guard of a workspace. Raises DocumentError, ConfigurationError or ArtefactError."""
    from bartizan.workspace.signed import Seal  # the library that signs: 7.5 MB, which workers do without

    workspace = Workspace(root)
    seal = Seal(workspace)

    def build(files: Mapping[str, bytes]) -> Guard:
        there = POLICY in files
        document = loads(files[POLICY], POLICY, PolicyDocument) if there else seal.load(POLICY, PolicyDocument)
        canaries = canaries_of(workspace, document)
        known, passages = known_values_of(workspace, document, files), passages_of(workspace, document)
        classifier = _classifier(document)
        return build_guard(
            document,
            packs_of(files),
            canaries,
            classifier=classifier,
            known=known,
            passages=passages,
            judges=() if classifier is None else (classifier.harm, classifier.answers),
        )

    return first_sound(seal.choices(), build)[1]


def default_guard() -> Guard:
    """The default policy over the shipped signatures and the shipped model. Raises ArtefactError."""
    document = PolicyDocument(version=1)
    return build_guard(document, {}, {}, classifier=_classifier(document))


def _classifier(document: PolicyDocument) -> ClassifierDetector | None:
    if not document.classifier.enabled:
        return None
    from bartizan.inspection.classifier import load_classifier  # numpy and onnxruntime: 40 MB, which workers do without

    return load_classifier()


def packs_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The signature packs among a snapshot's files."""
    return {name: content for name, content in files.items() if name.startswith(SIGNATURES)}


def canaries_of(workspace: Workspace, document: PolicyDocument) -> dict[str, str]:
    """The markers that policy names. Raises ConfigurationError when one cannot be resolved."""
    return {
        canary.name: workspace.secret(canary.value, POLICY, ("canaries", number, "value"))
        for number, canary in enumerate(document.canaries)
    }


def known_values_of(
    workspace: Workspace, document: PolicyDocument, files: Mapping[str, bytes], fresh: Mapping[str, str] | None = None
) -> list[KnownSet]:
    """The sets of known values that policy names.

    Args:
        workspace: resolves their keys.
        document: the policy.
        files: the watched files, by name.
        fresh: keys that are not written yet, by the file that policy names.

    Raises:
        ConfigurationError: a file or a key is not there, or they do not belong together.
    """
    found = []
    for number, one in enumerate(document.known_values):
        if one.file not in files:
            hint = "'bartizan policy known-values' writes one into the folder known/"
            raise ConfigurationError(f"{POLICY}: there is no {one.file}", hint)
        given = (fresh or {}).get(one.key.file or "")
        key = given or workspace.secret(one.key, POLICY, ("known_values", number, "key"))
        found.append(read_set(files[one.file], one.file, key_of(key)))
    return found


def passages_of(
    workspace: Workspace, document: PolicyDocument, fresh: Mapping[str, str] | None = None
) -> list[Passage]:
    """The passages that policy declares.

    Args:
        workspace: resolves them.
        document: the policy.
        fresh: texts that are not written yet, by the file that policy names.

    Raises:
        ConfigurationError: one is not there, or has too few letters to be told from others.
    """
    found = []
    for number, one in enumerate(document.passages.declared):
        given = (fresh or {}).get(one.value.file)
        text = given or workspace.secret(one.value, POLICY, ("passages", "declared", number, "value"))
        if sum(map(str.isalnum, text)) < SHORTEST:
            raise ConfigurationError(f"the passage {one.name} has fewer than {SHORTEST} letters", "give more of it")
        found.append(Passage(one.name, text, one.statement))
    return found


def _whole_tokens(text: str) -> list[tuple[int, int]]:
    """No range of its own; that there is one says that encoded tokens have to arrive whole."""
    return []


def redactor(kept: Detectors) -> Callable[[str], str]:
    """What makes a text fit to be kept: secrets and personal data are taken out."""
    inspector = Inspector([kept.secrets, kept.personal_data])
    return lambda text: redact(text, edits(inspector.inspect(text, Surface.CONTENT)))


def _in_force(detectors: Sequence[Detector], policy: Policy) -> list[Detector]:
    found: list[Detector] = []
    for detector in detectors:
        surfaces = frozenset(s for s in detector.surfaces if detector.guard in policy.guards(s))
        if surfaces:
            found.append(OnSurfaces(detector, surfaces))
    return found
