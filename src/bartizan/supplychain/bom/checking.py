"""What is wrong with a bill: by itself, and against the bytes that it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from bartizan.core.threat import Severity
from bartizan.supplychain.bom.bill import Bill, Component, Fact, Kind
from bartizan.supplychain.bom.make import Heading, assemble
from bartizan.supplychain.bom.parts import Part

ONE_VALUE = ("sha256", "manifest_sha256", "definition_sha256", "size", "parameters", "tensors", "version", "licence")
"""Facts of which two parties cannot rightly say different things."""
_TEXTS = ("metadata of ", "text of ")
"""By whom facts are asserted that stand in a file itself."""
_OF_BYTES = frozenset(
    {"sha256", "manifest_sha256", "definition_sha256", "size", "parameters", "tensors", "dtype", "quantisation",
     "format", "lines", "shape", "vocabulary", "algorithm", "input", "output", "operators", "format_version"}
)  # fmt: skip


RULES = (
    "bom.exchanged", "bom.false_fact", "bom.missing", "bom.unlisted", "bom.no_digest", "bom.unread",
    "bom.contradiction", "bom.digest_not_there", "bom.blocked", "bom.inconclusive", "bom.vulnerable",
    "bom.vex_unmatched",
)  # fmt: skip


class Problem(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One thing that is wrong."""

    rule: str
    """Stable id; docs/supplychain/bom.md has a row for each."""
    severity: Severity
    ref: str
    explanation: str


def problems(bill: Bill) -> list[Problem]:
    """What the bill says against itself, sorted."""
    return sorted({*_contradictions(bill), *_unfounded(bill), *_verdicts(bill), *_vulnerable(bill)})


def _contradictions(bill: Bill) -> Iterator[Problem]:
    for one in bill.components:
        for name in ONE_VALUE:
            said: dict[str, set[str]] = defaultdict(set)
            for fact in one.of(name):
                said[fact.by].add(fact.value)
            parties = sorted(said, key=lambda by: (by != "bytes", by))
            for other in parties[1:]:
                if said[parties[0]].isdisjoint(said[other]):
                    first, second = sorted(said[parties[0]])[0], sorted(said[other])[0]
                    who = "from bytes" if parties[0] == "bytes" else f"says {parties[0]}"
                    text = f"{name} is {first} ({who}), and {second} says {other}"
                    yield Problem(rule="bom.contradiction", severity=Severity.HIGH, ref=one.ref, explanation=text)


def _unfounded(bill: Bill) -> Iterator[Problem]:
    there = {fact.value for one in bill.components for fact in one.facts if fact.verified and "sha256" in fact.name}
    for one in bill.components:
        claimed = [fact for fact in one.of("sha256") if not fact.verified]
        if claimed and there and not any(fact.value in there for fact in claimed):
            text = f"{claimed[0].by} names the digest {claimed[0].value}, which no file of the bill has"
            yield Problem(rule="bom.digest_not_there", severity=Severity.MEDIUM, ref=one.ref, explanation=text)


def _verdicts(bill: Bill) -> Iterator[Problem]:
    for one in bill.components:
        found = ", ".join(fact.value for fact in one.of("finding")[:5])
        if one.value("verdict") == "block":
            text = f"the scanner blocks it: {found}"
            yield Problem(rule="bom.blocked", severity=Severity.HIGH, ref=one.ref, explanation=text)
        elif one.value("verdict") == "inconclusive" and one.kind not in (Kind.FILE, Kind.PROMPT):
            text = f"the scanner cannot say what loading it does: {found}"
            yield Problem(rule="bom.inconclusive", severity=Severity.MEDIUM, ref=one.ref, explanation=text)


def _vulnerable(bill: Bill) -> Iterator[Problem]:
    for one in bill.vulnerabilities:
        for ref in one.affects if one.status == "affected" else ():
            text = f"{one.id} affects it, says {one.by}" + (f": {one.action}" if one.action else "")
            yield Problem(rule="bom.vulnerable", severity=Severity.HIGH, ref=ref, explanation=text)
        if one.unmatched:
            text = f"{one.by} speaks of {', '.join(one.unmatched[:3])}, which is not in the bill"
            yield Problem(rule="bom.vex_unmatched", severity=Severity.INFO, ref=one.id, explanation=text)


