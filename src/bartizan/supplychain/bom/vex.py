"""VEX statements, of OpenVEX 0.2.0 and of CycloneDX, joined to components by package URL or digest.

A statement whose product no component is stays in the bill as unmatched: nothing that somebody says about a
vulnerability is dropped in silence. Sources: the OpenVEX specification 0.2.0; CycloneDX 1.7, vulnerabilities.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import LONGEST, BillError, Component, Vulnerability
from bartizan.supplychain.bom.cyclonedx_parts import STATES
from bartizan.supplychain.formats.json_text import decode
from bartizan.supplychain.interface import MalformedError

LARGEST = 64 << 20
MOST = 100_000
"""Statements, and products of one statement."""
STATUSES = ("affected", "not_affected", "fixed", "under_investigation")
JUSTIFIED = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)


def read_vex(raw: bytes, source: str, components: Iterable[Component]) -> list[Vulnerability]:
    """The statements of a document.

    Args:
        raw: OpenVEX or CycloneDX, JSON.
        source: what the statements are attributed to where the document names no author.
        components: those of the bill.

    Raises:
        BillError: neither of the two, too large, or a statement that its specification does not allow.
    """
    try:
        document = decode(raw, most=LARGEST)
    except MalformedError as problem:
        raise BillError(f"{source} is no VEX document: {problem.cause}") from None
    root = document.root
    if document.repeated or not isinstance(root, dict):
        raise BillError(f"{source} is no VEX document, or says something twice", "readers differ in what they take")
    joiner = _Joiner(components)
    if str(root.get("@context", "")).startswith("https://openvex.dev/ns"):
        found = list(_openvex(root, source, joiner))
    elif root.get("bomFormat") == "CycloneDX":
        found = list(_cyclonedx(root, source, joiner))
    else:
        raise BillError(f"{source} is neither OpenVEX nor CycloneDX")
    return found


class _Joiner:
    def __init__(self, components: Iterable[Component]) -> None:
        self._by_purl: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._by_digest: dict[str, list[str]] = defaultdict(list)
        self.refs: set[str] = set()
        for one in components:
            self.refs.add(one.ref)
            for fact in one.of("purl"):
                bare, version = _split(fact.value)
                self._by_purl[bare].append((version, one.ref))
            for fact in one.facts:
                if fact.name in ("sha256", "manifest_sha256"):
                    self._by_digest[fact.value].append(one.ref)

    def of(self, purl: str, digests: Iterable[str]) -> set[str]:
        """Refs of the components that are meant. A purl without a version means all versions."""
        bare, version = _split(purl)
        found = {ref for theirs, ref in self._by_purl.get(bare, ()) if version in ("", theirs)}
        return found | {ref for digest in digests for ref in self._by_digest.get(digest.lower(), ())}


def _split(purl: str) -> tuple[str, str]:
    """A purl without qualifiers and subpath: what is named, and its version."""
    bare = purl.partition("#")[0].partition("?")[0]
    name, at, version = bare.rpartition("@")
    return (name, version) if at and "/" not in version else (bare, "")


def _openvex(root: dict[str, Any], source: str, joiner: _Joiner) -> Iterator[Vulnerability]:
    by = f"{source}: {_text(root, 'author')}" if _text(root, "author") else source
    for number, one in enumerate(_maps(root.get("statements"))):
        if number >= MOST:
            raise BillError(f"{source} has more than {MOST:,} statements")
        status, justification = _text(one, "status"), _text(one, "justification")
        vulnerability = one.get("vulnerability")
        name = _text(vulnerability, "name") if isinstance(vulnerability, dict) else _text(one, "vulnerability")
        if status not in STATUSES or not name:
            raise BillError(f"{source}: statement {number} has no vulnerability, or the status {status!r}")
        if status == "not_affected" and not justification and not _text(one, "impact_statement"):
            raise BillError(f"{source}: statement {number} says not_affected and not why", "OpenVEX asks for a reason")
        if justification and justification not in JUSTIFIED:
            raise BillError(f"{source}: statement {number} has the justification {justification!r}")
        refs, unmatched = _products(one, joiner)
        yield Vulnerability(
            id=name,
            status=status,
            affects=refs,
            justification=justification,
            detail=_text(one, "impact_statement") or _text(one, "status_notes"),
            action=_text(one, "action_statement"),
            by=printable(by, 300),
            unmatched=unmatched,
        )


def _products(statement: dict[str, Any], joiner: _Joiner) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Components and what stayed unmatched. Where a product names subcomponents, they are what is vulnerable."""
    refs: set[str] = set()
    unmatched: list[str] = []
    for product in _maps(statement.get("products"))[:MOST]:
        for one in _maps(product.get("subcomponents"))[:MOST] or [product]:
            found = _matches(one, joiner)
            refs |= found
            if not found:
                unmatched.append(_text(one, "@id") or "?")
    return tuple(sorted(refs)), tuple(sorted(set(unmatched)))


def _matches(product: dict[str, Any], joiner: _Joiner) -> set[str]:
    identifiers, hashes = product.get("identifiers"), product.get("hashes")
    purls = [_text(product, "@id")]
    purls += [_text(identifiers, "purl")] if isinstance(identifiers, dict) else []
    digest = _text(hashes, "sha-256") if isinstance(hashes, dict) else ""
    return {ref for purl in purls if purl.startswith("pkg:") for ref in joiner.of(purl, ())} | joiner.of("", [digest])


def _cyclonedx(root: dict[str, Any], source: str, joiner: _Joiner) -> Iterator[Vulnerability]:
    theirs = {_text(one, "bom-ref"): one for one in _maps(root.get("components"))}
    for number, one in enumerate(_maps(root.get("vulnerabilities"))):
        if number >= MOST:
            raise BillError(f"{source} has more than {MOST:,} statements")
        analysis = one.get("analysis") if isinstance(one.get("analysis"), dict) else {}
        state = _text(analysis, "state")
        if not _text(one, "id") or (state and state not in STATES):
            raise BillError(f"{source}: vulnerability {number} has no id, or the state {state!r}")
        refs: set[str] = set()
        unmatched: list[str] = []
        for target in _maps(one.get("affects"))[:MOST]:
            ref = _text(target, "ref").rpartition("#")[2] if _text(target, "ref").startswith("urn:cdx:") else ""
            ref = ref or _text(target, "ref")
            found = _component(ref, theirs, joiner)
            refs |= found
            if not found:
                unmatched.append(ref)
        yield Vulnerability(
            id=_text(one, "id"),
            status=STATES.get(state, "under_investigation"),
            affects=tuple(sorted(refs)),
            justification=_text(analysis, "justification"),
            detail=_text(analysis, "detail"),
            action=_text(one, "recommendation"),
            by=source,
            unmatched=tuple(sorted(set(unmatched))),
        )


def _component(ref: str, theirs: dict[str, dict[str, Any]], joiner: _Joiner) -> set[str]:
    """By the purl or digest of the document's own component; by the ref itself where it is a purl, or one of ours."""
    one = theirs.get(ref, {})
    digests = [_text(entry, "content") for entry in _maps(one.get("hashes")) if _text(entry, "alg") == "SHA-256"]
    found = joiner.of(_text(one, "purl"), digests) if one else set()
    found |= joiner.of(ref, ()) if ref.startswith("pkg:") else set()
    return found or ({ref} & joiner.refs if not one else set())


def _maps(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any, key: str) -> str:
    inner = value.get(key) if isinstance(value, dict) else None
    return printable(inner, LONGEST) if isinstance(inner, str) else ""
