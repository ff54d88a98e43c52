"""Harmless malicious files: every gadget once, and one gadget in every framing, compression and archive trick."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bartizan.bench.supplychain.archive_cases import archives, forms
from bartizan.bench.supplychain.assembler import whole
from bartizan.bench.supplychain.attack import Build, Malicious
from bartizan.bench.supplychain.framing_cases import framings
from bartizan.bench.supplychain.gadgets import gadgets
from bartizan.bench.supplychain.opcode_cases import opcodes


def corpus() -> Iterator[Malicious]:
    """All classes."""
    for gadget in gadgets():
        yield Malicious(f"gadget.{gadget.id}", "pickle", "model.pkl", _whole(gadget.body), gadget.needs)
    yield from opcodes()
    yield from framings()
    yield from archives()
    yield from forms()


def _whole(body: Build) -> Build:
    return lambda marker: whole(body(marker))


def write(folder: Path, marker: str, attack: Malicious) -> Path:
    """The file of one attack in a folder of its own."""
    place = folder / attack.id.replace("/", "_")
    place.mkdir(parents=True, exist_ok=True)
    path = place / attack.file
    path.write_bytes(attack.build(marker))
    return path