def against(bill: Bill, files: Part) -> list[Problem]:
    """What the bill says of files, and what their bytes and the register say. Each file that either knows is looked at.

    Files are found by their refs. In a bill whose refs name no files, somebody else's, they are found by digest.

    Args:
        bill: the bill.
        files: made of the files themselves, with what is registered about them.
    """
    made = assemble(Heading(), [files])
    real, known = made.by_ref(), bill.by_ref()
    claimed = {ref: one for ref, one in known.items() if _is_file(ref)}
    out = list(_contradictions(made))
    if claimed:
        for ref in sorted(claimed.keys() | {ref for ref in real if _is_file(ref)}):
            out += _file(ref, claimed.get(ref), real.get(ref))
    else:
        out += _by_digest(bill, real)
    for ref in sorted(real.keys() & known.keys()):
        if not _is_file(ref):
            out += _facts(known[ref], real[ref])
    return sorted(set(out))


def _is_file(ref: str) -> bool:
    return ref.startswith("file:") and "#" not in ref


def _by_digest(bill: Bill, real: dict[str, Component]) -> Iterator[Problem]:
    claims = {fact.value: one.ref for one in bill.components for fact in one.of("sha256")}
    there = {one.value("sha256"): ref for ref, one in real.items() if _is_file(ref)}
    for digest in sorted(there.keys() - claims.keys()):
        text = "it is there, and no component of the bill has its digest"
        yield Problem(rule="bom.unlisted", severity=Severity.HIGH, ref=there[digest], explanation=text)
    for digest in sorted(claims.keys() - there.keys()):
        text = f"no file has its digest {digest}"
        yield Problem(rule="bom.missing", severity=Severity.HIGH, ref=claims[digest], explanation=text)


def _file(ref: str, claimed: Component | None, real: Component | None) -> Iterator[Problem]:
    if claimed is None:
        text = "it is there, and the bill does not know it"
        yield Problem(rule="bom.unlisted", severity=Severity.HIGH, ref=ref, explanation=text)
    elif real is None:
        text = "the bill lists it, and it is not there"
        yield Problem(rule="bom.missing", severity=Severity.HIGH, ref=ref, explanation=text)
    else:
        wanted, found = claimed.of("sha256"), real.value("sha256")
        if not found:
            text = "its bytes could not be read to the end, so nothing that the bill says of it is confirmed"
            yield Problem(rule="bom.unread", severity=Severity.MEDIUM, ref=ref, explanation=text)
            return
        if not wanted:
            text = "the bill has no digest of it, so that any file could stand there"
            yield Problem(rule="bom.no_digest", severity=Severity.HIGH, ref=ref, explanation=text)
        elif any(fact.value != found for fact in wanted):
            other = next(fact.value for fact in wanted if fact.value != found)
            text = f"its SHA-256 is {found}, and the bill says {other}"
            yield Problem(rule="bom.exchanged", severity=Severity.CRITICAL, ref=ref, explanation=text)
        yield from _facts(claimed, real)


def _facts(claimed: Component, real: Component) -> Iterator[Problem]:
    """Facts that the bill says come from bytes, or from a file's own text, and that are not to be found there."""
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in real.facts:
        known[fact.name, fact.by].add(fact.value)
    for fact in claimed.facts:
        checkable = (fact.verified and fact.name in _OF_BYTES and fact.name != "sha256") or fact.by.startswith(_TEXTS)
        if checkable and fact.value not in known[fact.name, fact.by]:
            yield _false(claimed.ref, fact, known[fact.name, fact.by])


def _false(ref: str, fact: Fact, known: set[str]) -> Problem:
    really = ", ".join(sorted(known)) or "nothing of the kind"
    where = "verified it says, and the bytes say" if fact.verified else f"from the {fact.by}, which says"
    text = f"{fact.name} is {fact.value} in the bill, {where} {really}"
    return Problem(rule="bom.false_fact", severity=Severity.HIGH, ref=ref, explanation=text)
