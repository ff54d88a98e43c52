"""What the hardening room needs of the others: the guards of a workspace as it would be."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from bartizan.app.checking import check_workspace
from bartizan.app.guards import Detectors, build_guard, canaries_of, known_values_of, packs_of, passages_of
from bartizan.app.tool_guards import guard_of
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.core.verdict import Mode
from bartizan.hardening.approving import approve, rollback
from bartizan.hardening.book import Book, Covered, Proposal
from bartizan.hardening.change import diff
from bartizan.hardening.declared import Declared
from bartizan.hardening.findings import RedTeamFinding
from bartizan.hardening.impact import Impact, Traffic, impact
from bartizan.hardening.loop import Loop, Result
from bartizan.hardening.record import ControlRecord, read_records
from bartizan.hardening.reverify import Held, bereft, keep, reverify
from bartizan.hardening.shipping import alone
from bartizan.hardening.stack import Stack
from bartizan.hardening.trial import Court
from bartizan.inspection.interface import ManySurfacesDetector, View
from bartizan.policy.document import PolicyDocument
from bartizan.trust.signing import TrustedKeys, read_public_key
from bartizan.workspace.document import loads
from bartizan.workspace.files import write_file
from bartizan.workspace.scaffold import write_workspace
from bartizan.workspace.signed import Seal, content_digest, next_version, sign, signing_key
from bartizan.workspace.snapshot import SIGNED, read_files
from bartizan.workspace.workspace import POLICY, STATE, Workspace

_MOST_REMEMBERED: Final = 60_000


class Remembering:
    """A detector that answers a question it was asked before from memory: no candidate changes the trained model."""

    def __init__(self, detector: ManySurfacesDetector) -> None:
        self.id, self.guard, self.surfaces = detector.id, detector.guard, detector.surfaces
        self._detector = detector
        self._known: dict[tuple[str, tuple[Surface, ...]], Sequence[Sequence[Signal]]] = {}

    def detect(self, views: Sequence[View], surface: Surface) -> Sequence[Signal]:
        """See ``Detector.detect``; all views follow from the first."""
        return self.detect_on(views, (surface,))[0]

    def detect_on(self, views: Sequence[View], surfaces: Sequence[Surface]) -> Sequence[Sequence[Signal]]:
        """See ``ManySurfacesDetector.detect_on``: a text that may be request and material is not read as each alone."""
        key = (views[0].text, tuple(surfaces))
        known = self._known.get(key)
        if known is None:
            known = self._detector.detect_on(views, surfaces)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[key] = known
        return known


class Workbench:
    """Builds the guards of one workspace, changed or not, with the expensive detectors kept.

    Args:
        root: the workspace.
        learned: makes the trained model, if policy wants it.
    """

    def __init__(self, root: Path, learned: Callable[[], ManySurfacesDetector] | None = None) -> None:
        self.workspace = Workspace(root)
        self._kept = Detectors()
        self._make = learned
        self._learned: Remembering | None = None

    def stack(self, files: Mapping[str, bytes], secrets: Mapping[str, str]) -> Stack:
        """The guards over ``files``; ``secrets`` are values by file below the state directory, not written yet.

        Raises:
            DocumentError: policy or a pack is wrong.
            ConfigurationError: they contradict each other, or a secret is missing.
        """
        policy = loads(files.get(POLICY, b"version: 1\n"), POLICY, PolicyDocument)
        packs = packs_of(files)
        fresh = {f"{STATE}/{name}": value for name, value in secrets.items()}
        known = known_values_of(self.workspace, policy, files, fresh)
        canaries, learned = self._canaries(policy, secrets), self._classifier(policy)
        guard = build_guard(
            policy, packs, canaries, self._kept, learned, known, passages_of(self.workspace, policy, fresh)
        )
        if policy.tools.guard == "none" or policy.mode is Mode.MONITOR:
            return Stack(guard, None)
        signatures = self._kept.signatures(packs, policy.disabled_signatures)
        return Stack(guard, guard_of(policy, signatures))

    def court(self, before: Stack, seed: int, hosts: Sequence[str], known: tuple[str, ...] = ()) -> Court:
        """Where candidates are tried; harmless answers link to the hosts that policy allows and to ``hosts``."""
        allowed = dict.fromkeys([*before.guard.policy.document.links.allow, *hosts])
        return Court(before, self.stack, seed, tuple(allowed), known)

    def check(self, files: Mapping[str, bytes]) -> None:
        """Return if a person could sign ``files``, as ``bartizan policy sign`` would see them.

        Raises:
            ConfigurationError: the first of what is wrong.
        """
        for problem in check_workspace(self.workspace.root, files=files).problems:
            raise ConfigurationError(f"the workspace would not be sound: {problem.cause}", problem.hint)

    def _canaries(self, policy: PolicyDocument, secrets: Mapping[str, str]) -> dict[str, str]:
        values = {f"{STATE}/{name}": value for name, value in secrets.items()}
        fresh = {one.name: values[one.value.file] for one in policy.canaries if one.value.file in values}
        known = tuple(one for one in policy.canaries if one.name not in fresh)
        found: dict[str, str] = {}
        for number, canary in enumerate(known):
            found.update(canaries_of(self.workspace, _only(policy, number, canary.name)))
        return {**found, **fresh}

    def _classifier(self, policy: PolicyDocument) -> Remembering | None:
        if not policy.classifier.enabled:
            return None
        if self._learned is None:
            from bartizan.inspection.classifier import load_classifier  # numpy and onnxruntime: 40 MB

            self._learned = Remembering((self._make or load_classifier)())
        return self._learned


def _only(policy: PolicyDocument, number: int, name: str) -> PolicyDocument:
    found = next((one for one in policy.canaries if one.name == name), None)
    if found is None:
        raise ConfigurationError(f"policy.yaml: canary number {number + 1} has no value")
    return replace(policy, canaries=(found,))


def harden(
    root: Path,
    findings: Sequence[RedTeamFinding],
    *,
    seed: int,
    hosts: tuple[str, ...] = (),
    declared: Declared = Declared(),
    tell: Callable[[RedTeamFinding, str], None] = lambda finding, what: None,
    learned: Callable[[], ManySurfacesDetector] | None = None,
) -> list[Result]:
    """Make and try candidates for a workspace, and keep them as proposals in its state.

    Args:
        root: the workspace.
        findings: of a campaign.
        seed: chooses variants.
        hosts: to which the application's answers link, besides those that policy allows.
        declared: what the operator says of the application; values of customers are kept as digests, and in clear in
            the proposals' variants.
        tell: called before each step.
        learned: makes the trained model, by default the shipped one.

    Raises:
        DocumentError: a workspace file is wrong.
        ConfigurationError: something is missing, or the proposals cannot be written.
    """
    bench = Workbench(root, learned)
    files = read_files(bench.workspace.root)
    before = bench.stack(files, {})
    court = bench.court(before, seed, hosts, declared.values)
    results = Loop(files, before, court, seed, hosts, declared).run(findings, tell)
    book = Book(bench.workspace.state)
    for proposal in _proposals(results, files, seed, hosts, declared.values):
        book.keep(proposal)
    return results


def _proposals(
    results: Sequence[Result], files: Mapping[str, bytes], seed: int, hosts: tuple[str, ...], values: tuple[str, ...]
) -> list[Proposal]:
    """One for each candidate that could be tried, from its first trial; later findings that it stops too are added."""
    out: dict[str, Proposal] = {}
    for result in results:
        for tried in (one for one in result.tried if one.trial is not None):
            known = out.get(tried.candidate.id)
            exchange = result.finding.exchange
            if known is None:
                out[tried.candidate.id] = Proposal(
                    finding=result.finding,
                    exchange=exchange,
                    tried=tried,
                    diff=diff(files, tried.candidate.change.apply(files)),
                    base=content_digest(files),
                    seed=seed,
                    hosts=hosts,
                    known=values,
                    proposed_at=utc_now(),
                )
            elif tried is result.accepted and tried.trial is not None:
                covered = Covered(finding=result.finding, exchange=exchange, trial=tried.trial)
                out[tried.candidate.id] = replace(known, covers=(*known.covers, covered))
    return list(out.values())


def impact_of(
    root: Path,
    identifier: str,
    rows: Sequence[Traffic],
    learned: Callable[[], ManySurfacesDetector] | None = None,
) -> Impact:
    """What a proposed candidate would do to ``rows``, in the workspace as it is now. Raises as `harden`."""
    bench = Workbench(root, learned)
    files = read_files(bench.workspace.root)
    candidate = Book(bench.workspace.state).read(identifier).tried.candidate
    return impact(bench.stack(files, {}), bench.stack(candidate.change.apply(files), candidate.secrets), rows)


def approve_candidate(
    root: Path, identifier: str, key: Path, by: str, *, enforce: bool, known: tuple[str, ...] = ()
) -> ControlRecord:
    """Put an accepted candidate into a workspace. Raises as `hardening.approving.approve`.

    ``known`` are values of customers for a trial that has to be held again because the workspace has changed; without
    any, those of the proposal.
    """
    bench = Workbench(root)
    signer = signing_key(key, bench.workspace)

    def retry(proposal: Proposal, files: Mapping[str, bytes]) -> Proposal:
        values = known or proposal.known
        court, tried = bench.court(bench.stack(files, {}), proposal.seed, proposal.hosts, values), proposal.tried
        trial = court.try_out(proposal.finding, tried.candidate, files)
        covers = (replace(one, trial=court.try_out(one.finding, tried.candidate, files)) for one in proposal.covers)
        return replace(proposal, tried=replace(tried, trial=trial), covers=tuple(covers))

    proposal = Book(bench.workspace.state).read(identifier)
    return approve(
        bench.workspace, proposal, signer, by, enforce=enforce, stack_of=bench.stack, sound=bench.check, retry=retry
    )


def roll_back(root: Path, identifier: str, key: Path, by: str) -> int:
    """Take a control back; returns the new signed version. Raises as `hardening.approving.rollback`."""
    bench = Workbench(root)
    signer = signing_key(key, bench.workspace)
    return rollback(bench.workspace, identifier, signer, by, stack_of=bench.stack, sound=bench.check)


def verify_controls(
    root: Path, keys: Sequence[Path], learned: Callable[[], ManySurfacesDetector] | None = None
) -> list[Held]:
    """Run the regression cases of every approved control; each result becomes evidence and an event.

    Raises:
        ConfigurationError: a record is damaged, or something cannot be written.
        DocumentError: a workspace file is wrong.
    """
    bench = Workbench(root, learned)
    with alone(bench.workspace):
        files = read_files(bench.workspace.root)
        stack = bench.stack(files, {})
        trusted = TrustedKeys(map(read_public_key, keys)) if keys else Seal(bench.workspace).keys
        days = timedelta(days=stack.guard.policy.document.hardening.verify_days)
        records = {record.id: record for record in read_records(bench.workspace.root)}
        state = bench.workspace.state
        results = [reverify(record, files, stack, trusted, state) for record in records.values()]
        results += bereft(files, records)
        for held in results:
            keep(bench.workspace, records.get(held.id), held, utc_now() + days)
    return results


def sign_snapshot(root: Path, key: Path, reason: str) -> tuple[int, str]:
    """Sign a workspace as it is; returns the version and the id of the key. Raises ConfigurationError."""
    workspace = Workspace(root)
    signer = signing_key(key, workspace)
    with alone(workspace):
        files = read_files(workspace.root)
        version = next_version(workspace, files, [Seal(workspace).last()])
        content = sign(files, version, signer, reason[:400], utc_now())
        write_file(workspace.path(SIGNED), SIGNED, content, 0o644)
    return version, signer.public.id


def exercise_stacks(root: Path) -> tuple[Stack, Stack]:
    """The guards of a new workspace, and those of a learner's. Raises ConfigurationError or DocumentError."""
    bench = Workbench(root)
    with tempfile.TemporaryDirectory(prefix="bartizan-lab-") as scratch:
        write_workspace(Path(scratch) / "new")
        fresh = read_files(Path(scratch) / "new")
    return bench.stack(fresh, {}), bench.stack(read_files(root), {})
