"""Which exchanges are one and the same test: those that look alike where a control acts.

A control over answers reads answers only. A hundred requests that all lead to one answer are one test of it, not a
hundred, and an interval that counts them as a hundred is too narrow (pseudo-replication: Hurlbert 1984,
doi:10.2307/1942661).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from bartizan.hardening.exchange import Exchange
from bartizan.hardening.stack import Layer


def seen(row: Exchange, layer: Layer) -> object:
    """What of ``row`` a control of ``layer`` sees. A tool guard sees what was asked and read before the call, too."""
    if layer is Layer.OUTPUT:
        return row.answer
    return row.pieces if layer is Layer.REQUEST else (row.pieces, row.called)


def distinct(rows: Iterable[Exchange], layer: Layer) -> tuple[Exchange, ...]:
    """The rows that ``layer`` can tell apart, the first of each."""
    out: dict[object, Exchange] = {}
    for row in rows:
        out.setdefault(seen(row, layer), row)
    return tuple(out.values())


def answered(rows: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """The distinct answers among ``rows``, which hang together by the template of the answer, not of the request."""
    answers = (replace(row, group=row.answer_group or row.group) for row in rows if row.answer)
    return distinct(answers, Layer.OUTPUT)
