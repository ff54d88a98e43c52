"""What differs between two bills: components that came, went or moved, facts that changed, links, vulnerabilities."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from bartizan.supplychain.bom.bill import Bill, Component, Fact


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """The same bytes under another ref."""

    before: str
    after: str


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A component whose facts differ."""

    ref: str
    gone: tuple[Fact, ...]
    come: tuple[Fact, ...]

    @property
    def bytes_differ(self) -> bool:
        """Whether another digest was computed, not only something else said."""
        return any(fact.name in ("sha256", "manifest_sha256", "definition_sha256") for fact in (*self.gone, *self.come))


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, sorted."""

    added: tuple[Component, ...] = ()
    removed: tuple[Component, ...] = ()
    moved: tuple[Moved, ...] = ()
    changed: tuple[Changed, ...] = ()
    other: tuple[str, ...] = ()
    """Names of further parts of the bill that differ: facts of the system, relations, flows, vulnerabilities."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.moved or self.changed or self.other)


def difference(before: Bill, after: Bill) -> Difference:
    """Compare by ref, then by digest what has no partner. Documents' own headings (time, tool) do not count."""
    old, new = before.by_ref(), after.by_ref()
    gone, come = {ref: old[ref] for ref in old.keys() - new.keys()}, {ref: new[ref] for ref in new.keys() - old.keys()}
    moved = _moved(gone, come)
    for one in moved:
        del gone[one.before], come[one.after]
    changed = []
    for ref in sorted(old.keys() & new.keys()):
        left, right = set(old[ref].facts), set(new[ref].facts)
        kinds = (
            [(Fact("kind", old[ref].kind), Fact("kind", new[ref].kind))] if old[ref].kind is not new[ref].kind else []
        )
        if left != right or kinds:
            changed.append(
                Changed(
                    ref=ref,
                    gone=tuple(sorted([*(left - right), *(pair[0] for pair in kinds)])),
                    come=tuple(sorted([*(right - left), *(pair[1] for pair in kinds)])),
                )
            )
    parts = ("name", "version", "facts", "relations", "flows", "vulnerabilities")
    return Difference(
        added=tuple(come[ref] for ref in sorted(come)),
        removed=tuple(gone[ref] for ref in sorted(gone)),
        moved=tuple(moved),
        changed=tuple(changed),
        other=tuple(part for part in parts if getattr(before, part) != getattr(after, part)),
    )


def _moved(gone: dict[str, Component], come: dict[str, Component]) -> list[Moved]:
    """Pairs with one digest, where the digest says which: the first of several that are alike."""
    there: dict[str, list[str]] = defaultdict(list)
    for ref in sorted(come):
        if come[ref].value("sha256"):
            there[come[ref].value("sha256")].append(ref)
    out = []
    for ref in sorted(gone):
        waiting = there.get(gone[ref].value("sha256"), [])
        if gone[ref].value("sha256") and waiting:
            out.append(Moved(before=ref, after=waiting.pop(0)))
    return out
