"""Hand-written seeds of material: one seed a line in ``corpora/content_*.yaml``, with slots."""

from __future__ import annotations

import random
from functools import cache

from training.generate.slots import corpus, fill


@cache
def seeds(name: str, key: str) -> tuple[str, ...]:
    """The seeds under ``key`` of ``content_<name>.yaml``; a written ``\\n`` is a line break."""
    return tuple(line.replace("\\n", "\n") for line in corpus(f"content_{name}")[key].strip().split("\n"))


@cache
def keys(name: str) -> tuple[str, ...]:
    """The groups of a corpus, in the order of the file."""
    return tuple(corpus(f"content_{name}"))


@cache
def _slots() -> dict[str, list[str]]:
    return {key: list(seeds("slots", key)) for key in keys("slots")}


def filled(rng: random.Random, seed: str) -> str:
    """``seed`` with its slots filled; unknown braces stay."""
    return fill(rng, seed, _slots()) if "{" in seed else seed


def pick(rng: random.Random, name: str, key: str) -> str:
    """A filled seed."""
    return filled(rng, rng.choice(seeds(name, key)))
