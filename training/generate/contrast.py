"""Documents with and without orders, in which neither the document nor the dress of a line says which is which.

Every kind of carrier and every wrapper stands around orders and around lines that order nothing, about one to one; orders
without a wrapper stand against sentences of the same kind from one person to another.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence

from training.generate import tool_results
from training.generate.carriers import CARRIERS
from training.generate.descriptions import Documents
from training.generate.documents import PLACES, Draft
from training.generate.orders import between_people, harmless, order
from training.generate.wrappers import wrapped
from training.rows import Row

KINDS = (("wrapped", 0.24), ("wrapped_benign", 0.26), ("bare", 0.16), ("people", 0.12), ("tool_result", 0.22))
STRING_END = re.compile(r'(?<=[^\\\s",\[{:])"(?=\s*[,}\]])')
"""Where a JSON string ends that is a value."""
BREAK = re.compile(r"\n|(?<=[.!?])\s+(?=[A-Z])")
LONGEST = 4_000


def rows(rng: random.Random, count: int, documents: Documents, others: Sequence[str] = ()) -> Iterator[Row]:
    """Two fifths of them attacks.

    Args:
        rng: of everything.
        count: rows.
        documents: real ones, a third of the carriers.
        others: further clean texts that carry.
    """
    names, weights = zip(*KINDS, strict=True)
    for number in range(count):
        kind = rng.choices(names, weights)[0]
        if kind == "tool_result":
            yield _row(_tool_result(rng, documents), 0, "benign_doc", kind, f"tool/{number}")
            continue
        attack = kind in ("wrapped", "bare")
        if attack:
            line, group = order(rng)
        elif kind == "people":
            line, group = between_people(rng), "people"
        else:
            line, group = harmless(rng)
        if kind.startswith("wrapped"):
            line = wrapped(rng, line)
        text, span = planted(rng, _carrier(rng, documents, others), line)
        label = "indirect" if attack else "wrapped_benign" if kind == "wrapped_benign" else "benign_doc"
        yield _row(text, int(attack), label, kind, group, (span,) if attack else ())


def planted(rng: random.Random, text: str, line: str) -> tuple[str, tuple[int, int]]:
    """``text`` with ``line`` in it, in a JSON string where there is one, and where it stands."""
    strings = [found.start() for found in STRING_END.finditer(text)]
    if strings and rng.random() < 0.7:
        at = rng.choice(strings)
        line = json.dumps(line, ensure_ascii=False)[1:-1]
        lead, trail = rng.choice((" ", " ", "\\n", "\\n\\n")), ""
    else:
        at = rng.choice([0, len(text), *(found.end() for found in BREAK.finditer(text))])
        own = at in (0, len(text)) or text[at - 1] == "\n"
        lead, trail = (rng.choice(("\n", "", "\n\n")), rng.choice(("\n", "\n\n"))) if own else ("", " ")
        if not own or rng.random() < 0.2:
            line = " ".join(line.split())
    start = at + len(lead)
    return text[:at] + lead + line + trail + text[at:], (start, start + len(line))


def _carrier(rng: random.Random, documents: Documents, others: Sequence[str]) -> str:
    kind = rng.random()
    if kind < 0.34:
        return documents.piece(rng, 150, LONGEST)
    if kind < 0.62:
        return _tool_result(rng, documents)
    if kind < 0.72 and others:
        text = rng.choice(others)
        return text[:LONGEST]
    draft = Draft(rng, int(10 ** rng.uniform(1.9, 3.5)))
    rng.choice(tuple(CARRIERS.values()))(draft)
    return PLACES.sub("", draft.text())


def _tool_result(rng: random.Random, documents: Documents) -> str:
    def stretch(rng: random.Random, size: int) -> str:
        return documents.piece(rng, max(40, size // 2), max(60, size))

    return tool_results.result(rng, tool_results.prose_of(rng, stretch))[: 2 * LONGEST]


def _row(text: str, attack: int, kind: str, family: str, group: str, spans: tuple[tuple[int, int], ...] = ()) -> Row:
    return Row(
        text=text,
        surface="content",
        attack=attack,
        kind=kind,
        source=f"gen/contrast/{family}",
        group=group,
        spans=spans,
    )
