"""Sets the second look of a model that is there, in place: what other crops of a suspect place are worth.

    python -m training.second_look --model FOLDER --work FOLDER --version 1.2.3

Harmless documents of 4,000 to 16,000 characters are read in full, published ones and packaged ones in twelve languages,
and each once more with an order in it. A logistic regression over what the crops of the most suspect window say is
fitted to those that come near the threshold. Its bias, one for texts that are mostly English and one for others, in
which crops say less, is such that as many orders exceed the threshold as without a second look.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from bartizan.inspection.classifier.artefact import MANIFEST, stored
from bartizan.inspection.classifier.calibration import Calibration, SecondLook, load, script_group
from bartizan.inspection.classifier.encoder import Encoder
from bartizan.inspection.classifier.network import Steps
from bartizan.inspection.classifier.second_look import MOST, Seen, english, looks
from bartizan.inspection.classifier.tokens import Tokens
from bartizan.inspection.classifier.windows import cut
from training import assemble
from training.calibrate import MATERIAL, SIZE
from training.generate import packaged, published
from training.generate.contrast import planted
from training.generate.descriptions import stretch
from training.generate.orders import order
from training.generate.slots import corpus
from training.generate.wrappers import wrapped

SEED = 20261123
SURFACE = "content"
SHORTEST, LONGEST = 4_000, 16_000
PUBLISHED = 500
"""Published documents; of packaged ones all are read."""
MARGIN = 1.5
BY_HAND = 0.7
"""Share of orders that no network learnt from."""
DRESSED = 0.35
DECAY = 0.01
"""Of the regression's weights."""


class Document(NamedTuple):
    """A text, and where an order stands in it, if one does."""

    text: str
    order: tuple[int, int] | None
    source: str


class Measured(msgspec.Struct, frozen=True):
    """What the encoder makes of a document."""

    source: str
    attack: bool
    english: bool
    windows: int
    edge: float
    first: list[float]
    """Logits of its windows, the highest first; of an attack those that touch the order."""
    seen: list[Seen]
    """What the crops say of those that come within ``MARGIN`` of the edge."""


