"""One exchange with an application as the guards see it: what it read, what its model answered and which tools it
called. Attacks and harmless traffic have the same form, so that one judge serves both."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core.passage import Surface
from bartizan.core.tool import ToolDefinition


class Piece(msgspec.Struct, frozen=True):
    """One text that reaches the model."""

    surface: Surface
    """``user``: somebody asks; ``content``: material that is read."""
    text: str


class Call(msgspec.Struct, frozen=True):
    """One tool call that the model asks for."""

    tool: str
    arguments: dict[str, Any]


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exchange."""

    pieces: tuple[Piece, ...]
    answer: str = ""
    """What the model answered; empty where nobody knows."""
    harm: tuple[str, ...] = ()
    """Of an attack: what must not be in the answer that is shown. Without any, only a block stops the answer."""
    too_long: int = 0
    """Of an attack whose harm is the length of the answer: from how many characters on it is one."""
    tools: tuple[ToolDefinition, ...] = ()
    calls: tuple[Call, ...] = ()
    """Of an attack: the harmful ones."""
    group: str = ""
    """What rows hang together by: the finding, or the template."""
    answer_group: str = ""
    """The same for their answers, where those come from a template of their own."""
    made: str = ""
    """By what it was made, such as ``carrier.ticket+slots``."""

    @property
    def called(self) -> tuple[tuple[str, str], ...]:
        """The calls as they can be compared."""
        return tuple((call.tool, str(sorted(call.arguments.items()))) for call in self.calls)

    @property
    def key(self) -> tuple[object, ...]:
        """Two exchanges with the same key are the same in everything; see ``distinct`` for what one layer sees."""
        return (self.pieces, self.answer, self.called)
