"""The gate: scan, gather facts, ask policy, record the decision."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.core.clock import utc_now
from bartizan.core.event import ArtefactDecided, Event
from bartizan.core.ids import new_id
from bartizan.policy.in_force import policy_in_force
from bartizan.supplychain.admission.attested import Attestors
from bartizan.supplychain.admission.built import Builders, BuilderTrust
from bartizan.supplychain.admission.facts import Evidence, Facts
from bartizan.supplychain.admission.pack import AdmissionPack
from bartizan.supplychain.bom.evidence import read_evidence
from bartizan.supplychain.packages.checks import PackageChecks
from bartizan.supplychain.scanning import ArtefactScanner
from bartizan.supplychain.signing.signers import Signers
from bartizan.supplychain.signing.trusting import trust_of, trusted
from bartizan.telemetry.journal import Journal
from bartizan.workspace.register import Register
from bartizan.workspace.signed import Seal
from bartizan.workspace.waiver import Waivers
from bartizan.workspace.workspace import REGISTER, WAIVERS, Workspace


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about one file, and on what grounds."""

    path: str
    sha256: str
    admission: Admission
    observed: Admission
    """What would have been decided had the pack not been ``observe``."""
    policy: str
    """Id of the policy that decided; empty where none permits."""
    reason: str
    facts: Facts
    report: ArtefactReport
    at: datetime.datetime
    pack: str
    pack_sha256: str
    """Digest of the pack's policies."""


class Recorder(Protocol):
    """Takes events; the journal."""

    def append(self, event: Event) -> None:
        """Keep one. Raises JournalError."""
        ...


class AdmissionGate:
    """Decides about files under one policy. What cannot be recorded is not admitted.

    Args:
        scanner: looks at the bytes.
        pack: the policies.
        evidence: what the workspace says.
        recorder: the journal; None where there is none.
        today: the day on which waivers are looked at, for tests.
    """

    def __init__(
        self,
        scanner: ArtefactScanner,
        pack: AdmissionPack,
        evidence: Evidence,
        recorder: Recorder | None = None,
        today: Callable[[], datetime.date] = lambda: utc_now().date(),
    ) -> None:
        self._scanner = scanner
        self._pack = pack
        self._evidence = evidence
        self._recorder = recorder
        self._today = today

    def decide(self, path: Path, purpose: str = "admit") -> Decision:
        """Scan one file in this process and decide. Raises JournalError only."""
        return self._decided(self._scanner.scan(path), purpose)

    def decide_all(self, paths: Iterable[Path], jobs: int = 0) -> Iterator[Decision]:
        """A decision a path, in order, scanned by ``jobs`` processes (0: one for each core). Raises JournalError."""
        for report in self._scanner.scan_all(paths, jobs):
            yield self._decided(report, "admit")

    def decide_report(self, report: ArtefactReport, *, origin: str = "", shown: str = "") -> Decision:
        """Decide about a file that was scanned already, and record nothing: whoever asks calls `record`.

        Args:
            report: its path is where signatures are looked for.
            origin: where it was fetched from, if that was seen; weighs more than what somebody asserts.
            shown: what it is called in the decision instead of its path.
        """
        facts = self._evidence.facts(report, self._today(), origin)
        ruling = self._pack.decide(facts)
        return Decision(
            path=shown or report.path,
            sha256=report.sha256,
            admission=Admission.ALLOW if self._pack.observe else ruling.admission,
            observed=ruling.admission,
            policy=ruling.policy,
            reason=ruling.reason,
            facts=facts,
            report=report,
            at=utc_now(),
            pack=self._pack.name,
            pack_sha256=self._pack.sha256,
        )

    def record(self, decision: Decision, purpose: str) -> None:
        """Put a decision into the journal. Raises JournalError."""
        if self._recorder is not None:
            self._recorder.append(self._event(decision, purpose))

    def _decided(self, report: ArtefactReport, purpose: str) -> Decision:
        decision = self.decide_report(report)
        self.record(decision, purpose)
        return decision

    def _event(self, decision: Decision, purpose: str) -> ArtefactDecided:
        found = {one.rule for one in decision.report.findings}
        return ArtefactDecided(
            id=new_id("evt"),
            at=utc_now(),
            path=decision.path,
            sha256=decision.sha256,
            size=decision.report.size,
            admission=decision.admission,
            observed=decision.observed,
            policy=decision.policy,
            reason=decision.reason,
            pack=self._pack.name,
            formats=decision.report.formats,
            rules=tuple(sorted(found)),
            waived=tuple(sorted(found.intersection(decision.facts.waived))),
            signature=decision.facts.signature,
            signer=decision.facts.signer,
            purpose=purpose,
        )


def rules_of(workspace: Workspace, root: Path | None = None) -> tuple[AdmissionPack, Evidence]:
    """The policy of a workspace and what it knows. Registered paths are relative to ``root``, or to the workspace.

    Raises:
        ConfigurationError: one of the workspace's files is not what it should be.
    """
    policy = policy_in_force(workspace).artefacts
    register: Register = workspace.load(REGISTER, Register) if workspace.path(REGISTER).exists() else ()
    waivers: Waivers = Seal(workspace).load(WAIVERS, Waivers, ())
    signers = Signers(trusted(policy.signers, workspace))
    bill = None
    if policy.bom:
        bill = read_evidence(workspace.path(policy.bom), policy.bom, policy.bom_elements, signers)
    attestors = Attestors(
        trusted(policy.attestors, workspace), workspace.path(policy.attestations), policy.attestation_days
    )
    named = {one.name: BuilderTrust(trust_of(one, workspace), one.id) for one in policy.builders}
    builders = Builders(named, workspace.path(policy.provenance))
    evidence = Evidence(root or workspace.root, policy, register, waivers, signers, bill, attestors, builders)
    return AdmissionPack.named(policy.pack, workspace), evidence


def scanner_of(workspace: Workspace, named: frozenset[Path] | None = None) -> ArtefactScanner:
    """The scanner, with what the workspace's policy asks of packages. Raises ConfigurationError."""
    policy = policy_in_force(workspace).artefacts.packages
    return ArtefactScanner(packages=PackageChecks(policy=policy, root=workspace.root), named=named)


@contextlib.contextmanager
def open_gate(root: Path, named: frozenset[Path] | None = None) -> Iterator[AdmissionGate]:
    """The gate of a workspace; its decisions go to the workspace's journal.

    Raises:
        ConfigurationError: the workspace, or one of its files, is not what it should be.
        JournalError: the journal cannot be used.
    """
    workspace = Workspace(root)
    pack, evidence = rules_of(workspace)
    journal = Journal(workspace.state / "journal", "admission", workspace.deployment.journal)
    try:
        yield AdmissionGate(scanner_of(workspace, named), pack, evidence, journal)
    finally:
        journal.close()
