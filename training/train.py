"""From data to a trained encoder and first stage: ``python -m training.train --data FOLDER --out FOLDER``."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from training import base_encoder, fit_encoder, fit_linear, mixture, overlap, public, vocabulary, windows
from training.encoder import HEADS, Encoder, from_base
from training.rows import Row
from training.split import FROZEN

SEED = 20261123
PIECES = 32_000
FREQUENT = 24_000
POSITIONS = 320
LAYERS = 8
RATE, RATE_ON = 1.5e-4, 1.0e-4
"""Peak learning rates, from the base and of an encoder that learns on."""
BLEND = 0.5
"""Of an encoder that learnt on, the share of its weights in the average with those it began with (Wortsman et al.,
arXiv 2109.01903): what it learnt stays, and so does what the new rows do not speak of."""


def main() -> None:
    """Write ``rows.jsonl``, ``linear.npz``, ``tokenizer.json`` and ``encoder.pt``; exit 1 on a near-duplicate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the public training sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for what comes out")
    parser.add_argument("--leave-out", type=Path, nargs="*", default=[], help="drop rows that resemble rows of these")
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="fail when a row resembles rows of these")
    parser.add_argument("--passes", type=int, default=2, help="passes over the mixture")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--go-on-from", type=Path, help="folder of an earlier run: its tokenizer and encoder learn on")
    parser.add_argument(
        "--keep-encoder", action="store_true", help="with --go-on-from: only the first stage's head for material learns"
    )
    parser.add_argument("--blend", type=float, default=BLEND, help="with --go-on-from: share of what was learnt on")
    parser.add_argument("--share", type=float, default=1.0, help="of the rows, for a quick run")
    parser.add_argument("--minutes", type=float, help="end the encoder's training after so many")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.keep_encoder and not options.go_on_from:
        parser.error("--keep-encoder needs --go-on-from")
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    rows = list(public.rows(options.data))
    passes = []
    for number in range(1 if options.keep_encoder else options.passes):
        found = mixture.sources(rows, options.seed + number, options.out, options.share)
        drawn = mixture.draw(found, mixture.amounts(found, options.share), random.Random(options.seed + number))
        passes.append(_without(drawn, overlap.texts(options.leave_out)))
    _record(options.out / "rows.jsonl", passes)
    if options.against:
        refused = list(
            overlap.near_duplicates([row.text for drawn in passes for row in drawn], overlap.texts(options.against))
        )
        if refused:
            sys.exit(f"{len(refused)} training rows are near-duplicates of evaluation rows")
    fit_linear.fit(passes[0], options.out / "linear.npz", options.seed)
    if options.go_on_from:
        fit_linear.graft(options.go_on_from / "linear.npz", options.out / "linear.npz", (HEADS.index("user"),))
    if options.keep_encoder:
        for name in ("tokenizer.json", "encoder.pt", "encoder.onnx", "trunk.onnx"):
            shutil.copyfile(options.go_on_from / name, options.out / name)
        return
    if options.go_on_from:
        encoder, kept, tokenizer = _earlier(options.go_on_from)
        passes = [mixture.further(drawn, random.Random(options.seed)) for drawn in passes]
        rate = RATE_ON
    else:
        encoder, kept, tokenizer = _from_base(passes[0], options.out)
        rate = RATE
    (options.out / "tokenizer.json").write_text(vocabulary.to_json(tokenizer), encoding="utf-8")
    rng = random.Random(options.seed)
    samples = [list(windows.samples(tokenizer, drawn, rng)) for drawn in passes]
    tokens = sum(len(sample.ids) for drawn in samples for sample in drawn)
    print(f"{len(rows)} public rows, {sum(map(len, samples))} samples, {tokens} tokens", flush=True)

    def keep(trained: Encoder, share: float) -> None:
        torch.save({"state": trained.state_dict(), "kept": kept, "share": share}, options.out / "encoder.pt")

    begun = time.monotonic()
    earlier = {name: value.clone() for name, value in encoder.state_dict().items()}
    fit_encoder.fit(
        encoder,
        samples,
        options.seed,
        FROZEN,
        rate,
        minutes=options.minutes,
        log=lambda line: print(line, flush=True),
        checkpoint=keep,
    )
    _blend(encoder, earlier, options.blend if options.go_on_from else 1.0)
    keep(encoder, 1.0)
    print(f"trained in {time.monotonic() - begun:.0f} s")


def _from_base(rows: Sequence[Row], folder: Path) -> tuple[Encoder, list[int], Tokenizer]:
    """The base encoder with the pieces of vocabulary that ``rows`` need."""
    base = base_encoder.read(base_encoder.fetch(folder))
    kept = vocabulary.prune(base, [row.text[:4_000] for row in rows], PIECES, FREQUENT)
    tokenizer = vocabulary.build([base.pieces[index] for index in kept], [base.scores[index] for index in kept])
    return from_base(base, kept, POSITIONS, LAYERS), kept, tokenizer


def _earlier(folder: Path) -> tuple[Encoder, list[int], Tokenizer]:
    """What an earlier run trained."""
    state = torch.load(folder / "encoder.pt")
    encoder = Encoder(len(state["kept"]), POSITIONS, LAYERS)
    encoder.load_state_dict(state["state"])
    return encoder, state["kept"], Tokenizer.from_file(str(folder / "tokenizer.json"))


def _blend(encoder: Encoder, earlier: dict[str, torch.Tensor], share: float) -> None:
    """Let the encoder be the average of what it is, by ``share``, and what it was."""
    learnt = encoder.state_dict()
    encoder.load_state_dict({name: torch.lerp(earlier[name], learnt[name], share) for name in learnt})


def _without(drawn: list[Row], evaluation: Sequence[str]) -> list[Row]:
    if not evaluation:
        return drawn
    near = {pair.train for pair in overlap.near_duplicates([row.text for row in drawn], evaluation)}
    print(f"{len(near)} of {len(drawn)} rows resemble rows to be left out", flush=True)
    return [row for number, row in enumerate(drawn) if number not in near]


def _record(path: Path, passes: Sequence[Sequence[Row]]) -> None:
    with path.open("w", encoding="utf-8") as out:
        for number, drawn in enumerate(passes):
            for row in drawn:
                record = {
                    "pass": number,
                    "source": row.source,
                    "attack": row.attack,
                    "surface": row.surface,
                    "spans": row.spans,
                    "text": row.text,
                }
                out.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
