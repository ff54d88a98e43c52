"""CPU of our tiers on harmless texts of 50, 300 and 1,500 tokens, typed and as material: rules alone, as shipped, and
every stage forced."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import product
from typing import Final

from bartizan.api import Guard
from bartizan.app.guards import build_guard
from bartizan.bench.labelled import Labelled
from bartizan.bench.scorers import PRODUCT, RULES
from bartizan.bench.table import Row, percentile
from bartizan.core.passage import Surface
from bartizan.inspection.classifier.artefact import Artefact
from bartizan.inspection.classifier.cascade import Cascade
from bartizan.inspection.classifier.detector import WEIGHTS, ClassifierDetector
from bartizan.inspection.classifier.tokens import Tokens
from bartizan.policy.document import PolicyDocument

FORCED: Final = f"{PRODUCT}, every stage forced"
TOKENS: Final = (50, 300, 1_500)
MOST: Final[dict[str, tuple[float, float, float]]] = {
    PRODUCT: (4.0, 15.0, 60.0),
    RULES: (2.0, 2.0, 2.0),
    FORCED: (10.0, 40.0, 170.0),
}
"""Milliseconds that are allowed in the median at each number of tokens."""
FEWEST, ENOUGH = 10, 40
"""Texts below which a figure is not printed, and above which no more are asked."""


def measure(texts: Sequence[Labelled], progress: Callable[[str], None]) -> list[Row]:
    """Median process time of one inspection, one text at a time; harmless texts that are longer are cut.

    Raises:
        ArtefactError: the model does not load.
    """
    artefact = Artefact(WEIGHTS)
    tokenizer = Tokens(artefact.read("tokenizer.json"))
    document = PolicyDocument(version=1)
    rules = build_guard(document, {}, {})
    forced = build_guard(document, {}, {}, classifier=ClassifierDetector(Cascade(artefact, forced=True)))
    guards = {PRODUCT: Guard.default(), RULES: Guard(rules), FORCED: Guard(forced)}
    rows: list[Row] = []
    for place, tokens in enumerate(TOKENS):
        chosen = _cut(tokenizer, texts, tokens)
        if len(chosen) < FEWEST:
            continue
        for surface, (name, guard) in product((Surface.USER, Surface.CONTENT), guards.items()):
            progress(f"{name}: {len(chosen)} texts of {tokens} tokens, {surface.value}")
            spent = [_spent(guard, row.text, surface) * 1e3 for row in chosen]
            rows.append(
                Row(
                    f"CPU at {tokens:,} tokens, {surface.value} (median)",
                    statistics.median(spent),
                    "ms",
                    len(spent),
                    target=MOST[name][place],
                    note=f"p95 {percentile(spent, 0.95):.2f} ms",
                    subject=name,
                )
            )
    return rows


def _cut(tokenizer: Tokens, texts: Sequence[Labelled], tokens: int) -> list[Labelled]:
    """Harmless texts of that many tokens, spread evenly over all that are long enough."""
    found = []
    for row in texts:
        if not row.attack and len(row.text) >= tokens:
            spans = tokenizer.of(row.text).spans
            if len(spans) >= tokens:
                found.append(row._replace(text=row.text[: spans[tokens - 1][1]]))
    return found[:: max(1, len(found) // ENOUGH)][:ENOUGH]


def _spent(guard: Guard, text: str, surface: Surface) -> float:
    guard.inspect(text, surface)  # caches of both libraries are as warm as in a process that serves
    began = time.process_time()
    guard.inspect(text, surface)
    return time.process_time() - began
