"""A shipped model's upper layers for material learn on, from documents and results of tools with and without orders.

    python -m training.learn_on --model FOLDER --data FOLDER --out FOLDER

``training.finish_material`` makes a model of what comes out.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from bartizan.inspection.classifier.artefact import MATERIAL_ENCODER, TRUNK, stored
from bartizan.inspection.classifier.calibration import parse
from training import fit_upper, mixture, overlap, public, states, upper, windows
from training.assemble import TOKENIZER
from training.encoder import Upper
from training.generate import carried, descriptions, interface_texts, published
from training.rows import Row, write_rows
from training.windows import Sample

SEED = 20261129
CARRIED = 6_000
"""Rows of ``generate.carried``."""
WINDOWS = 2_500
"""Windows of harmless documents that are looked through for those that the model in force suspects."""
HARD = 700
"""Of them, the most suspect are learnt from."""
SHORT = 300
"""Characters of an attack that is planted as somebody typed it."""
REPLAYED = {
    "gen/contrast": 0.25,
    "gen/descriptions": 0.35,
    "gen/content": 0.12,
    "gen/manuals": 0.3,
    "bipia_embed_train": 0.3,
    "t0_sample": 0.2,
    "taubench_records": 0.5,
}
REPLAYED_OTHERS = 0.06
"""Shares of a pass of ``training.mixture`` that are read again, so that nothing is forgotten."""


def main() -> None:
    """Write ``rows.jsonl`` and ``content.onnx``; exit 1 on a near-duplicate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the model that learns on")
    parser.add_argument("--data", type=Path, required=True, help="folder with the public training sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for what comes out")
    parser.add_argument("--leave-out", type=Path, nargs="*", default=[], help="drop rows that resemble rows of these")
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="fail when a row resembles rows of these")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--share", type=float, default=1.0, help="of the rows, for a quick run")
    parser.add_argument("--minutes", type=float, help="end the training after so many")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    old, new, documents = rows(options.data, options.out, options.seed, options.share)
    old, new = (_without(drawn, overlap.texts(options.leave_out)) for drawn in (old, new))
    write_rows(options.out / "rows.jsonl", [*old, *new])
    if options.against:
        texts = [*(row.text for row in (*old, *new)), *documents]
        if found := sum(1 for _ in overlap.near_duplicates(texts, overlap.texts(options.against))):
            sys.exit(f"{found} training rows are near-duplicates of evaluation rows")
    fit(options, old, new, documents)


def rows(data: Path, downloads: Path, seed: int, share: float = 1.0) -> tuple[list[Row], list[Row], list[str]]:
    """Rows that are read again, new ones, and harmless documents to be looked through.

    Args:
        data: with the public training sets.
        downloads: folder for what is fetched.
        seed: of everything drawn.
        share: of all.
    """
    rng = random.Random(seed)
    known = list(public.rows(data))
    found = mixture.sources(known, seed, downloads, share)
    drawn = mixture.draw(found, mixture.amounts(found, share), rng)
    old = [row for row in drawn if rng.random() < _replayed(row)]
    texts = published.documents(published.fetch(downloads), held_out=False)
    texts += descriptions.Documents(descriptions.fetch(downloads), held_out=False).descriptions
    said = interface_texts.messages(interface_texts.fetch(downloads))
    texts += interface_texts.pages(rng, said)
    typed = (row for row in (*known, *found["gen/languages"]) if row.attack and row.surface == "both")
    requests = sorted({row.text for row in typed if len(row.text) < SHORT})
    new = list(carried.rows(rng, int(share * CARRIED), texts, requests))
    return old, new, [descriptions.stretch(rng, rng.choice(texts), 1_200) for _ in range(int(share * WINDOWS))]


def _replayed(row: Row) -> float:
    return REPLAYED.get("/".join(row.source.split("/")[:2]), REPLAYED_OTHERS)


def fit(options: argparse.Namespace, old: list[Row], new: list[Row], documents: Sequence[str]) -> None:
    """Write ``content.onnx`` of ``options.out``."""
    shipped = stored(options.model, MATERIAL_ENCODER) or b""
    tokenizer = Tokenizer.from_str((stored(options.model, TOKENIZER) or b"").decode())
    rng = random.Random(options.seed)
    taught, further = (list(windows.samples(tokenizer, drawn, rng)) for drawn in (old, new))
    looked = [Row(text=text, surface="content", attack=0, kind="benign_doc", source="gen/published", group="published")
              for text in documents]  # fmt: skip
    read = list(windows.samples(tokenizer, looked, rng))
    samples = [*taught, *further, *read]
    _log(f"{len(taught)} samples of old rows, {len(further)} of new ones, {len(read)} to be looked through")
    kept = states.States(stored(options.model, TRUNK) or b"", samples, options.threads, _log)
    learner = upper.read(shipped)
    states.ask(learner, kept, [*taught, *read])
    edge = parse((options.model / "calibration.json").read_bytes()).thresholds["content"]["latin"][1]
    hard = hardest(read, edge)
    fit_upper.fit(
        learner,
        kept,
        [*taught, *further, *hard],
        options.seed,
        edge,
        options.minutes,
        log=_log,
        checkpoint=lambda one: _keep(one, shipped, options.out),
    )
    _keep(learner, shipped, options.out)


def hardest(read: Sequence[Sample], edge: float) -> list[Sample]:
    """The most suspect of harmless samples, once more and heavier where they are over the edge; held to nothing."""
    suspect = sorted(read, key=lambda sample: -_content(sample))[: max(1, HARD * len(read) // WINDOWS)]
    over = sum(_content(sample) > edge for sample in suspect)
    print(f"{over} of {len(read)} windows of harmless documents are over {edge}", flush=True)
    for sample in suspect:
        sample.weight = 2.0 if _content(sample) > edge - 1.0 else 1.0
        sample.said = None
    return suspect


def _content(sample: Sample) -> float:
    return sample.said[fit_upper.CONTENT] if sample.said else -np.inf


def _without(drawn: list[Row], evaluation: Sequence[str]) -> list[Row]:
    near = {pair.train for pair in overlap.near_duplicates([row.text for row in drawn], evaluation)}
    print(f"{len(near)} of {len(drawn)} rows resemble rows to be left out", flush=True)
    return [row for number, row in enumerate(drawn) if number not in near]


def _keep(learner: Upper, shipped: bytes, folder: Path) -> None:
    (folder / MATERIAL_ENCODER).write_bytes(upper.write(learner, shipped))


def _log(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
