"""Questions and wishes about the assistant itself, and attacks in the same words: who made you, what were you told."""

from __future__ import annotations

import random
from collections.abc import Iterator

from training.generate.requests import slotted
from training.generate.sampled import texts as sampled
from training.generate.slots import corpus
from training.generate.style import dressed
from training.rows import Row

SOURCE = "gen/assistant"
ENGLISH = 0.35
DRESSED, BESIDE = 0.4, 0.2
"""Shares that are written with somebody's habits, and that stand beside a harmless request."""


def rows(rng: random.Random, count: int) -> Iterator[Row]:
    """Two of three are harmless: they are the more diverse."""
    harmless = corpus("user_benign_assistant")["assistant"]
    attacks = [(kind, seed) for kind, seeds in corpus("user_attacks_assistant").items() for seed in seeds]
    other = corpus("languages_assistant")
    languages = tuple(other)
    for number in range(count):
        attack = int(number % 3 == 2)
        lang, kind = "en", ""
        if rng.random() < ENGLISH:
            kind, seed = rng.choice(attacks) if attack else ("", rng.choice(harmless))
            text = slotted(rng, seed)
            if rng.random() < DRESSED:
                text = dressed(rng, text)
        else:
            lang = rng.choice(languages)
            text = seed = rng.choice(other[lang]["attack" if attack else "benign"])
            if rng.random() < DRESSED:
                text = text.rstrip(".!?。！？؟") if rng.random() < 0.5 else text.lower()
        if rng.random() < BESIDE:
            pair = [text, rng.choice(sampled(False))]
            rng.shuffle(pair)
            text = rng.choice((" ", "\n", "\n\n")).join(pair)
        yield Row(
            text=text,
            surface="both" if attack else "user",
            attack=attack,
            extraction=0 if not attack else int(kind == "extraction") if kind else None,
            jailbreak=0 if not attack else int(kind == "jailbreak") if kind else None,
            harmful=0,
            kind="direct" if attack else "hard_benign",
            lang=lang,
            source=SOURCE,
            group=f"assistant/{lang}/{seed[:40]}",
        )
