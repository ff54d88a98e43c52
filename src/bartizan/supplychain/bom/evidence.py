"""What a bill of materials says about the file with a digest, for admission: whether it is in it, and what it lacks."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import Bill, BillError, Component, Kind, Link
from bartizan.supplychain.bom.completeness import catalogue, lacking
from bartizan.supplychain.bom.document import LARGEST, from_document
from bartizan.supplychain.signing.signers import BESIDE, Signers
from bartizan.workspace.files import read_bounded

_WHOLE = (Kind.MODEL, Kind.DATASET)


class Billed(NamedTuple):
    """What the bill says of one file."""

    listed: bool = False
    missing: tuple[str, ...] = ()
    """Ids of the minimum elements that the model or data set lacks which the file is, or is a part of."""
    affected: tuple[str, ...] = ()
    """Vulnerabilities that a statement in the bill says affect it, the whole of it, or what that depends on."""


class BillEvidence:
    """A bill, asked by digest. A name never counts: whoever exchanges a file has another digest."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self._known = bill.by_ref()
        self._by_digest: dict[str, list[str]] = defaultdict(list)
        self._around: dict[str, list[str]] = defaultdict(list)
        self._below: dict[str, list[str]] = defaultdict(list)
        for one in bill.components:
            for fact in one.of("sha256"):
                self._by_digest[fact.value].append(one.ref)
        for link in bill.relations:
            if link.link is Link.CONTAINS:
                self._around[link.target].append(link.source)
            self._below[link.source].append(link.target)
        self._affected: dict[str, list[str]] = defaultdict(list)
        for statement in bill.vulnerabilities:
            for ref in statement.affects if statement.status == "affected" else ():
                self._affected[ref].append(statement.id)

    def of(self, sha256: str) -> Billed:
        """What it says of the file with this digest; nothing for an empty one."""
        refs = self._by_digest.get(sha256, []) if sha256 else []
        if not refs:
            return Billed()
        wholes = {ref for one in refs for ref in (one, *self._around.get(one, ()))}
        missing = {name for ref in wholes for name in self._lacking(self._known[ref])}
        affected = {name for ref in self._reached(wholes) for name in self._affected.get(ref, ())}
        return Billed(True, tuple(sorted(missing)), tuple(sorted(affected)))

    def _lacking(self, one: Component) -> tuple[str, ...]:
        return lacking(one, self._bill) if one.kind in _WHOLE else ()

    def _reached(self, refs: set[str]) -> set[str]:
        """The components and everything below them; each once, so that circles end."""
        seen, waiting = set(refs), list(refs)
        while waiting:
            for ref in self._below.get(waiting.pop(), ()):
                if ref not in seen:
                    seen.add(ref)
                    waiting.append(ref)
        return seen


def read_evidence(path: Path, name: str, elements: tuple[str, ...], signers: Signers) -> BillEvidence:
    """The bill in a file of the workspace.

    Args:
        path: where it is.
        name: how policy calls it.
        elements: ids of minimum elements that policy asks for, which are checked here.
        signers: those whom policy names; if there are any, one of them must have signed the bill.

    Raises:
        ConfigurationError: it cannot be read, is no bill or not signed by a signer that policy names, or an id is none.
    """
    known = {one.id for one in catalogue().elements if one.scope in ("model", "dataset")}
    if unknown := sorted(set(elements) - known):
        shown = printable(unknown[0], 60)
        raise ConfigurationError(f"artefacts.bom_elements: there is no element {shown} of models or data sets")
    raw = read_bounded(path, name, LARGEST)
    if signers:
        digest = hashlib.sha256(raw).hexdigest()
        signed = signers.of(ArtefactReport(path=str(path), verdict=Admission.ALLOW, sha256=digest))
        if signed.state != "valid":
            raise ConfigurationError(
                f"artefacts.bom: {printable(name, 200)} is signed by none of the signers that policy names",
                f"bartizan artefacts sign {printable(name, 200)} writes {printable(name, 200)}{BESIDE}",
            )
    try:
        return BillEvidence(from_document(raw, printable(path.name, 200)))
    except BillError as problem:
        raise ConfigurationError(f"artefacts.bom: {printable(name, 200)}: {problem.cause}", problem.hint) from None
