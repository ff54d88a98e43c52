"""What people type, attacks and harmless requests alike, from hand-written seeds."""

from __future__ import annotations

import random
from collections.abc import Iterator

from training.generate.slots import corpus, fill, merged
from training.generate.style import dressed
from training.rows import Row

ATTACKS = {"override": 5, "extraction": 5, "secret": 5, "jailbreak": 5, "smuggling": 3, "evasion": 3}
BENIGN = {
    "hard": 6, "everyday": 3, "harmful": 2, "followup": 2, "assistant": 2, "imperative": 2, "creative": 1, "roles": 3, "security": 2,
    "lookalike": 6, "trigger": 7, "cyber": 5, "framed": 4, "system_text": 2, "task_text": 3, "chat": 5,
}  # fmt: skip


def rows(rng: random.Random, count: int) -> Iterator[Row]:
    """Half of them attacks; some attacks stand before or after a harmless request."""
    for number in range(count):
        attack = number % 2
        weights = ATTACKS if attack else BENIGN
        family = rng.choices(tuple(weights), tuple(weights.values()))[0]
        seed = rng.choice(seeds("user_attacks" if attack else "user_benign", family))
        text = slotted(rng, seed)
        if family not in {"smuggling"} and rng.random() < 0.5:
            text = dressed(rng, text)
        if rng.random() < 0.25:
            other = dressed(
                rng, slotted(rng, rng.choice(seeds("user_benign", rng.choice(("hard", "everyday", "imperative")))))
            )
            text = rng.choice((f"{text} {other}", f"{other} {text}", f"{other}\n\n{text}", f"{text}\n{other}"))
        yield Row(
            text=text,
            surface="both" if attack else "user",
            attack=attack,
            extraction=int(family in {"extraction", "secret"})
            if attack and family != "smuggling"
            else None
            if attack
            else 0,
            jailbreak=1 if family == "jailbreak" else 0 if not attack or family in {"extraction", "secret"} else None,
            harmful=1
            if family in {"harmful", "jailbreak"}
            else 0
            if family in {"hard", "everyday", "lookalike", "trigger", "chat", "extraction", "secret"}
            else None,
            kind="direct" if attack else _KINDS.get(family, "benign"),
            source=f"gen/user/{family}",
            group=f"{family}/{seed[:40]}",
        )


_KINDS = {
    "harmful": "harmful_request",
    **dict.fromkeys(("hard", "lookalike", "trigger", "cyber", "framed"), "hard_benign"),
}


def seeds(name: str, family: str) -> list[str]:
    """The seeds of a family, from every corpus whose name begins with ``name``."""
    return merged(name)[family]


def slotted(rng: random.Random, seed: str) -> str:
    """The seed filled; ``{do_cap}`` and its like are the same slot in another case."""
    slots = {**corpus("slots"), **corpus("user_slots")}
    for name, change in (
        ("do_cap", str.capitalize),
        ("question_lower", lambda text: text[:1].lower() + text[1:]),
        ("word_cap", str.capitalize),
    ):
        base = {"do_cap": "do", "question_lower": "question", "word_cap": "word"}[name]
        if "{" + name + "}" in seed:
            value = fill(rng, rng.choice(slots[base]), slots)
            first = value[:1].upper() + value[1:] if change is str.capitalize else change(value)
            seed = seed.replace("{" + name + "}", first)
    seed = seed.replace("{persona}", rng.choice(slots["persona"]))
    return fill(rng, seed, slots).replace("{{", "{").replace("}}", "}")
