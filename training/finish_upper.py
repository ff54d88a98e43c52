"""From upper layers that learnt on to a model: thresholds and band for material, all else as in the model in force.

python -m training.finish_upper --run FOLDER --model FOLDER --development FOLDER --target FOLDER --version 1.2.3

Layers for requests are held to what the model in force says, so its thresholds stay.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

from bartizan.inspection.classifier.artefact import MANIFEST, MATERIAL_ENCODER, stored
from bartizan.inspection.classifier.calibration import MIXED
from bartizan.inspection.classifier.detector import may_hold_material
from training import assemble, calibrate, upper
from training.generate import carried, descriptions, published
from training.learn_on import FILES
from training.train import SEED

PIECES = ((500, 300), (4_000, 200))
"""Shortest characters of stretches of held-out documents, and how many."""
PLANTED = 300


def main() -> None:
    """Write the model's folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="what training.learn_on wrote")
    parser.add_argument("--model", type=Path, required=True, help="folder of the model that it learnt on from")
    parser.add_argument("--development", type=Path, required=True, help="folder with the development sets")
    parser.add_argument("--target", type=Path, required=True, help="folder of the new model")
    parser.add_argument("--version", required=True)
    parser.add_argument("--surface", choices=FILES, default="content", help="whose layers learnt")
    parser.add_argument(
        "--blend", type=float, default=1.0, help="share of what was learnt, in the average with the old"
    )
    options = parser.parse_args()
    copy(options.model, options.run, FILES[options.surface], options.blend)
    low = json.loads((options.model / MANIFEST).read_text(encoding="utf-8"))["low"]
    if options.surface == "content":
        low |= calibrated(options.run, options.development)
    print(f"{assemble.assemble(options.run, options.target, options.version, low)} bytes")


def calibrated(run: Path, development: Path) -> dict[str, float]:
    """Set the thresholds of material in ``run`` anew; its band."""
    path = run / "calibration.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    known = calibrate.measure(run, texts(development, run), material_alone=True)
    found = calibrate.thresholds(known)
    table["thresholds"] |= {head: found[head] for head in ("content", MIXED)}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    low = calibrate.band(known, found, ("content",))
    print(f"thresholds {found['content']}, {found[MIXED]}\nband from {low['content']}")
    return low


def copy(model: Path, run: Path, learnt: str, blend: float = 1.0) -> None:
    """Put the rest of ``model`` beside the file ``learnt``; average this, by a share of ``blend``, with its own."""
    content = (run / learnt).read_bytes()
    for name in (*assemble.FILES, MATERIAL_ENCODER, *assemble.OF_JUDGES):
        if name != learnt and (rest := stored(model, name)) is not None:
            (run / name).write_bytes(rest)
    if blend < 1.0:
        old = stored(model, learnt) or b""
        (run / learnt).write_bytes(upper.write(upper.blend(upper.read(old), upper.read(content), blend), old))


def texts(development: Path, downloads: Path) -> Iterator[tuple[str, str, bool, bool]]:
    """What can move thresholds of material: as ``calibrate.development``, and stretches of documents of packages that
    are held out from training, with and without orders."""
    for surface, text, attack, harmful in calibrate.development(development, downloads, SEED):
        if surface == "content" or may_hold_material(text):
            yield surface, text, attack, harmful
    rng = random.Random(SEED)
    held_out = published.documents(published.fetch(downloads), held_out=True)
    for shortest, count in PIECES:
        fitting = [text for text in held_out if len(text) >= shortest]
        for _ in range(count):
            size = int(shortest * (descriptions.LONGEST / shortest) ** rng.random())
            yield "content", descriptions.stretch(rng, rng.choice(fitting), size), False, False
    for row in carried.rows(rng, 2 * PLANTED, held_out, ()):
        if row.attack:
            yield "content", row.text, True, False


if __name__ == "__main__":
    main()
