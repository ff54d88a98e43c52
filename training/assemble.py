"""Puts a trained model together: copies its files and writes the manifest that vouches for them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from bartizan.inspection.classifier.artefact import ENCODER, HEADS, MANIFEST, MATERIAL_ENCODER, SCHEMA, TRUNK

FILES = ("linear.npz", "tokenizer.json", TRUNK, ENCODER, "calibration.json")
OVERLAP = 64
MOST_WINDOWS = 32
MOST_BYTES = 40_000_000


def assemble(source: Path, target: Path, version: str, low: dict[str, float]) -> int:
    """Write ``target``; its size in bytes.

    Args:
        source: folder with ``FILES``, and perhaps an encoder for material.
        target: the model's folder.
        version: of the model.
        low: by surface, the lower edge of the band in which the encoder runs.

    Raises:
        ValueError: the model is larger than it may be.
    """
    target.mkdir(parents=True, exist_ok=True)
    files = []
    more = (MATERIAL_ENCODER,) if (source / MATERIAL_ENCODER).exists() else ()
    for name in (*FILES, *more):
        if (source / name).resolve() != (target / name).resolve():
            shutil.copyfile(source / name, target / name)
        content = (target / name).read_bytes()
        files.append({"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    size = sum(int(str(file["size"])) for file in files)
    if size > MOST_BYTES:
        raise ValueError(f"the model has {size} bytes, more than {MOST_BYTES}")
    manifest = {
        "schema": SCHEMA,
        "version": version,
        "heads": HEADS,
        "window_tokens": 254,
        "overlap_tokens": OVERLAP,
        "most_windows": MOST_WINDOWS,
        "low": low,
        "files": files,
    }
    (target / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return size
