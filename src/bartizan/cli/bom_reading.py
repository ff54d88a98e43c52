"""Bills that commands are given: documents, or folders of which one is made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bartizan.cli.output import watched
from bartizan.supplychain.bom.bill import Bill, settled
from bartizan.supplychain.bom.describing import Describer
from bartizan.supplychain.bom.document import LARGEST, from_document
from bartizan.supplychain.bom.files import Place, describe_all
from bartizan.supplychain.bom.make import Heading, assemble, files_part
from bartizan.supplychain.bom.vex import read_vex
from bartizan.workspace.files import read_bounded


def read_bill(path: Path) -> Bill:
    """The bill in a CycloneDX or SPDX 3.0 document. Raises ConfigurationError or BillError."""
    return from_document(read_bounded(path, str(path), LARGEST), path.name)


def bill_at(path: Path) -> Bill:
    """The bill in a document, or the one that a folder's bytes make. Raises ConfigurationError or BillError."""
    if not path.is_dir():
        return read_bill(path)
    place = Place([path])
    return assemble(Heading(), [files_part(watched(describe_all([path], Describer())), place)], place.name)


def with_vex(bill: Bill, documents: Sequence[Path]) -> Bill:
    """The bill with the statements of VEX documents. Raises ConfigurationError or BillError."""
    if not documents:
        return bill
    found = list(bill.vulnerabilities)
    for path in documents:
        found += read_vex(read_bounded(path, str(path), LARGEST), path.name, bill.components)
    return settled(msgspec.structs.replace(bill, vulnerabilities=tuple(found)))
