"""Packages of lock files as libraries, each known by its package URL."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.supplychain.bom.bill import Component, Fact, Kind
from bartizan.supplychain.bom.reading.agents import bare_url
from bartizan.supplychain.bom.reading.interface import asserted
from bartizan.supplychain.budget import Budget
from bartizan.supplychain.packages.interface import HEAD, LARGEST, Package, Source
from bartizan.supplychain.packages.readers.registry import reader_for
from bartizan.supplychain.source import ByteSource


def libraries(source: ByteSource, budget: Budget) -> Iterator[Component]:
    """What a lock file would have installed; nothing for another file. Raises `MalformedError` or `BudgetError`."""
    if source.size > LARGEST:
        return
    reader = reader_for(source.name, source.read(0, HEAD))
    if reader is None:
        return
    for one in reader.read(source.read(0, source.size), budget).packages:
        if one.purl:
            facts = tuple(sorted(set(_facts(one, f"lock file {source.name}"))))
            yield Component(ref=one.purl, kind=Kind.LIBRARY, name=one.name, facts=facts)


def _facts(one: Package, by: str) -> Iterator[Fact]:
    yield from asserted("purl", one.purl, by)
    yield from asserted("version", one.version, by)
    yield from asserted("wanted", one.wanted, by)
    yield from asserted("pin", [name for name in one.hashes if name.startswith("sha256:")], by)
    if one.source is not Source.INDEX:
        yield from asserted("taken_from", one.source.value, by)
        yield from asserted("source", bare_url(one.url), by)
