"""What the judge of answers learns from, and what sets its threshold: whole harmless answers, cut into sentences."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

from bartizan.inspection.sentences import Sentences
from training import public
from training.generate import answers
from training.generate.slots import CORPORA, corpus
from training.rows import Row

GENERATED = 9_000
MATERIAL = 2_500
"""Sentences of harmless documents and tasks."""
THIRD = 3
"""Of the written answers one in three is learnt from; of the others every second sets thresholds."""
POSITIVES = 400


def written(place: int) -> list[str]:
    """A third of the harmless answers written for this."""
    lines = (CORPORA / "harmless_answers.txt").read_text(encoding="utf-8").splitlines()
    return [line.replace("\\n", "\n") for number, line in enumerate(lines) if number % THIRD == place]


def cut(text: str) -> list[str]:
    """The sentences of an answer, as the product cuts them."""
    sentences = Sentences()
    return [sentence.text for sentence in (*sentences.feed(text), *sentences.finish())]


def rows(data: Path, seed: int) -> list[tuple[str, int]]:
    """Sentences and labels.

    Args:
        data: folder with the public training sets.
        seed: of the generators.
    """
    rng = random.Random(seed)
    found = [(row.text, row.attack) for row in answers.rows(rng, GENERATED)]
    found += [(sentence, 0) for text in written(0) for sentence in cut(text)]
    known = [row for row in public.rows(data) if not row.attack and row.kind == "benign_doc"]
    material = [sentence for row in rng.sample(known, min(MATERIAL, len(known))) for sentence in cut(row.text)]
    found += [(sentence, 0) for sentence in rng.sample(material, min(MATERIAL, len(material)))]
    return found


def development(folder: Path, runs: Path | None = None) -> Iterator[tuple[list[str], bool]]:
    """Harmless answers, of agents and written for this, and sentences that carry something, all of them unseen."""
    if runs is not None:
        yield from ((cut(text), False) for text in recorded(runs))
    yield from ((cut(text), False) for place in (1, 2) for text in written(place))
    yield from (([row.text], True) for row in carrying(random.Random(0)))


def carrying(rng: random.Random) -> list[Row]:
    """Sentences from seeds held out, and orders in wrappers of ``corpora/elsewhere.yaml``."""
    made = answers.rows(rng, 3 * POSITIVES, held_out=True)
    found = [row for row in made if row.attack and row.kind != "wrapped"]
    known = corpus("elsewhere")
    for wrapper in known["wrappers"]:
        for order in known["orders"]:
            text, group = wrapper.replace("⟦line⟧", order), wrapper[:40]
            found.append(Row(text=text, surface="content", attack=1, kind="elsewhere", source="elsewhere", group=group))
    return found


def recorded(path: Path) -> list[str]:
    """What agents said in recorded runs without an attack, each text once."""
    found: dict[str, None] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            run = json.loads(line)
            if run["attack_type"] is not None:
                continue
            for message in run["messages"]:
                said = message.get("content") if message.get("role") == "assistant" else None
                parts = [said] if isinstance(said, str) else [str(part.get("content", "")) for part in said or ()]
                text = "\n".join(parts).strip()
                if text:
                    found[text] = None
    return list(found)
