"""From data to a trained encoder: ``python -m training.train --data FOLDER --out FOLDER``."""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import torch

from training import base_encoder, fit_encoder, mixture, public, vocabulary, windows
from training.encoder import Encoder, from_base

SEED = 20261123
PIECES = 32_000
FREQUENT = 24_000
POSITIONS = 320
LAYERS = 8
FROZEN = 4


def main() -> None:
    """Train and write ``encoder.pt`` and ``tokenizer.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the public training sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for what comes out")
    parser.add_argument("--passes", type=int, default=2, help="passes over the mixture")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", type=Path, help="an earlier encoder.pt to go on from")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    base = base_encoder.read(base_encoder.fetch(options.out))
    rows = list(public.rows(options.data))
    passes = []
    for number in range(options.passes):
        found = mixture.sources(rows, SEED + number)
        passes.append(mixture.draw(found, mixture.amounts(found), random.Random(SEED + number)))
    if options.start:
        state = torch.load(options.start)
        kept = state["kept"]
    else:
        kept = vocabulary.prune(base, [row.text[:4_000] for row in passes[0]], PIECES, FREQUENT)
    tokenizer = vocabulary.build([base.pieces[index] for index in kept], [base.scores[index] for index in kept])
    (options.out / "tokenizer.json").write_text(vocabulary.to_json(tokenizer), encoding="utf-8")
    encoder = from_base(base, kept, POSITIONS, LAYERS)
    if options.start:
        encoder.load_state_dict(state["state"])
    rng = random.Random(SEED)
    samples = [list(windows.samples(tokenizer, drawn, rng)) for drawn in passes]
    tokens = sum(len(sample.ids) for drawn in samples for sample in drawn)
    print(f"{len(rows)} public rows, {sum(map(len, samples))} samples, {tokens} tokens", flush=True)

    def keep(trained: Encoder, share: float) -> None:
        torch.save({"state": trained.state_dict(), "kept": kept, "share": share}, options.out / "encoder.pt")

    begun = time.monotonic()
    fit_encoder.fit(encoder, samples, SEED, FROZEN, log=lambda line: print(line, flush=True), checkpoint=keep)
    keep(encoder, 1.0)
    print(f"trained in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
