"""Fills {slots} of hand-written seeds."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CORPORA = Path(__file__).parent.parent / "corpora"
SLOT = re.compile(r"\{(\w+)\}")


@cache
def corpus(name: str) -> Any:
    """A YAML file of seeds."""
    return yaml.safe_load((CORPORA / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def merged(prefix: str) -> dict[str, list[str]]:
    """The seeds by family of every YAML file whose name begins with ``prefix``."""
    families: dict[str, list[str]] = {}
    for path in sorted(CORPORA.glob(f"{prefix}*.yaml")):
        for family, seeds in corpus(path.stem).items():
            families.setdefault(family, []).extend(seeds)
    return families


def fill(rng: random.Random, seed: str, slots: dict[str, list[str]] | None = None) -> str:
    """The seed with each slot filled at random; a filler may have slots of its own."""
    known = slots if slots is not None else corpus("slots")
    text = SLOT.sub(lambda match: rng.choice(known[match[1]]) if match[1] in known else match[0], seed)
    return text if text == seed or not SLOT.search(text) else fill(rng, text, known)
