"""Harmless documents of every length: the language reference and the source code that come with Python (PSF licence)."""

from __future__ import annotations

import importlib
import random
import re
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from training.rows import Row

HELD_OUT = 5
"""Every fifth document is kept for calibration and never trained on."""


@cache
def documents(held_out: bool) -> tuple[str, ...]:
    """Chapters and modules, either those for training or those held out."""
    topics = importlib.import_module("pydoc_data.topics").topics
    found = [topics[name] for name in sorted(topics)]
    library = Path(sysconfig.get_paths()["stdlib"])
    found += [path.read_text(encoding="utf-8", errors="replace") for path in sorted(library.glob("*.py"))]
    found += [path.read_text(encoding="utf-8", errors="replace") for path in sorted(library.glob("*/__init__.py"))[:60]]
    distinct = dict.fromkeys(found)
    return tuple(
        text for number, text in enumerate(distinct) if (number % HELD_OUT == 0) is held_out and len(text) > 300
    )


def pieces(rng: random.Random, count: int, *, held_out: bool = False, shortest: int = 200) -> Iterator[tuple[str, int]]:
    """Stretches of whole lines, 200 to 16,000 characters, with the number of their document."""
    texts = documents(held_out)
    for _ in range(count):
        number = rng.randrange(len(texts))
        size = int(10 ** rng.uniform(2.3, 4.2)) if shortest <= 200 else rng.randint(shortest, 16_000)
        text = texts[number]
        start = rng.randrange(max(1, len(text) - size))
        piece = text[start : start + size]
        yield piece[piece.find("\n") + 1 :] if start and "\n" in piece[:300] else piece, number


def rows(rng: random.Random, count: int) -> Iterator[Row]:
    """``count`` benign documents; some without their line breaks."""
    for text, number in pieces(rng, count):
        if rng.random() < 0.2:
            text = re.sub(r"\s+", " ", text)
        yield Row(
            text=text, surface="both", attack=0, extraction=0, jailbreak=0, harmful=0, kind="benign_doc",
            source="gen/manuals", group=f"manuals/{number}",
        )  # fmt: skip
