"""Cuts growing text into sentences, the same ones however the text arrives in pieces."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

SHORTEST: Final = 24
"""Characters below which a piece goes on with what follows: list numbers, abbreviations, greetings."""
LONGEST: Final = 400
"""Characters after which a sentence that does not end is cut, at a blank if it has one."""
MOST: Final = 1_024
"""Sentences of one answer that are read; the rest is reported as unread."""
_END: Final = re.compile(r"[.!?…]+[\"'”’)\]*_]*\s|[。！？｡۔।]|\n")


class Sentence(NamedTuple):
    """A piece of the text."""

    start: int
    """Where it stands in the whole text."""
    text: str


class Sentences:
    """One text. What has been cut depends on the characters before it alone, never on how they came."""

    def __init__(self) -> None:
        self._base = 0
        self._buffer = ""
        self._looked = 0

    def feed(self, text: str) -> list[Sentence]:
        """Take the next piece; the sentences that are complete with it."""
        self._buffer += text
        out: list[Sentence] = []
        begin = 0
        while (end := self._end(begin)) is not None:
            self._cut(begin, end, out)
            begin = self._looked = end
        self._buffer = self._buffer[begin:]
        self._looked -= begin
        self._base += begin
        return out

    def finish(self) -> list[Sentence]:
        """The text is complete: its last sentence, if there is one."""
        out: list[Sentence] = []
        self._cut(0, len(self._buffer), out)
        return out

    def _end(self, begin: int) -> int | None:
        """Where the sentence that begins there ends, if that is known yet."""
        last = begin + LONGEST
        while (found := _END.search(self._buffer, self._looked, last)) is not None:
            if len(self._buffer[begin : found.end()].strip()) >= SHORTEST:
                return found.end()
            self._looked = found.end()
        if len(self._buffer) <= last:
            return None
        blank = max(self._buffer.rfind(mark, begin + SHORTEST, last) for mark in " \t\n")
        return blank + 1 if blank > 0 else last

    def _cut(self, begin: int, end: int, out: list[Sentence]) -> None:
        piece = self._buffer[begin:end]
        text = piece.strip()
        if text:
            out.append(Sentence(self._base + begin + piece.index(text), text))
