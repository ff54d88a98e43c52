"""Where the encoder is asked about material: sets the band of a model that is there, in place.

    python -m training.band --model FOLDER --development FOLDER --work FOLDER --version 1.2.3

As low as ``calibrate.LOST`` asks for attacks of the development sets and for orders planted in documents that nothing
was trained on, and as ``calibrate.SKIPPED`` asks for the harmless material of the development sets.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bartizan.inspection.classifier.artefact import MANIFEST
from bartizan.inspection.classifier.calibration import load
from bartizan.inspection.classifier.linear import Linear
from training import assemble, calibrate
from training.generate import carried, published
from training.train import SEED

SURFACE = "content"
PLANTED = 500


def main() -> None:
    """Write the manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--development", type=Path, required=True, help="folder with the development sets")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is fetched")
    parser.add_argument("--version", required=True, help="of the model that it becomes")
    options = parser.parse_args()
    known = calibrate.measure(options.model, texts(options.development, options.work))
    table = load(options.model / "calibration.json").thresholds
    edges = {head: {group: list(row) for group, row in rows.items()} for head, rows in table.items()}
    low = json.loads((options.model / MANIFEST).read_text(encoding="utf-8"))["low"]
    called = [one for one in known if calibrate.called(one, edges)]
    lost = sum(one.first[calibrate.MATERIAL] < low[SURFACE] for one in called)
    print(f"{len(called)} attacks are called, {lost} of them lost below {low[SURFACE]}")
    passes = float(np.quantile(harmless(options.model, options.development), calibrate.SKIPPED[SURFACE]))
    low |= calibrate.band(known, edges, (SURFACE,))
    low[SURFACE] = round(min(low[SURFACE], passes), 3)
    print(f"band from {low}; {assemble.assemble(options.model, options.model, options.version, low)} bytes")


def texts(development: Path, downloads: Path) -> Iterator[tuple[str, str, bool, bool]]:
    """Attacks on material, as ``calibrate.measure`` takes them: of the development sets, and planted ones."""
    yield from (row for row in calibrate.development_sets(development) if row[0] == SURFACE and row[2])
    held_out = published.documents(published.fetch(downloads), held_out=True)
    for row in carried.rows(random.Random(SEED), 2 * PLANTED, held_out, ()):
        if row.attack:
            yield SURFACE, row.text, True, False


def harmless(model: Path, development: Path) -> list[float]:
    """First-stage logits of the harmless material of the development sets."""
    linear = Linear.load(model / "linear.npz")
    rows = calibrate.development_sets(development)
    texts = (text for surface, text, attack, _ in rows if surface == SURFACE and not attack)
    return [float(linear.screen(text).logits.max(axis=0)[calibrate.MATERIAL]) for text in texts]


if __name__ == "__main__":
    main()
