"""Several bills as one. Nobody looked at bytes while merging, so what a document verified is from then on its word."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bartizan.supplychain.bom.bill import Bill, Component, Fact, Flow, Relation, Vulnerability, settled

_IDENTIFIES = ("sha256", "manifest_sha256", "definition_sha256", "purl")


def merge(bills: Sequence[tuple[str, Bill]], heading: Bill) -> Bill:
    """One bill.

    Args:
        bills: each with the name of its document, which becomes the party that asserts what it verified. Two components
            with one ref become one where nothing that identifies them differs; otherwise the later one's ref gets the
            document's name before it.
        heading: name, version, author, time and tool of the result.

    Raises:
        BillError: too large.
    """
    components: dict[str, Component] = {}
    relations: list[Relation] = []
    flows: list[Flow] = []
    facts: list[Fact] = []
    vulnerabilities: list[Vulnerability] = []
    for document, bill in bills:
        refs: dict[str, str] = {}
        for one in bill.components:
            theirs = msgspec.structs.replace(one, facts=_words(one.facts, document))
            known = components.get(one.ref)
            refs[one.ref] = one.ref if known is None or _same(known, theirs) else _free(document, one.ref, components)
            there = components.get(refs[one.ref])
            moved = msgspec.structs.replace(theirs, ref=refs[one.ref])
            components[refs[one.ref]] = moved if there is None else there.with_facts(theirs.facts)
        facts += _words(bill.facts, document)
        relations += [
            Relation(refs.get(one.source, one.source), one.link, refs.get(one.target, one.target))
            for one in bill.relations
        ]
        flows += [
            msgspec.structs.replace(
                one, source=refs.get(one.source, one.source), target=refs.get(one.target, one.target)
            )
            for one in bill.flows
        ]
        vulnerabilities += [
            msgspec.structs.replace(one, affects=tuple(refs.get(ref, ref) for ref in one.affects))
            for one in bill.vulnerabilities
        ]
    return settled(
        msgspec.structs.replace(
            heading,
            facts=tuple(facts),
            components=tuple(components.values()),
            relations=tuple(relations),
            flows=tuple(flows),
            vulnerabilities=tuple(vulnerabilities),
        )
    )


def _words(facts: Sequence[Fact], document: str) -> tuple[Fact, ...]:
    return tuple(Fact(fact.name, fact.value, document) if fact.verified else fact for fact in facts)


def _same(known: Component, theirs: Component) -> bool:
    if known.kind is not theirs.kind:
        return False
    for name in _IDENTIFIES:
        left, right = {fact.value for fact in known.of(name)}, {fact.value for fact in theirs.of(name)}
        if left and right and left.isdisjoint(right):
            return False
    return True


def _free(document: str, ref: str, taken: dict[str, Component]) -> str:
    name, number = f"{document}:{ref}", 2
    while name in taken:
        name, number = f"{document}:{ref}~{number}", number + 1
    return name
