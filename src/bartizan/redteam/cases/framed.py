"""Every objective in every common wording: the frames of ``frames/*.yaml``, each around the goal of each cell.

Written cases go deep where their author had an idea; these see to it that no cell is left without the ordinary ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bartizan.redteam.case import Case, Id
from bartizan.redteam.cases.schema import CaseFile, Row
from bartizan.redteam.taxonomy import EntryPoint, Objective

_NAMES = {
    EntryPoint.RAG_DOCUMENT: "rag",
    EntryPoint.TOOL_OUTPUT: "tool",
    EntryPoint.TOOL_METADATA: "meta",
    EntryPoint.MULTI_AGENT: "agent",
}
"""How ids begin, where that is not the entry point's own name."""


class Frame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wording for any goal; what it does not say, the cell's written cases do."""

    id: Id
    title: str
    technique: str
    text: str = ""
    turns: tuple[str, ...] = ()
    called: str = ""
    form: str = ""
    language: str = "en"
    converters: tuple[str, ...] = ()


class FrameFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frames of one entry point."""

    entry_point: EntryPoint
    frames: tuple[Frame, ...]


def framed(cell: CaseFile, frames: FrameFile) -> Iterator[Case]:
    """The frames around the goal of one cell, whose file says the request, the severity and what success is."""
    name = _NAMES.get(cell.entry_point, cell.entry_point.value)
    for frame in frames.frames:
        row = Row(
            id=f"{name}-framed-{_short(cell.objective)}-{frame.id}",
            title=f"{frame.title}: {cell.objective.value.replace('_', ' ')}",
            technique=frame.technique,
            text=frame.text,
            turns=frame.turns,
            called=frame.called,
            form=frame.form,
            language=frame.language,
            converters=frame.converters,
        )
        yield cell.case(row)


def _short(objective: Objective) -> str:
    return objective.value.replace("_", "-")
