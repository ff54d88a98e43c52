"""What policy knows of an artefact: read from its bytes, or asserted by somebody in the workspace."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.policy.artefacts import ArtefactPolicy
from bartizan.supplychain.admission.attested import Attestors
from bartizan.supplychain.admission.built import Builders
from bartizan.supplychain.admission.packages import UNWAIVABLE, accepted_for, worst
from bartizan.supplychain.bom.evidence import Billed, BillEvidence
from bartizan.supplychain.signing.signers import Signers
from bartizan.workspace.register import Registered
from bartizan.workspace.waiver import Waiver


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The context of a policy; docs/supplychain/admission.md has a row for each."""

    verdict: Admission
    """The strictest of the findings that no waiver accepts."""
    scanned: Admission
    """What the scanner says, waivers aside."""
    formats: tuple[str, ...]
    rules: tuple[str, ...]
    """Rules of the findings that no waiver accepts."""
    waived: tuple[str, ...]
    """Subjects of the waivers that hold for this digest today, whatever they name."""
    pin: str
    """``match``, ``mismatch`` (another digest is registered for its path) or ``none``."""
    origin: str
    origin_listed: bool
    origin_seen: bool
    """It was fetched from there by the registry proxy, and nobody has to say so."""
    origins_asked: bool
    """Whether policy names any origin."""
    licence: str
    licence_listed: bool
    licences_asked: bool
    signature: str
    """``valid``, ``invalid`` (a named signer signed other bytes), ``untrusted`` (by nobody named), ``none``."""
    signer: str
    """Its name in policy."""
    signers_asked: bool
    attestation: str
    """``valid``, ``refused`` (an attestor says that it was not admitted), ``old``, ``invalid`` (broken, or of nobody
    named), ``none``."""
    attestor: str
    """Its name in policy."""
    attestations_asked: bool
    provenance: str
    """``valid``: a builder that policy names signed a record of the run that wrote it; ``invalid``, ``none``."""
    builder: str
    """Its name in policy."""
    builders_asked: bool
    bom: str
    """``match``: a component of the bill that policy names has this digest; ``none``."""
    bom_asked: bool
    """Whether policy names a bill of materials."""
    bom_missing: tuple[str, ...]
    """Ids of the minimum elements that its model or data set lacks in the bill."""
    bom_complete: bool
    """None of those that policy asks for is among them."""
    bom_affected: tuple[str, ...]
    """Vulnerabilities that a statement in the bill says affect it."""
    bom_vulnerable: bool
    """Whether there are any."""
    size: int
    vulnerability: str
    """Worst rating of the known vulnerabilities that no waiver accepts, in a lock file: ``none``, ``unrated``, ``low``,
    ``medium``, ``high``, ``critical``; ``malicious`` above all of them."""


class Evidence:
    """What the workspace says about artefacts.

    Args:
        root: of the workspace, to which registered paths are relative.
        policy: whom it accepts.
        register: ``artefacts.yaml``.
        waivers: ``waivers.yaml``.
        signers: the keys of those whom policy names.
        bill: the bill of materials that policy names.
        attestors: whose signed decisions count.
        builders: whose records of training runs count.
    """

    def __init__(
        self,
        root: Path,
        policy: ArtefactPolicy,
        register: Sequence[Registered],
        waivers: Sequence[Waiver],
        signers: Signers | None = None,
        bill: BillEvidence | None = None,
        attestors: Attestors | None = None,
        builders: Builders | None = None,
    ) -> None:
        self._builders = builders or Builders()
        self._attestors = attestors or Attestors()
        self._policy = policy
        self._signers = signers or Signers({})
        self._bill = bill
        self._waivers = [waiver for waiver in waivers if waiver.sha256 or waiver.purl]
        self._by_digest: dict[str, list[Registered]] = {}
        self._by_path: dict[str, list[Registered]] = {}
        for one in register:
            self._by_digest.setdefault(one.sha256, []).append(one)
            if one.path:
                self._by_path.setdefault(_canonical(root / one.path), []).append(one)

    def facts(self, report: ArtefactReport, today: datetime.date, seen: str = "") -> Facts:
        """What holds for the file of ``report`` on the day ``today``; ``seen`` is where it came from, if known."""
        holding = [
            one for one in self._waivers if one.sha256 in ("", report.sha256) and one.date <= today <= one.expires
        ]
        whole = {one.subject for one in holding if not one.purl and report.sha256}
        single: set[str] = set()
        open_findings = []
        for finding in report.findings:
            accepted = accepted_for(finding, holding)
            if finding.rule in UNWAIVABLE or not (accepted or finding.rule in whole):
                open_findings.append(finding)
            else:
                single |= accepted
        waived = whole | single
        pin, entry = self._pinned(report)
        signature, signer = self._signers.of(report)
        attestation, attestor = self._attestors.of(report.sha256)
        provenance, builder = self._builders.of(report.sha256)
        billed = self._bill.of(report.sha256) if self._bill is not None else Billed()
        origin, licence = (entry.origin, entry.licence) if entry is not None else ("", "")
        origin = seen or origin
        return Facts(
            verdict=Admission.strictest(one.admission for one in open_findings),
            scanned=report.verdict,
            formats=report.formats,
            rules=tuple(sorted({one.rule for one in open_findings if one.admission is not Admission.ALLOW})),
            waived=tuple(sorted(waived)),
            pin=pin,
            origin=origin,
            origin_listed=any(_below(origin, place) for place in self._policy.origins),
            origin_seen=bool(seen),
            origins_asked=bool(self._policy.origins),
            licence=licence,
            licence_listed=licence.casefold() in {one.casefold() for one in self._policy.licences},
            licences_asked=bool(self._policy.licences),
            signature=signature,
            signer=signer if signature != "untrusted" else "",
            signers_asked=bool(self._signers),
            attestation=attestation,
            attestor=attestor,
            attestations_asked=bool(self._attestors),
            provenance=provenance,
            builder=builder,
            builders_asked=bool(self._builders),
            bom="match" if billed.listed else "none",
            bom_asked=self._bill is not None,
            bom_missing=billed.missing,
            bom_complete=billed.listed and not set(billed.missing).intersection(self._policy.bom_elements),
            bom_affected=billed.affected,
            bom_vulnerable=bool(billed.affected),
            size=report.size,
            vulnerability=worst(open_findings),
        )

    def _pinned(self, report: ArtefactReport) -> tuple[str, Registered | None]:
        here = self._by_path.get(_canonical(Path(report.path)))
        candidates: Iterable[Registered] = self._by_digest.get(report.sha256, ()) if here is None else here
        for one in candidates:
            if report.sha256 and one.sha256 == report.sha256:
                return "match", one
        return ("none" if here is None else "mismatch"), None


def _canonical(path: Path) -> str:
    """Where a path leads, links resolved: another name for a registered file is that file."""
    return os.path.realpath(path)


def _below(origin: str, place: str) -> bool:
    """Whether ``origin`` is ``place`` or below it, part by part: ``hub.com/a`` holds nothing of ``hub.com/ab``."""
    parts, wanted = origin.strip("/").split("/"), place.strip("/").split("/")
    if not wanted[0] or ".." in parts or "." in parts:
        return False
    return [parts[0].lower(), *parts[1:]][: len(wanted)] == [wanted[0].lower(), *wanted[1:]]
