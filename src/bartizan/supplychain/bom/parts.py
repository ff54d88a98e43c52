"""What one source adds to a bill."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bartizan.supplychain.bom.bill import Component, Fact, Flow, Relation, Vulnerability


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Components, how they hang together, and what is said of the whole."""

    name: str = ""
    """Of the system, where the source knows it."""
    facts: Sequence[Fact] = ()
    components: Sequence[Component] = ()
    relations: Sequence[Relation] = ()
    flows: Sequence[Flow] = ()
    vulnerabilities: Sequence[Vulnerability] = ()
