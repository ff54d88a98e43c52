"""A model of a few kilobytes that is sure of four words, for tests of everything around the trained one."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tiny_onnx import judge, top
from tiny_onnx import trunk as lower
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from bartizan.inspection.classifier.artefact import HEADS, MANIFEST, SCHEMA
from bartizan.inspection.classifier.calibration import LENGTHS
from bartizan.inspection.classifier.calibration import SCHEMA as CALIBRATION
from bartizan.inspection.classifier.linear import WINDOW
from bartizan.inspection.classifier.ngrams import BUCKETS, features, fold

SIZE, OVERLAP, MOST = 128, 32, 6
WORDS = {"overrule": 0, "smuggle": 1, "unmask": 2, "liberate": 3}
"""Each is an attack for the head at that place; the first stage suspects them all."""
HARMFUL_WORD = "liberate"
"""What its judges are sure of."""
QUIET = -2.0
"""Logit of the first stage for a text without them, and of the encoder for any other token."""


def files(**replaced: bytes) -> dict[str, bytes]:
    """The model's files by name; ``linear``, ``tokenizer``, ``trunk``, ``encoder`` and ``calibration`` replace their
    content; ``material`` is an encoder more, ``harm`` and ``answer``, each with ``_linear``, are judges."""
    found = {
        "linear": linear(),
        "tokenizer": tokenizer(),
        "trunk": trunk(),
        "encoder": encoder(),
        "calibration": calibration(),
    } | replaced
    names = {
        "linear": "linear.npz",
        "tokenizer": "tokenizer.json",
        "trunk": "trunk.onnx",
        "encoder": "encoder.onnx",
        "material": "content.onnx",
        "harm_linear": "harm.npz",
        "harm": "harm.onnx",
        "answer_linear": "answer.npz",
        "answer": "answer.onnx",
    }
    return {names.get(name, f"{name}.json"): content for name, content in found.items()}


def manifest(content: Mapping[str, bytes]) -> dict[str, Any]:
    """What vouches for these files."""
    return {
        "schema": SCHEMA,
        "version": "0.0.1",
        "heads": list(HEADS),
        "window_tokens": SIZE,
        "overlap_tokens": OVERLAP,
        "most_windows": MOST,
        "low": {"user": 0.0, "content": 0.0},
        "files": [
            {"name": name, "size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()} for name, raw in content.items()
        ],
    }


def write(folder: Path, content: Mapping[str, bytes] | None = None, **changed: Any) -> Path:
    """A model's folder, with ``changed`` entries in its manifest."""
    content = files() if content is None else content
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in content.items():
        (folder / name).write_bytes(raw)
    (folder / MANIFEST).write_text(json.dumps(manifest(content) | changed))
    return folder


def linear(heads: int = 2) -> bytes:
    """Both heads suspect ``WORDS``, however much other text stands around them in a window."""
    weights = np.zeros((heads, BUCKETS), np.int8)
    for word in WORDS:
        weights[:, np.concatenate(features(fold(word)).buckets[3:])] = 127  # what no other word shares
    return npz(
        weights=weights,
        scales=np.full(heads, 0.5, np.float32),
        biases=np.full(heads, QUIET, np.float32),
        pieces=np.full(heads, WINDOW, np.float32),
    )


def npz(**arrays: Any) -> bytes:
    """An archive of arrays."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def tokenizer(extra: int = 0) -> bytes:
    """One token a word; ``extra`` tokens more than the encoder knows."""
    names = ["<s>", "<pad>", "</s>", "<unk>", *WORDS, *(f"<extra{number}>" for number in range(extra))]
    made = Tokenizer(WordLevel({name: number for number, name in enumerate(names)}, unk_token="<unk>"))
    made.pre_tokenizer = WhitespaceSplit()
    return made.to_str().encode()


def trunk() -> bytes:
    """Which token is which."""
    return lower(4 + len(WORDS))


def encoder(loud: float = 6.0, heads: int = len(HEADS)) -> bytes:
    """Sure of ``WORDS`` at their heads, and that it is they that matter."""
    logits = np.full((4 + len(WORDS), heads), QUIET, np.float32)
    focus = np.full((4 + len(WORDS), 2), QUIET, np.float32)
    for number, head in enumerate(WORDS.values(), 4):
        logits[number, min(head, heads - 1)] = loud
        focus[number] = 1.0
    return top(logits, focus)


def judge_of_one_word(loud: float = 6.0) -> bytes:
    """Sure of one word, whatever stands around it."""
    logits = np.full((4 + len(WORDS), 1), QUIET, np.float32)
    logits[4 + WORDS[HARMFUL_WORD]] = loud
    return judge(logits)


def judging(
    low: float = 0.0, thresholds: tuple[float, ...] = (0.0,) * len(LENGTHS), **replaced: bytes
) -> dict[str, bytes]:
    """A model with judges; its first stage suspects all of ``WORDS``."""
    row = {"low": low, "thresholds": thresholds}
    known = json.loads(calibration()) | {"judges": {"harm": row, "answer": row}}
    found = {"calibration": json.dumps(known).encode()}
    for name in ("harm", "answer"):
        found |= {f"{name}_linear": linear(heads=1), name: judge_of_one_word()}
    return files(**found | replaced)


def calibration(brief: dict[str, Any] | None = None, **thresholds: dict[str, list[float]]) -> bytes:
    """Threshold 0 for every head, or those given; none for brief texts but those given."""
    rows = {head: {"other": [0.0] * len(LENGTHS)} for head in HEADS} | thresholds
    return json.dumps({"schema": CALIBRATION, "thresholds": rows, "brief": brief or {}}).encode()
