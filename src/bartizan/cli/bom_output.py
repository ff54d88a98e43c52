"""How bills of materials are written and shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bartizan.cli.output import console
from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import Bill, Component
from bartizan.supplychain.bom.cyclonedx import cyclonedx
from bartizan.supplychain.bom.spdx import spdx
from bartizan.workspace.files import write_file

_SHOWN = 200


class BillFormat(StrEnum):
    """How a bill is written."""

    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"
    TEXT = "text"


FormatOption = Annotated[BillFormat, typer.Option("--format", help="How the bill is written.")]


def write(bill: Bill, output_format: BillFormat, output: Path | None) -> None:
    """Write a bill to a file, whole or not at all, or to standard output. Raises ConfigurationError."""
    if output_format is BillFormat.TEXT and output is None:
        show(bill)
        return
    content = content_of(bill, output_format)
    if output is None:
        sys.stdout.buffer.write(content)
        return
    write_file(output, str(output), content, 0o644)
    console().print(f"{len(bill.components):,} components in {escape(printable(str(output), 300))}")


def content_of(bill: Bill, output_format: BillFormat) -> bytes:
    """The document."""
    if output_format is BillFormat.TEXT:
        return as_text(bill).encode()
    return spdx(bill) if output_format is BillFormat.SPDX else cyclonedx(bill)


def show(bill: Bill) -> None:
    """On standard output, for people."""
    console().print(escape(as_text(bill)), end="")


def as_text(bill: Bill) -> str:
    """A line a component, its facts below: what was read from bytes first, then who asserts what."""
    lines = [f"{bill.name} {bill.version}".rstrip()]
    for one in bill.components[:_SHOWN]:
        lines.append(f"{one.kind} {one.ref}")
        lines += _facts(one)
    if len(bill.components) > _SHOWN:
        lines.append(f"and {len(bill.components) - _SHOWN:,} more components")
    verified = sum(fact.verified for one in bill.components for fact in one.facts)
    total = sum(len(one.facts) for one in bill.components)
    lines.append(
        f"{len(bill.components):,} components, {len(bill.relations):,} relations, {len(bill.flows):,} flows; "
        f"{verified:,} facts verified from bytes, {total - verified:,} asserted"
    )
    return "".join(f"{printable(line, 1_200)}\n" for line in lines)


def _facts(one: Component) -> Iterator[str]:
    said: dict[str, list[str]] = {}
    for fact in one.facts:
        if fact.name != "path":
            said.setdefault(fact.by, []).append(f"{fact.name} {fact.value}")
    for by, texts in sorted(said.items(), key=lambda entry: (entry[0] != "bytes", entry[0])):
        yield f"  {'from bytes' if by == 'bytes' else f'says {by}'}: {', '.join(texts)}"
