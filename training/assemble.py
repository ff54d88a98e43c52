"""Puts a trained model together: its files, networks and tokenizer packed, and the manifest that vouches for them."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

from bartizan.inspection.classifier.artefact import (
    ENCODER,
    HEADS,
    JUDGES,
    MANIFEST,
    MATERIAL_ENCODER,
    PACKED,
    SCHEMA,
    TRUNK,
    stored,
)

TOKENIZER = "tokenizer.json"
FILES = ("linear.npz", TOKENIZER, TRUNK, ENCODER, "calibration.json")
OF_JUDGES = tuple(f"{name}.{end}" for name in JUDGES for end in ("npz", "onnx"))
OVERLAP = 64
MOST_WINDOWS = 32
MOST_BYTES = 30_000_000


def assemble(source: Path, target: Path, version: str, low: dict[str, float]) -> int:
    """Write ``target``; its size in bytes.

    Args:
        source: folder with ``FILES``, and perhaps an encoder for material and judges.
        target: the model's folder.
        version: of the model.
        low: by surface, the lower edge of the band in which the encoder runs.

    Raises:
        ValueError: the model is larger than it may be, or a file is missing.
    """
    target.mkdir(parents=True, exist_ok=True)
    files = []
    for name in (*FILES, MATERIAL_ENCODER, *OF_JUDGES):
        content = stored(source, name)
        for old in (target / name, target / (name + PACKED)):
            old.unlink(missing_ok=True)  # nothing is left beside a model that is no part of it
        if content is None:
            if name in FILES:
                raise ValueError(f"{source / name} does not exist")
            continue
        if name.endswith((".onnx", TOKENIZER)):
            name += PACKED
            content = gzip.compress(content, mtime=0)
        (target / name).write_bytes(content)
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
