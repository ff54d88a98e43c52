"""Joins what is described to what is there: a described model whose digest a file has is made of that file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from bartizan.supplychain.bom.bill import Component, Kind, Link, Relation

_JOINED = frozenset({Kind.MODEL, Kind.DATASET})
_OWN = frozenset({"path", "verdict", "finding"})
_DIGESTS = ("sha256", "manifest_sha256")


def joined(components: Iterable[Component]) -> tuple[list[Component], list[Relation]]:
    """The same components, those that stand for one thing joined: the file becomes a part of what is described."""
    found = {one.ref: one for one in components}
    there: dict[str, list[str]] = defaultdict(list)
    for one in found.values():
        for fact in one.facts:
            if fact.verified and fact.name in _DIGESTS:
                there[fact.value].append(one.ref)
    relations = []
    for one in list(found.values()):
        claimed = [fact.value for fact in one.of("sha256") if not fact.verified]
        if one.kind not in _JOINED or not claimed or any(fact.verified for fact in one.of("sha256")):
            continue
        for ref in sorted({ref for digest in claimed for ref in there.get(digest, ())}):
            part = found[ref]
            kept = [fact for fact in part.facts if fact.name not in _OWN]
            found[one.ref] = found[one.ref].with_facts(kept)
            if part.kind in _JOINED or part.kind is Kind.FILE:
                found[ref] = msgspec.structs.replace(part, kind=Kind.PART)
            relations.append(Relation(one.ref, Link.CONTAINS, ref))
    return list(found.values()), relations
