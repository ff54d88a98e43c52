"""Requests and material in many languages, from hand-written seeds."""

from __future__ import annotations

import random
from collections.abc import Iterator

from training.generate.requests import ATTACKS, slotted
from training.generate.requests import seeds as user_seeds
from training.generate.slots import CORPORA, corpus
from training.rows import Row

ADDRESSED = 0.2
"""Share of attacks that stand between harmless sentences of their language."""


def rows(rng: random.Random, count: int) -> Iterator[Row]:
    """Half of them attacks, all languages alike; one in eight is an English attack in foreign company."""
    seeds = languages_known()
    languages = tuple(seeds)
    for number in range(count):
        lang = languages[number // 2 % len(languages)]
        attack = number % 2
        others = rng.sample(seeds[lang]["benign"], k=min(rng.randint(1, 3), len(seeds[lang]["benign"])))
        if not attack:
            text = _joined(rng, others)
            yield _row(text, 0, lang, "benign", f"{lang}/{others[0][:30]}", "both" if rng.random() < 0.3 else "user")
            continue
        seed = rng.choice(seeds[lang]["attack"])
        group = f"{lang}/{seed[:30]}"
        if rng.random() < 0.125:
            family = rng.choice(tuple(ATTACKS))
            seed = slotted(rng, rng.choice(user_seeds("user_attacks", family)))
        texts = [seed]
        if rng.random() < 0.5:
            texts = [*others[:1], seed] if rng.random() < 0.5 else [seed, *others[:1]]
        yield _row(_joined(rng, texts), 1, lang, "direct", group, "both")


def languages_known() -> dict[str, dict[str, list[str]]]:
    """Seeds by language: ``attack`` and ``benign`` lists, of all corpora of languages."""
    known: dict[str, dict[str, list[str]]] = {}
    for path in sorted(CORPORA.glob("languages*.yaml")):
        for lang, kinds in corpus(path.stem).items():
            for kind, seeds in kinds.items():
                known.setdefault(lang, {}).setdefault(kind, []).extend(seeds)
    return known


def _joined(rng: random.Random, texts: list[str]) -> str:
    text = rng.choice((" ", " ", "\n", "\n\n")).join(texts)
    if rng.random() < 0.2:
        text = text.rstrip(".!?。！？")
    return text.lower() if rng.random() < 0.1 else text


def _row(text: str, attack: int, lang: str, kind: str, group: str, surface: str) -> Row:
    return Row(
        text=text,
        surface="both" if surface == "both" else "user",
        attack=attack,
        extraction=None if attack else 0,
        jailbreak=None if attack else 0,
        harmful=None if attack else 0,
        kind=kind,
        lang=lang,
        source="gen/languages",
        group=group,
    )