def main() -> None:
    """Write the calibration and the manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder for what is fetched and measured")
    parser.add_argument("--version", required=True, help="of the model that it becomes")
    options = parser.parse_args()
    rows = list(measure(options.model, documents(options.work)))
    (options.work / "second_look.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, rows)) + b"\n")
    look = fitted(rows)
    for attack in (False, True):
        texts = [row for row in rows if row.attack is attack]
        before, after = (sum(called(row, one) for row in texts) for one in (None, look))
        print(f"{'with' if attack else 'without'} an order: {before} of {len(texts)} were called, {after} are")
    path = options.model / "calibration.json"
    table = json.loads(path.read_text(encoding="utf-8")) | {"second_look": msgspec.to_builtins(look)}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    low = json.loads((options.model / MANIFEST).read_text(encoding="utf-8"))["low"]
    print(f"{look}; {assemble.assemble(options.model, options.model, options.version, low)} bytes")


def documents(work: Path) -> Iterator[Document]:
    """Each as it is, and then with an order in it."""
    rng = random.Random(SEED)
    archives = published.fetch(work)
    texts = [text for side in (False, True) for text in published.documents(archives, held_out=side)]
    known = [("en", text) for text in rng.sample([text for text in texts if len(text) >= SHORTEST], PUBLISHED)]
    known += packaged.documents(packaged.fetch(work))
    for source, text in known:
        piece = stretch(rng, text, int(SHORTEST * (LONGEST / SHORTEST) ** rng.random()))
        if len(piece) >= SHORTEST // 2:
            yield Document(piece, None, source)
            yield Document(*planted(rng, piece, _order(rng, source)), source)


def _order(rng: random.Random, source: str) -> str:
    """An order; by hand, and in a translated document mostly in its language."""
    dressed = rng.random() < DRESSED
    if rng.random() >= BY_HAND:
        line = order(rng)[0]
        return wrapped(rng, line) if dressed else line
    known = corpus("second_look")
    language = source.removesuffix("-cn").rpartition("-")[2]
    line = rng.choice(known["orders"][language if language in known["orders"] else "en"])
    return str(rng.choice(known["wrappers"]).replace("{order}", line)) if dressed else line


def measure(model: Path, texts: Iterator[Document]) -> Iterator[Measured]:
    """What the networks of ``model`` make of documents of more than one window."""
    tokens, encoder = Tokens(stored(model, assemble.TOKENIZER) or b""), Encoder.read(model, threads=2)
    table = load(model / "calibration.json")
    for document in texts:
        row = _measured(document, tokens, encoder, table)
        if row is not None:
            yield row


def _measured(document: Document, tokens: Tokens, encoder: Encoder, table: Calibration) -> Measured | None:
    text, place, source = document
    windows = cut(tokens.of(text), SIZE, assemble.OVERLAP)
    if len(windows) < 2:
        return None
    edge = table.edge(SURFACE, script_group(text), len(windows))
    start, end = place or (0, len(text))
    touched = [one for one in windows if one.spans[0][0] < end and one.spans[-1][1] > start]
    read = [(window, encoder.encode(window._replace(heads=(MATERIAL,)))[0]) for window in touched]
    read.sort(key=lambda pair: -float(pair[1].logits[MATERIAL]))
    first = [round(float(encoded.logits[MATERIAL]), 3) for _, encoded in read]
    near = [pair for pair, logit in zip(read[:MOST], first, strict=False) if logit >= edge - MARGIN]
    seen = [_taken(looks(tokens, text, *pair, MATERIAL), encoder) for pair in near]
    return Measured(source, place is not None, english(text), len(windows), edge, first, seen)


def _taken(steps: Steps[Seen], encoder: Encoder) -> Seen:
    """All steps at once."""
    try:
        window = next(steps)
        while True:
            window = steps.send(encoder.encode(window))
    except StopIteration as end:
        seen: Seen = end.value
        return seen


def fitted(rows: Sequence[Measured]) -> SecondLook:
    """Weights by the most suspect windows, biases by all that would be looked at again."""
    near = [row for row in rows if row.seen]
    logit, focus = _regression(np.array([row.seen[0] for row in near]), np.array([row.attack for row in near]))
    free = SecondLook(MARGIN, round(logit, 3), round(focus, 3), 0.0, 0.0)
    english, foreign = (
        _bias([row for row in rows if row.attack and row.english is side], free) for side in (True, False)
    )
    return SecondLook(free.margin, free.logit, free.focus, english, foreign)


def _bias(orders: Sequence[Measured], free: SecondLook) -> float:
    """With which as many orders exceed the threshold as without a second look."""
    above = sorted((_highest(row, free) - row.edge for row in orders), reverse=True)
    return -round(above[max(0, sum(called(row, None) for row in orders) - 1)], 3)


def called(row: Measured, look: SecondLook | None) -> bool:
    """Whether a document is called an attack, as ``Cascade`` does."""
    return (row.first[0] if look is None or not row.seen else _highest(row, look)) >= row.edge


def _highest(row: Measured, look: SecondLook) -> float:
    bias = look.bias if row.english else look.foreign_bias
    again = [look.logit * seen.logit + look.focus * seen.focus + bias for seen in row.seen]
    return max(again + row.first[MOST : MOST + 1], default=-np.inf)


def _regression(seen: NDArray[Any], attack: NDArray[Any], rounds: int = 50) -> tuple[float, float]:
    """Weights of logistic regression by Newton's method, in which both classes weigh the same."""
    centred = (seen - seen.mean(axis=0)) / seen.std(axis=0)
    inputs = np.column_stack([centred, np.ones(len(seen))])
    share = np.where(attack, 0.5 / attack.mean(), 0.5 / (1 - attack.mean())) / len(attack)
    decay = DECAY * np.diag([1.0] * seen.shape[1] + [0.0])
    weights = np.zeros(inputs.shape[1])
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (share * (chance - attack)) + decay @ weights
        curve = (inputs * (share * chance * (1 - chance))[:, None]).T @ inputs + decay
        weights -= np.linalg.solve(curve, slope)
    logit, focus = weights[:2] / seen.std(axis=0)
    return float(logit), float(focus)


if __name__ == "__main__":
    main()
