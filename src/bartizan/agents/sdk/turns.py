"""What a framework's message history says, whatever its form."""

from __future__ import annotations

import hashlib

import msgspec

from bartizan.agents.talk import Talk
from bartizan.core.passage import Origin
from bartizan.core.tool import ToolCall, ToolDefinition, ToolResult
from bartizan.core.transcript import Said, Turn


class History(msgspec.Struct, frozen=True):
    """What a framework's messages say."""

    turns: tuple[Turn, ...] = ()
    tools: tuple[ToolDefinition, ...] = ()
    """Offered to the model, besides those that were offered before."""
    unseen: bool = False
    """The model has read something else that nobody here can read: pictures, files, turns kept elsewhere."""
    late: bool = False
    """The user has spoken before: words in the user's place that were not told yet are somebody else's, such as the
    summary that a framework puts there."""


def somebodys(text: str, source: str = "") -> ToolResult:
    """Text that a model has read and nobody is known to have said: a summary, a retrieved page."""
    return ToolResult(call="", tool=source, text=text)


class Told:
    """Tells a conversation what is new in a history, each turn once.

    Nothing that was told is ever taken back: a history that leaves out what the model has read clears nothing.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._known: set[bytes] = set()
        self._unseen = False

    def unseen(self) -> None:
        """The model has read something that nobody here can read, such as a picture."""
        if not self._unseen:
            self._unseen = True
            self._talk.unseen()

    def tell(self, turn: Turn, *, late: bool = False) -> None:
        """Tell ``turn``, unless it was told before; ``late``: see :class:`History`."""
        digest = _digest(turn)
        if digest in self._known:
            return
        self._known.add(digest)
        if late and isinstance(turn, Said) and turn.origin is Origin.USER:
            turn = somebodys(turn.text)
        match turn:
            case ToolCall():
                self._talk.called(turn)
            case ToolResult():
                self._talk.result(turn)
            case Said(Origin.USER, text):
                self._talk.user(text)
            case Said(_, text):
                self._talk.said(text)


def _digest(turn: Turn) -> bytes:
    match turn:
        case Said(origin, text):
            told = f"said {origin} {text}"
        case ToolResult():
            told = f"result {turn.call}\0{turn.text}"
        case ToolCall():
            told = f"call {turn.id}\0{turn.tool}\0{turn.arguments}"
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()
