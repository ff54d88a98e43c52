"""All readers of documents, and what they find in one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bartizan.supplychain.documents.agents import Agents
from bartizan.supplychain.documents.exported import Exported
from bartizan.supplychain.documents.hub import Hub
from bartizan.supplychain.documents.imported import Imported
from bartizan.supplychain.documents.interface import Reader, places
from bartizan.supplychain.documents.keras import Keras
from bartizan.supplychain.documents.listed import Listed
from bartizan.supplychain.documents.objects import Objects
from bartizan.supplychain.documents.running import Running
from bartizan.supplychain.documents.serving import Serving
from bartizan.supplychain.documents.skops import Skops
from bartizan.supplychain.documents.targets import Targets
from bartizan.supplychain.interface import ArtefactFinding, Context

READERS: tuple[Reader, ...] = (
    Keras(), Skops(), Hub(), Listed(), Targets(), Imported(), Serving(), Exported(), Agents(), Running(), Objects(),
)  # fmt: skip


def read_document(root: Any, context: Context) -> Iterator[ArtefactFinding]:
    """Everything that any reader finds anywhere in a decoded document."""
    for place in places(root, context):
        for reader in READERS:
            yield from reader.read(place, context)
