"""What programs and services say to whoever runs or visits them: banners, hints, errors, notices, forms, tickets.

Each is full of orders that belong to it and address nobody's assistant.
"""

from __future__ import annotations

import json
import random

from training.generate.slots import corpus, fill

FAMILIES = ("banners", "hints", "notices", "errors", "errands", "forms", "agenda", "scenes", "heads", "heads", "hints")
KEYS = (
    "message",
    "text",
    "note",
    "body",
    "description",
    "detail",
    "output",
    "stdout",
    "hint",
    "content",
    "comment",
    "summary",
)
LABELS = ("status", "state", "kind", "channel", "source", "level", "type")


def output(rng: random.Random, size: int) -> str:
    """One result of about so many characters: a console's text, a record, or several."""
    form = rng.random()
    if form < 0.45:
        return _text(rng, size)
    records = [_record(rng, size)]
    while form > 0.8 and sum(len(str(record)) for record in records) < size:
        records.append(_record(rng, 120))
    made: object = records[0] if len(records) == 1 else {"items": records}
    return json.dumps(made, indent=rng.choice((None, None, 2)), ensure_ascii=False)


def _record(rng: random.Random, size: int) -> dict[str, object]:
    record: dict[str, object] = {rng.choice(LABELS): fill(rng, "{word}"), "id": rng.randint(1, 99_999)}
    keys = rng.sample(KEYS, rng.choice((1, 1, 2, 3)))
    for key in keys:
        record[key] = _text(rng, min(size, 900) // len(keys))
    return record


def _text(rng: random.Random, size: int) -> str:
    parts = [_part(rng)]
    while sum(map(len, parts)) < size:
        parts.append(_part(rng))
    return rng.choice(("\n", "\n", "\n\n", " ")).join(parts)


def _part(rng: random.Random) -> str:
    return fill(rng, rng.choice(corpus("consoles")[rng.choice(FAMILIES)]))
