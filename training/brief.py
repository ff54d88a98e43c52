"""Thresholds for messages of a few words, of which the other calibration texts hold hardly any everyday ones.

    python -m training.brief --model FOLDER --development FOLDER --version 1.2.3

calibrates a model that is there, in place. ``training.finish`` does the same for one that was just trained.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bartizan.inspection.classifier.artefact import HEADS, MANIFEST
from bartizan.inspection.classifier.calibration import BRIEF, brief_bucket
from training import assemble, calibrate
from training.calibrate import RATES, Known
from training.generate import sampled
from training.generate.slots import corpus

HEAD = "user"
"""Material of a few words has no set of attacks to be calibrated against, and the other heads only name techniques."""
WEIGHT = 0.75
"""Of the first stage's logit. Of 0, 0.25, 0.5, 0.75 and 1, at equal false positives, the first with which more brief
attacks of the development sets are seen than without buckets of their own (decision 0196)."""
UNASKED = -60.0
"""Stands for the logit of a text that the first stage does not hand on."""


def messages(held_out: bool) -> tuple[str, ...]:
    """Harmless messages written for this, either those for thresholds or those held out for tests."""
    lines = [line for block in corpus("brief_messages").values() for line in block.splitlines()]
    return tuple(line for number, line in enumerate(lines) if (number % 2 == 1) is held_out)


def texts(folder: Path) -> Iterator[tuple[str, str, bool, bool]]:
    """What thresholds are set with, as ``calibrate.measure`` takes it, among much that is not brief.

    Args:
        folder: with the development sets.
    """
    yield from (row for row in calibrate.development_sets(folder) if row[0] == HEAD)
    yield from ((HEAD, text, False, False) for text in (*sampled.texts(True), *messages(False)))


def rows(model: Path, folder: Path, low: Mapping[str, float]) -> dict[str, Any]:
    """``Calibration.brief`` for the networks in ``model``.

    Args:
        model: with both stages and the tokenizer.
        folder: with the development sets.
        low: by surface, the first-stage logit below which the encoder is not asked.
    """
    known = calibrate.measure(model, texts(folder), most_tokens=BRIEF[-1])
    thresholds = [_threshold([one for one in known if brief_bucket(one.tokens) == at], low) for at in range(len(BRIEF))]
    return {HEAD: {"weight": WEIGHT, "thresholds": thresholds}}


def _threshold(known: Sequence[Known], low: Mapping[str, float]) -> float:
    """The sum of both stages that the allowed share of the harmless texts exceeds."""
    column = HEADS.index(HEAD)
    sums = [
        float(one.logits[column] + WEIGHT * one.first[column]) if one.first[column] >= low[HEAD] else UNASKED
        for one in known
        if not one.attack
    ]
    return round(float(np.quantile(sums, 1.0 - RATES[HEAD])), 3)


def main() -> None:
    """Calibrate a model anew for brief texts, and nothing else of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--development", type=Path, required=True, help="folder with the development sets")
    parser.add_argument("--version", required=True, help="of the model that it becomes")
    options = parser.parse_args()
    manifest = json.loads((options.model / MANIFEST).read_text(encoding="utf-8"))
    path = options.model / "calibration.json"
    table = json.loads(path.read_text(encoding="utf-8"))["thresholds"]
    found = rows(options.model, options.development, manifest["low"])
    calibrate.write(path, table, found)
    assemble.assemble(options.model, options.model, options.version, manifest["low"])
    print(found)


if __name__ == "__main__":
    main()
