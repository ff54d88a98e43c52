"""``artefacts.yaml``: what people assert about files, joined to them by digest and by path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from bartizan.supplychain.bom.bill import Component, Fact
from bartizan.supplychain.bom.reading.interface import asserted
from bartizan.workspace.register import Registered


def registered(
    components: Iterable[Component], entries: Iterable[Registered], refs: Mapping[str, str]
) -> list[Component]:
    """The components with what is registered about them.

    Args:
        components: of the bill.
        entries: of the register.
        refs: registered path to the ref of the file that is there. Such a file gets the registered digest as an
            assertion, so that another one is a contradiction.
    """
    by_digest: dict[str, list[Registered]] = defaultdict(list)
    by_ref: dict[str, list[Registered]] = defaultdict(list)
    for entry in entries:
        by_digest[entry.sha256].append(entry)
        if entry.path in refs:
            by_ref[refs[entry.path]].append(entry)
    out = []
    for one in components:
        digests = {fact.value for fact in one.of("sha256") if fact.verified}
        found = [entry for digest in digests for entry in by_digest.get(digest, ())]
        facts = [fact for entry in found for fact in _facts(entry)]
        facts += [Fact("sha256", entry.sha256, _by(entry)) for entry in by_ref.get(one.ref, ())]
        out.append(one.with_facts(facts) if facts else one)
    return out


def _facts(entry: Registered) -> Iterator[Fact]:
    by = _by(entry)
    yield from asserted("origin", entry.origin, by)
    yield from asserted("source", f"https://{entry.origin}" if entry.origin else "", by)
    yield from asserted("licence", entry.licence, by)
    yield from asserted("registered", entry.date.isoformat(), by)


def _by(entry: Registered) -> str:
    return f"artefacts.yaml: {entry.by}"
