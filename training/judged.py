"""Adds a judge to a model that is there; ``make train`` runs it last, once for each.

    python -m training.judged --judge harm --model FOLDER --data FOLDER --development FOLDER --work FOLDER \
        --version 1.2.3
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from bartizan.inspection.classifier.artefact import ANSWER, HARM, MANIFEST, stored
from bartizan.inspection.classifier.calibration import LENGTHS, length_bucket
from bartizan.inspection.classifier.encoder import JUDGED, Encoder
from bartizan.inspection.classifier.linear import WINDOW, Linear
from bartizan.inspection.classifier.network import BEGIN, END
from bartizan.inspection.classifier.tokens import Tokens
from bartizan.inspection.classifier.windows import cut
from training import answers, assemble, calibrate, fit_judge, fit_linear, harm, judge, overlap
from training.assemble import OVERLAP, TOKENIZER
from training.calibrate import SIZE

SEED = 20261128
PASSES = 4
SOURCES = {HARM: harm, ANSWER: answers}
RATES = {HARM: 0.01, ANSWER: 0.005}
"""Harmless ones that may be taken for the other kind."""
LOST = 0.01
"""Share of what is over the threshold that the first stage may lose."""


class Known(NamedTuple):
    """A labelled text, or several that count as one, and what both stages say of the worst."""

    positive: bool
    stretches: int
    first: float
    both: float


def measure(name: str, model: Path, texts: Iterable[tuple[Sequence[str], bool]]) -> list[Known]:
    """Both stages, every stretch read."""
    linear = Linear.load(model / f"{name}.npz")
    tokens, encoder = Tokens(stored(model, TOKENIZER) or b""), Encoder.read(model)
    known = []
    for pieces, positive in texts:
        best, first, stretches = -np.inf, -np.inf, 1
        for text in pieces:
            screened = linear.screen(text)
            stretches = max(stretches, len(screened.starts))
            for start, end, logit in zip(screened.starts, screened.ends, screened.logits[:, 0], strict=True):
                for window in cut(tokens.of(text[int(start) : int(end)]), SIZE, OVERLAP):
                    (answer,) = encoder.encode(window._replace(heads=(JUDGED[name],)))
                    both = float(logit) + float(answer.logits[0])
                    if both > best:
                        best, first = both, float(logit)
        known.append(Known(positive, stretches, first, best))
    return known


def thresholds(known: Sequence[Known], rate: float) -> dict[str, object]:
    """A row of ``Calibration.judges``."""
    negative = [one for one in known if not one.positive]
    base = _edge([one.both for one in negative], rate)
    edges = []
    for bucket in range(len(LENGTHS)):
        own = [one.both for one in negative if length_bucket(one.stretches) == bucket]
        edges.append(max(base, _edge(own, rate)) if len(own) >= calibrate.FEWEST else base)
    caught = [one.first for one in known if one.positive and one.both > base]
    return {"low": round(float(np.quantile(np.array(caught), LOST)), 3), "thresholds": edges}


def main() -> None:
    """Write the judge, its thresholds and a manifest that vouches for them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", choices=tuple(SOURCES), required=True)
    for name in ("model", "data", "development", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--version", required=True, help="of the model that it becomes")
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="fail when a row resembles rows of these")
    parser.add_argument("--runs", type=Path, help="recorded runs of agents, gzipped JSON lines, for answers")
    options = parser.parse_args()
    torch.set_num_threads(1)
    name, source = options.judge, SOURCES[options.judge]
    options.work.mkdir(parents=True, exist_ok=True)
    written = source.rows(options.data, SEED)
    evaluation = overlap.texts([options.development])
    near = {pair.train for pair in overlap.near_duplicates([text for text, _ in written], evaluation)}
    written = [row for number, row in enumerate(written) if number not in near]
    print(f"{len(written)} rows, {sum(label for _, label in written)} positive; {len(near)} left out", flush=True)
    if options.against:
        refused = list(overlap.near_duplicates([text for text, _ in written], overlap.texts(options.against)))
        if refused:
            sys.exit(f"{len(refused)} training rows are near-duplicates of evaluation rows")
    weights, bias = fit_linear.learn(written, SEED)
    fit_linear.write(options.model / f"{name}.npz", weights[None], np.array([bias], np.float32), (WINDOW,))
    tokens = Tokens(stored(options.model, TOKENIZER) or b"")
    read = [[BEGIN, *tokens.of(text).ids[:SIZE], END] for text, _ in written]
    states = fit_judge.States(options.work / "states.npy", options.model, read)
    network = fit_judge.fit(states, [label for _, label in written], PASSES, SEED)
    judge.export(network, options.model / f"{name}.onnx")
    known = measure(name, options.model, list(source.development(options.development, options.runs)))
    path = options.model / "calibration.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    row = thresholds(known[::2], RATES[name])
    table["judges"] = table.get("judges", {}) | {name: row}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    low = json.loads((options.model / MANIFEST).read_text(encoding="utf-8"))["low"]
    assemble.assemble(options.model, options.model, options.version, low)
    edge = row["thresholds"][0]  # type: ignore[index]
    for positive in (True, False):
        own = [one.both > edge for one in known[1::2] if one.positive is positive]
        print(f"{'positive' if positive else 'negative'}, set no threshold, over it: {sum(own)} of {len(own)}")


def _edge(values: Sequence[float], rate: float) -> float:
    """The lowest of them that at most this share exceeds, rounded up."""
    return math.ceil(1_000 * float(np.quantile(np.array(values), 1 - rate, method="higher"))) / 1_000


if __name__ == "__main__":
    main()
