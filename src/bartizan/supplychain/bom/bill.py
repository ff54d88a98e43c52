"""The bill of materials in memory, which every format is written from and read into."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from bartizan.core.errors import BartizanError

BYTES = "bytes"
"""The ``by`` of a fact that was read, counted or computed from the bytes themselves."""
MOST_COMPONENTS = 200_000
MOST_RELATIONS = 1_000_000
LONGEST = 1_000
"""Characters of one fact's value."""
_NAMESPACE = uuid.UUID("6f0f3f5a-4a5b-5d0c-9a36-2f7f1d6f8a11")


class BillError(BartizanError):
    """A bill of materials cannot be read, or is larger than one may be."""


class Kind(StrEnum):
    """What a component is."""

    SYSTEM = "system"
    MODEL = "model"
    DATASET = "dataset"
    PART = "part"
    """A file of a model or data set that is described as a whole."""
    TOKENIZER = "tokenizer"
    PROMPT = "prompt"
    """Text that steers a model: templates, skills, instructions of agents."""
    MCP_SERVER = "mcp_server"
    TOOL = "tool"
    AGENT = "agent"
    GUARD = "guard"
    LIBRARY = "library"
    SERVICE = "service"
    DATA_STORE = "data_store"
    HARDWARE = "hardware"
    ACTOR = "actor"
    """People or parties around the system."""
    FILE = "file"
    """Any other file."""


class Fact(msgspec.Struct, frozen=True, order=True):
    """One field of a component, and on whose word."""

    name: str
    value: str
    by: str = BYTES
    """`BYTES`, or who asserts it: ``system.yaml``, ``artefacts.yaml: ada``, ``metadata of model.gguf``."""

    @property
    def verified(self) -> bool:
        """Whether it comes from the bytes."""
        return self.by == BYTES


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in the bill."""

    ref: str
    """Unique within the bill, and the same for the same input."""
    kind: Kind
    name: str
    facts: tuple[Fact, ...] = ()
    """Sorted. A name stands several times where several parties speak, or where there are several values."""

    def of(self, name: str) -> tuple[Fact, ...]:
        """The facts of that name, verified ones first."""
        return tuple(sorted((one for one in self.facts if one.name == name), key=lambda one: not one.verified))

    def value(self, name: str) -> str:
        """The first of them; empty without one."""
        found = self.of(name)
        return found[0].value if found else ""

    def with_facts(self, facts: Iterable[Fact]) -> Component:
        """The same component knowing more."""
        return msgspec.structs.replace(self, facts=tuple(sorted({*self.facts, *facts})))


class Link(StrEnum):
    """How two components hang together."""

    DEPENDS_ON = "depends_on"
    CONTAINS = "contains"
    TRAINED_ON = "trained_on"
    DERIVED_FROM = "derived_from"
    GUARDED_BY = "guarded_by"


class Relation(msgspec.Struct, frozen=True, order=True):
    """``source`` depends on, contains, … ``target``; both are refs."""

    source: str
    link: Link
    target: str


class Flow(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """Data that travels from one component to another, as somebody describes it."""

    id: str
    source: str
    target: str
    protocol: str = ""
    authentication: str = ""
    encryption: str = ""
    data: tuple[str, ...] = ()
    """Names of data classes."""
    sensitivity: str = "unknown"
    """The highest of them."""
    by: str = "system.yaml"


class Vulnerability(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """What is known, or said in a VEX statement, about a vulnerability of components."""

    id: str
    """Such as ``CVE-2026-1234``."""
    status: str
    """``affected``, ``not_affected``, ``fixed``, ``under_investigation``."""
    affects: tuple[str, ...] = ()
    """Refs of components."""
    justification: str = ""
    detail: str = ""
    action: str = ""
    """What is to be done."""
    by: str = ""
    """Who says so."""
    unmatched: tuple[str, ...] = ()
    """Products of the statement that no component has."""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill of materials."""

    name: str
    """Of the system, or of the folder."""
    version: str = ""
    """Of the system."""
    author: str = ""
    """Who answers for this document."""
    at: str = ""
    """RFC 3339, UTC, whole seconds."""
    revision: int = 1
    """Of this document."""
    tool: str = "bartizan"
    tool_version: str = ""
    lifecycle: str = "pre-build"
    """CycloneDX's phase in which it was made."""
    facts: tuple[Fact, ...] = ()
    """Of the system as a whole, sorted."""
    components: tuple[Component, ...] = ()
    """Sorted by ref."""
    relations: tuple[Relation, ...] = ()
    flows: tuple[Flow, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()

    @property
    def serial(self) -> str:
        """``urn:uuid:…``, computed from the content: the same bill has the same number."""
        return f"urn:uuid:{uuid.uuid5(_NAMESPACE, hashlib.sha256(msgspec.json.encode(self)).hexdigest())}"

    def by_ref(self) -> dict[str, Component]:
        """Components by their refs."""
        return {one.ref: one for one in self.components}

    def of_kind(self, *kinds: Kind) -> Iterator[Component]:
        """Components of those kinds."""
        return (one for one in self.components if one.kind in kinds)

    def value(self, name: str) -> str:
        """The first fact of that name about the whole system; empty without one."""
        return next((one.value for one in self.facts if one.name == name), "")


def settled(bill: Bill) -> Bill:
    """In one order, without repeats, within bounds, with no relation to what is not there.

    Raises:
        BillError: too large, or two components with one ref.
    """
    if len(bill.components) > MOST_COMPONENTS:
        raise BillError(
            f"a bill of {len(bill.components):,} components",
            f"at most {MOST_COMPONENTS:,}; make one bill for each folder",
        )
    if len(bill.relations) > MOST_RELATIONS:
        raise BillError(f"a bill of {len(bill.relations):,} relations", f"at most {MOST_RELATIONS:,}")
    known = {one.ref for one in bill.components}
    if len(known) != len(bill.components):
        raise BillError("two components of the bill have one ref")
    return msgspec.structs.replace(
        bill,
        facts=tuple(sorted(set(bill.facts))),
        components=tuple(
            msgspec.structs.replace(one, facts=tuple(sorted(set(one.facts))))
            for one in sorted(bill.components, key=lambda one: one.ref)
        ),
        relations=tuple(sorted({one for one in bill.relations if one.source in known and one.target in known})),
        flows=tuple(sorted(set(bill.flows))),
        vulnerabilities=tuple(sorted(set(bill.vulnerabilities))),
    )
