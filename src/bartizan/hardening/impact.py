"""What a candidate would do to traffic of one's own. A report: it accepts and rejects nothing.

Whoever can send requests can write traffic: a veto would let an attacker keep out the control against his own attack.
Rows that an analyst has labelled are counted apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.problem import printable
from bartizan.hardening.exchange import Exchange, Piece
from bartizan.hardening.gates import MOST_RISE, Count, count
from bartizan.hardening.stack import Stack
from bartizan.workspace.files import read_bounded

MOST_BYTES = 64_000_000
MOST_ROWS = 100_000
MOST_TEXT = 50_000
_SHOWN = 10


class Traffic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One exchange that took place."""

    text: str
    surface: Literal["user", "content"] = "user"
    """Whether somebody asked it, or it was material."""
    answer: str = ""
    label: Literal["", "harmless", "attack"] = ""
    """What an analyst says; empty: nobody looked."""

    def exchange(self) -> Exchange:
        """As guards see it."""
        return Exchange(pieces=(Piece(Surface(self.surface), self.text),), answer=self.answer)


class Newly(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that only the candidate stops or changes, of those that pass without it."""

    newly: Count
    before: int
    """Disturbed without it already; in no count."""
    examples: tuple[str, ...] = ()


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """By what is known of the rows."""

    unlabelled: Newly
    harmless: Newly
    attack: Newly

    @property
    def too_dear(self) -> bool:
        """More labelled harmless rows are disturbed than a trial allows, beyond chance."""
        return self.harmless.newly.n > 0 and self.harmless.newly.interval[0] > MOST_RISE


def impact(before: Stack, after: Stack, rows: Sequence[Traffic]) -> Impact:
    """Every different row on both; the same row twice counts once, for guards cannot tell them apart."""
    different = list(dict.fromkeys(rows))

    def of(label: str) -> Newly:
        return _newly(before, after, [row for row in different if row.label == label])

    return Impact(unlabelled=of(""), harmless=of("harmless"), attack=of("attack"))


def _newly(before: Stack, after: Stack, rows: Iterable[Traffic]) -> Newly:
    disturbed, passing, examples = 0, 0, []
    for row in rows:
        exchange = row.exchange()
        if before.stops_benign(exchange) is not None:
            disturbed += 1
            continue
        passing += 1
        stop = after.stops_benign(exchange)
        if stop is not None:
            examples.append(f"{stop.layer}: {row.answer if stop.layer == 'output' else row.text}"[:200])
    return Newly(newly=count(len(examples), passing), before=disturbed, examples=tuple(examples[:_SHOWN]))


def read_traffic(path: Path) -> tuple[Traffic, ...]:
    """JSON lines of Traffic.

    Raises:
        ConfigurationError: the file cannot be read, a line is none, or there are none or too many.
        DocumentError: it is too long.
    """
    rows: list[Traffic] = []
    for number, line in enumerate(read_bounded(path, path.name, MOST_BYTES).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=Traffic)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ConfigurationError(f"{path.name}:{number}: {printable(str(error), 200)}") from None
        if len(row.text) > MOST_TEXT or len(row.answer) > MOST_TEXT:
            raise ConfigurationError(f"{path.name}:{number}: a text is longer than {MOST_TEXT} characters")
        rows.append(row)
        if len(rows) > MOST_ROWS:
            raise ConfigurationError(f"{path.name} has more than {MOST_ROWS} rows", "draw some of them by chance")
    if not rows:
        raise ConfigurationError(f"{path.name} holds no traffic")
    return tuple(rows)
