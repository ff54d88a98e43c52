"""PyRIT's memory export: message pieces as a JSON list, or one a line.

Each has ``conversation_id``, ``sequence``, ``role``, ``original_value`` and ``converted_value``, which was sent.
``scores`` are lists of ``{"score_value", "score_type"}``; a true or high one marks its conversation as a success.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bartizan.redteam.cases.importing.found import Found, items, table, text_of

HIGH = 0.5


def conversations(rows: list[dict[str, Any]], *, every: bool) -> Iterator[Found]:
    """The user's turns of each conversation, in order; without a score that says success only if ``every``."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(str(row.get("conversation_id")), []).append(row)
    for pieces in grouped.values():
        pieces.sort(key=lambda row: sequence if isinstance(sequence := row.get("sequence"), int) else 0)
        if not every and not any(_succeeded(score) for row in pieces for score in items(row.get("scores"))):
            continue
        turns = [
            text_of(row.get("converted_value")) or text_of(row.get("original_value"))
            for row in pieces
            if row.get("role") == "user" and row.get("converted_value_data_type", "text") == "text"
        ]
        attack = table(pieces[0].get("attack_identifier")) or table(pieces[0].get("orchestrator_identifier"))
        name = text_of(attack.get("class_name")) or text_of(attack.get("__type__")) or "PyRIT"
        yield Found(turns=tuple(filter(None, turns)), label=name)


def _succeeded(score: Any) -> bool:
    value = str(table(score).get("score_value", "")).strip().lower()
    try:
        return value == "true" or float(value) >= HIGH
    except ValueError:
        return False
