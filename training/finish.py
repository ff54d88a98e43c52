"""From a trained encoder to the shipped model: export, thresholds, band, manifest."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch

from bartizan.inspection.classifier.artefact import ENCODER, MATERIAL_ENCODER, TRUNK
from training import assemble, brief, calibrate
from training.encoder import Encoder
from training.export import export
from training.split import split
from training.train import POSITIONS, SEED


def main() -> None:
    """Write the model's folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="what training.train wrote")
    parser.add_argument("--development", type=Path, required=True, help="folder with the development sets")
    parser.add_argument("--target", type=Path, required=True, help="folder of the model")
    parser.add_argument("--version", required=True)
    parser.add_argument("--material", type=Path, help="another run, whose encoder is to read material")
    parser.add_argument("--keep-encoder", action="store_true", help="do not export it anew")
    options = parser.parse_args()
    if not options.keep_encoder:
        _export(options.run)
    if options.material:
        _export(options.material)
        if (options.material / TRUNK).read_bytes() != (options.run / TRUNK).read_bytes():
            raise SystemExit(f"{options.material}: its lower layers are not those of {options.run}")
        shutil.copyfile(options.material / ENCODER, options.run / MATERIAL_ENCODER)
    known = calibrate.measure(options.run, calibrate.development(options.development, options.run, SEED))
    table = calibrate.thresholds(known)
    low = calibrate.band(known, table)
    calibrate.write(options.run / "calibration.json", table, brief.rows(options.run, options.development, low))
    size = assemble.assemble(options.run, options.target, options.version, low)
    print(f"thresholds {table}\nband from {low}\n{size} bytes")


def _export(run: Path) -> None:
    state = torch.load(run / "encoder.pt")
    layers = sum(1 for name in state["state"] if name.endswith("qkv.weight"))
    encoder = Encoder(len(state["kept"]), POSITIONS, layers)
    encoder.load_state_dict(state["state"])
    export(encoder, run / ENCODER)
    split(run)


if __name__ == "__main__":
    main()
