"""Texts that a model reads as one although they arrive in pieces.

An instruction cut over the parts of a message, or over messages that follow each other, is no instruction in any piece.
Upstreams put pieces together before the model sees them: some with a line break, some with nothing between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from bartizan.core.passage import Origin, Part, Passage, Text

LONG = 1_024
"""Characters from which only the ends of a piece can take part in something that was cut."""
_ORIGINS = frozenset({Origin.USER, Origin.TOOL_RESULT})
_PLACES = frozenset({"messages", "input"})


def joined_passages(parts: Sequence[Part]) -> Iterator[Passage]:
    """Each run of two or more neighbouring pieces of one origin, put together in both ways.

    The path is that of the object that holds the run's first piece, so that nobody edits one piece by what stands in
    another. A long piece ends one run with its beginning and starts another one with
    its end, so that what is inspected twice stays small.
    """
    run: list[Passage] = []
    for part in parts:
        if not isinstance(part, Text):
            continue
        piece = part.passage
        if piece.origin not in _ORIGINS or not piece.surfaces or not piece.path or piece.path[0] not in _PLACES:
            yield from _joined(run)
            run = []
            continue
        if run and (run[-1].origin is not piece.origin or run[-1].surfaces != piece.surfaces):
            yield from _joined(run)
            run = []
        if len(piece.text) <= LONG:
            run.append(piece)
            continue
        yield from _joined([*run, _cut(piece, piece.text[: LONG // 2])])
        run = [_cut(piece, piece.text[-LONG // 2 :])]
    yield from _joined(run)


def _cut(piece: Passage, text: str) -> Passage:
    return Passage(text, piece.origin, piece.surfaces, piece.path)


def _joined(run: list[Passage]) -> Iterator[Passage]:
    if len(run) < 2:
        return
    first = msgspec.structs.replace(run[0], path=run[0].path[:-1])
    texts = [piece.text for piece in run]
    yield _cut(first, "\n".join(texts))
    yield _cut(first, "".join(texts))
