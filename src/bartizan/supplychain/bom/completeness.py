"""How complete a bill is, element by element, against the minimum elements of the G7 for AI (see ``elements.yaml``)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
import yaml

from bartizan.supplychain.bom.bill import Bill, Component, Fact, Kind

Scope = Literal["document", "system", "model", "dataset", "any"]
State = Literal["present", "partial", "missing", "not_applicable"]
_SCOPES = {"model": Kind.MODEL, "dataset": Kind.DATASET}


class Element(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One minimum element."""

    id: str
    cluster: str
    title: str
    scope: Scope
    facts: tuple[str, ...] = ()
    """Names of facts, any of which counts."""
    ask: str = ""
    """Something else that counts; a method of this module's reader."""


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``elements.yaml``."""

    edition: str
    source: str
    confidence: Literal["verified", "secondary", "unverified"]
    """Of all titles: read in the publisher's own material, in somebody else's copy, or neither."""
    elements: tuple[Element, ...]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One element in one bill."""

    id: str
    cluster: str
    title: str
    state: State
    of: int
    """How many components should have it; 1 for the document and the system."""
    verified: int = 0
    """Of them, those that have it from bytes."""
    asserted: int = 0
    """Those that have it on somebody's word alone."""
    by: tuple[str, ...] = ()
    """Whose words."""
    missing: tuple[str, ...] = ()
    """Refs of those without it; at most 20."""


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """The report."""

    edition: str
    source: str
    confidence: str
    rows: tuple[Row, ...]

    @property
    def counted(self) -> tuple[int, int]:
        """Elements that are present, and those that apply."""
        applicable = [row for row in self.rows if row.state != "not_applicable"]
        return sum(row.state == "present" for row in applicable), len(applicable)


@cache
def catalogue() -> Catalogue:
    """The elements, as shipped."""
    raw = files("bartizan.supplychain.bom").joinpath("elements.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(raw), Catalogue)


def completeness(bill: Bill, signature: Literal["", "asserted", "verified"] = "") -> Completeness:
    """Judge a bill.

    Args:
        bill: the bill.
        signature: whether a signature over the document was verified, is only there, or is not.
    """
    reader = _Reader(bill, signature)
    known = catalogue()
    return Completeness(
        edition=known.edition,
        source=known.source,
        confidence=known.confidence,
        rows=tuple(reader.row(element) for element in known.elements),
    )


def lacking(one: Component, bill: Bill) -> tuple[str, ...]:
    """Ids of the elements on models or data sets that a component lacks; none for another kind."""
    reader = _Reader(bill, "")
    scope = next((name for name, kind in _SCOPES.items() if kind is one.kind), "")
    return tuple(
        element.id for element in catalogue().elements if scope == element.scope and not reader.facts(element, one)
    )


class _Reader:
    def __init__(self, bill: Bill, signature: str) -> None:
        self.bill = bill
        self.signature = signature
        self.linked = {ref for one in bill.relations for ref in (one.source, one.target)}

    def row(self, element: Element) -> Row:
        about: dict[str, Any] = {"id": element.id, "cluster": element.cluster, "title": element.title}
        if element.scope in _SCOPES:
            return self._of_components(element, about, list(self.bill.of_kind(_SCOPES[element.scope])))
        if element.scope == "document":
            found: Sequence[Fact] = self._document(element.ask)
        else:
            found = [fact for fact in self.bill.facts if fact.name in element.facts]
            if element.scope == "any":
                found += [fact for one in self.bill.components for fact in one.facts if fact.name in element.facts]
        verified = any(fact.verified for fact in found)
        return Row(
            **about,
            state="present" if found else "missing",
            of=1,
            verified=int(verified),
            asserted=int(bool(found) and not verified),
            by=_by(found),
        )

    def _of_components(self, element: Element, about: dict[str, Any], every: list[Component]) -> Row:
        having = {one.ref: self.facts(element, one) for one in every}
        verified = sum(any(fact.verified for fact in facts) for facts in having.values())
        asserted = sum(bool(facts) for facts in having.values()) - verified
        without = [ref for ref, facts in having.items() if not facts]
        state: State = "partial" if verified + asserted else "missing"
        if not without:
            state = "present" if every else "not_applicable"
        facts = [fact for found in having.values() for fact in found]
        return Row(
            **about, state=state, of=len(every), verified=verified, asserted=asserted, by=_by(facts),
            missing=tuple(without[:20]),
        )  # fmt: skip

    def facts(self, element: Element, one: Component) -> list[Fact]:
        """What a component says of an element."""
        if element.ask == "name":
            return [Fact("name", one.name)] if one.name not in ("", "?") else []
        if element.ask == "relations":
            return [Fact("relation", one.ref)] if one.ref in self.linked else []
        return [fact for fact in one.facts if fact.name in element.facts and fact.value]

    def _document(self, ask: str) -> list[Fact]:
        bill = self.bill
        texts = {
            "author": bill.author, "revision": str(bill.revision), "tool": bill.tool, "version": bill.version,
            "tool_version": bill.tool_version, "lifecycle": bill.lifecycle, "at": bill.at, "name": bill.name,
            "format": "CycloneDX 1.7",
        }  # fmt: skip
        if ask in texts:
            return [Fact(ask, texts[ask], "the document")] if texts[ask] else []
        if ask == "signature":
            return [Fact(ask, "", "" if self.signature == "asserted" else "bytes")] if self.signature else []
        if ask == "relations":
            return [Fact(ask, one.link.value, "the document") for one in bill.relations[:1]]
        if ask == "components":
            return [fact for one in bill.components for fact in one.facts]
        if ask == "flows":
            return [Fact(ask, one.id, one.by) for one in bill.flows]
        if ask == "data_usage":
            used = [Fact(ask, one.id, one.by) for one in bill.flows if one.data]
            return used + [fact for fact in bill.facts if fact.name == "data_usage"]
        if ask == "vulnerabilities":
            return [Fact(ask, one.id, one.by) for one in bill.vulnerabilities]
        kinds = {"software": (Kind.LIBRARY, Kind.SERVICE), "hardware": (Kind.HARDWARE,), "controls": (Kind.GUARD,)}[ask]
        found = [fact for one in bill.of_kind(*kinds) for fact in one.facts]
        if ask == "controls":
            found += [fact for one in bill.components for fact in one.of("control")]
        return found


def _by(facts: Sequence[Fact]) -> tuple[str, ...]:
    return tuple(sorted({fact.by for fact in facts if not fact.verified}))[:8]
