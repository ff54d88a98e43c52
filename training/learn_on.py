"""A shipped model's upper layers learn on: those for material or, with ``--surface user``, those for requests.

    python -m training.learn_on --model FOLDER --data FOLDER --out FOLDER

``training.finish_upper`` makes a model of what comes out.
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

from bartizan.inspection.classifier.artefact import ENCODER, MATERIAL_ENCODER, TRUNK, stored
from bartizan.inspection.classifier.calibration import parse
from training import fit_upper, material_rows, overlap, request_rows, states, upper, windows
from training.assemble import TOKENIZER
from training.encoder import HEADS, Upper
from training.rows import Row, write_rows
from training.windows import Sample

SEED = 20261129
FILES = {"user": ENCODER, "content": MATERIAL_ENCODER}
"""By surface."""
LEARNT = {
    "user": tuple(HEADS.index(head) for head in ("user", "extraction", "jailbreak")),
    "content": (HEADS.index("content"),),
}
"""Whose labels teach; the surface's own comes first."""
BUCKETS = {"user": 0, "content": 1}
"""The length whose threshold says what the model in force calls an attack: one window, two."""
ROWS = {"user": request_rows.rows, "content": material_rows.rows}
HARD = 700
"""Of the windows of harmless documents, the most suspect that are learnt from."""


def main() -> None:
    """Write ``rows.jsonl`` and the upper layers' file; exit 1 on a near-duplicate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the model that learns on")
    parser.add_argument("--data", type=Path, required=True, help="folder with the public training sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for what comes out")
    parser.add_argument("--surface", choices=FILES, default="content", help="whose layers learn")
    parser.add_argument("--leave-out", type=Path, nargs="*", default=[], help="drop rows that resemble rows of these")
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="fail when a row resembles rows of these")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--share", type=float, default=1.0, help="of the rows, for a quick run")
    parser.add_argument("--minutes", type=float, help="end the training after so many")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    old, new, documents = ROWS[options.surface](options.data, options.out, options.seed, options.share)
    old, new = (_without(drawn, overlap.texts(options.leave_out)) for drawn in (old, new))
    write_rows(options.out / "rows.jsonl", [*old, *new])
    if options.against:
        texts = [*(row.text for row in (*old, *new)), *documents]
        if found := sum(1 for _ in overlap.near_duplicates(texts, overlap.texts(options.against))):
            sys.exit(f"{found} training rows are near-duplicates of evaluation rows")
    fit(options, old, new, documents)


def fit(options: argparse.Namespace, old: list[Row], new: list[Row], documents: Sequence[str]) -> None:
    """Write the file of ``options.surface`` into ``options.out``."""
    name = FILES[options.surface]
    shipped = stored(options.model, name) or b""
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
    edges = parse((options.model / "calibration.json").read_bytes()).thresholds[options.surface]["latin"]
    edge = edges[BUCKETS[options.surface]]
    hard = hardest(read, edge) if read else []
    fit_upper.fit(
        learner,
        kept,
        [*taught, *further, *hard],
        options.seed,
        edge,
        options.minutes,
        log=_log,
        checkpoint=lambda one: _keep(one, shipped, options.out / name),
        heads=LEARNT[options.surface],
    )
    _keep(learner, shipped, options.out / name)


def hardest(read: Sequence[Sample], edge: float) -> list[Sample]:
    """The most suspect of harmless samples, once more and heavier where they are over the edge; held to nothing."""
    suspect = sorted(read, key=lambda sample: -_content(sample))[: max(1, HARD * len(read) // material_rows.WINDOWS)]
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


def _keep(learner: Upper, shipped: bytes, target: Path) -> None:
    target.write_bytes(upper.write(learner, shipped))


def _log(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
