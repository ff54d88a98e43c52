"""Thresholds and band: one logit per head, script group and length, such that few harmless texts exceed it.

Benign texts are the development sets and generated texts that no training row shares a document or request with.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bartizan.inspection.classifier.artefact import HEADS, SHORT, stored
from bartizan.inspection.classifier.calibration import GROUPS, LENGTHS, MIXED, SCHEMA, script_group
from bartizan.inspection.classifier.detector import may_hold_material
from bartizan.inspection.classifier.encoder import Encoder
from bartizan.inspection.classifier.linear import Linear
from bartizan.inspection.classifier.network import Window
from bartizan.inspection.classifier.tokens import Tokens
from bartizan.inspection.classifier.windows import cut
from training.assemble import OVERLAP, TOKENIZER
from training.generate import contrast, descriptions, manuals, sampled

RATES = {"user": 0.008, "content": 0.015, MIXED: 0.005, "extraction": 0.01, "jailbreak": 0.01, "harmful": 0.02}
"""False positives allowed in each cell; fewer on requests, where harmless traffic is most."""
FEWEST = 80
"""Benign texts that a cell needs for a threshold of its own."""
SIZE = 254
SKIPPED = {"user": 0.6, "content": 0.05}
"""Share of benign texts that the first stage alone may let pass. Of material it knows little: where it loses one in a
hundred known attacks, nine in ten harmless texts wake the encoder, and a fifth of short orders by others do not."""
MATERIAL = HEADS.index("content")
LOST = {"user": 0.03, "content": 0.01}
"""Share of attacks above the threshold that the first stage may lose. Those on material are one development set and
orders planted, with and without a wrapper, in documents that no training row holds."""


class Known(NamedTuple):
    """A labelled text and what both stages say."""

    surface: str
    attack: bool
    harmful: bool
    group: str
    bucket: int
    mixed: bool
    """Typed by somebody, and possibly with material in it."""
    logits: NDArray[np.float32]
    """Of the encoder: the highest over windows, by head."""
    first: NDArray[np.float32]
    """Of the first stage: the highest over windows, by surface."""
    tokens: int
    """Of the encoder, in the whole text."""


def measure(
    folder: Path,
    texts: Iterable[tuple[str, str, bool, bool]],
    log: Callable[[str], None] = print,
    most_tokens: float = float("inf"),
    *,
    material_alone: bool = False,
) -> list[Known]:
    """Both stages over (surface, text, attack, harmful), but for texts of more than ``most_tokens``.

    With ``material_alone`` what somebody typed is read by the head for material only; its other logits are those, too.
    """
    tokenizer, encoder = Tokens(stored(folder, TOKENIZER) or b""), Encoder.read(folder, threads=2)
    linear = Linear.parse((folder / "linear.npz").read_bytes())
    known = []
    last = ""
    windows: list[Window] = []
    tokens = 0
    read: dict[int, NDArray[np.float32]] = {}
    for number, (surface, text, attack, harmful) in enumerate(texts):
        if text != last:  # some are measured on both surfaces, one after the other
            whole = tokenizer.of(text)
            tokens = len(whole.ids)
            last, windows, read = text, cut(whole, SIZE, OVERLAP), {}
        if not windows or tokens > most_tokens:
            continue
        mixed = surface == "user" and may_hold_material(text)
        own = MATERIAL if material_alone else HEADS.index(surface)
        for head in {own, MATERIAL} if mixed else {own}:
            if head not in read:
                read[head] = _highest(encoder, windows, head)
        logits = read[own].copy()
        if mixed:
            logits[MATERIAL] = read[MATERIAL][MATERIAL]
        bucket = sum(1 for least in LENGTHS[1:] if len(windows) >= least)
        first = linear.screen(text).logits.max(axis=0)
        known.append(Known(surface, attack, harmful, script_group(text), bucket, mixed, logits, first, tokens))
        if number % 1000 == 0:
            log(f"{number} texts")
    return known


def _highest(encoder: Encoder, windows: Sequence[Window], head: int) -> NDArray[np.float32]:
    """[heads]: the highest logits over windows that are read for the surface of ``head``."""
    read = (encoder.encode(window._replace(heads=(head,)))[0] for window in windows)
    highest: NDArray[np.float32] = np.stack([encoded.logits for encoded in read]).max(axis=0)
    return highest


def thresholds(known: Sequence[Known]) -> dict[str, dict[str, list[float]]]:
    """By head and script group, one logit per length bucket."""
    table: dict[str, dict[str, list[float]]] = {}
    for head, column in (*zip(HEADS, range(len(HEADS)), strict=True), (MIXED, MATERIAL)):
        benign = [one for one in known if _harmless(head, one)]
        base = _quantile([one.logits[column] for one in benign], RATES[head])
        rows = {"other": [_cell(benign, column, base, head, None, bucket) for bucket in range(len(LENGTHS))]}
        for group in GROUPS[:-1]:
            if sum(one.group == group for one in benign) >= FEWEST:
                rows[group] = [_cell(benign, column, base, head, group, bucket) for bucket in range(len(LENGTHS))]
        table[head] = rows
    table[MIXED] = {group: _at_least(edges, table["content"], group) for group, edges in table[MIXED].items()}
    return table


def band(
    known: Sequence[Known], table: dict[str, dict[str, list[float]]], surfaces: Sequence[str] = ("user", "content")
) -> dict[str, float]:
    """By surface, the first-stage logit below which the encoder is not asked: as high as ``LOST`` allows, and no
    higher than ``SKIPPED`` needs. For short material ``LOST`` alone counts: little else is cheap to pass, and orders
    by other hands that the first stage lost stood in longer texts."""
    low = {}
    for surface in surfaces:
        column = HEADS.index(surface)
        caught = [one.first[column] for one in known if one.surface == surface and called(one, table)]
        least = np.quantile(caught, LOST[surface])
        if column == MATERIAL:
            low[SHORT] = round(float(least), 3)
        benign = [one.first[column] for one in known if not one.attack and one.surface == surface]
        if benign:
            least = min(least, np.quantile(benign, SKIPPED[surface]))
        low[surface] = round(float(least), 3)
    return low


def called(one: Known, table: dict[str, dict[str, list[float]]]) -> bool:
    """Whether it is an attack that the encoder calls one."""
    return one.attack and bool(one.logits[HEADS.index(one.surface)] > _limit(table, one.surface, one))


def write(path: Path, table: dict[str, dict[str, list[float]]], brief: dict[str, Any]) -> None:
    """``calibration.json``."""
    content = {"schema": SCHEMA, "thresholds": table, "brief": brief}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def development_sets(folder: Path) -> Iterator[tuple[str, str, bool, bool]]:
    """(surface, text, attack, harmful) of each row, on each surface that it belongs to."""
    content = ("bipia_embed_train", "taubench_records", "t0_sample")
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            item = json.loads(line)
            harmful = item["kind"] == "harmful_request"
            attack = bool(item["label"]) and path.stem != "hinglish_heldout"
            if path.stem not in ("bipia_embed_train", "taubench_records") and path.stem != "hinglish_heldout":
                yield "user", item["text"], attack, harmful
            if path.stem in content:
                yield "content", item["text"], attack, False


def development(folder: Path, downloads: Path, seed: int) -> Iterator[tuple[str, str, bool, bool]]:
    """The development sets, documents and requests held out from training, and orders planted in such documents."""
    yield from development_sets(folder)
    rng = random.Random(seed)
    for text, _ in manuals.pieces(rng, 150, held_out=True):
        yield "content", text, False, False
    for text, _ in manuals.pieces(rng, 100, held_out=True, shortest=4_000):
        yield "content", text, False, False
        yield "user", text, False, False
    real = descriptions.Documents(descriptions.fetch(downloads), held_out=True)
    pieces = [real.piece(rng, shortest) for shortest in (500,) * 300 + (4_000,) * 150]
    yield from (("content", text, False, False) for text in dict.fromkeys(pieces))
    pieces = [real.piece(rng, 2_000) for _ in range(100)]
    yield from (("user", text, False, False) for text in dict.fromkeys(pieces))
    for row in contrast.rows(rng, 600, real):
        if row.attack:
            yield "content", row.text, True, False
    for text in sampled.texts(True):
        yield "user", text, False, False


def _at_least(edges: list[float], content: dict[str, list[float]], group: str) -> list[float]:
    return [max(pair) for pair in zip(edges, content.get(group) or content["other"], strict=True)]


def _harmless(head: str, one: Known) -> bool:
    if head == MIXED:
        return one.mixed and not one.attack
    if head in ("user", "content"):
        return one.surface == head and not one.attack
    return not one.attack and not one.harmful


def _limit(table: dict[str, dict[str, list[float]]], head: str, one: Known) -> float:
    rows = table[head]
    return (rows.get(one.group) or rows["other"])[one.bucket]


def _cell(benign: Sequence[Known], column: int, base: float, head: str, group: str | None, bucket: int) -> float:
    """The cell's own quantile, at least the base; cells with few texts use the base."""
    inside = [one.logits[column] for one in benign if one.bucket == bucket and group in (None, one.group)]
    own = _quantile(inside, RATES[head]) if len(inside) >= FEWEST else base
    return round(max(base, own), 3)


def _quantile(values: Sequence[np.float32], rate: float) -> float:
    return float(np.quantile(np.array(values), 1.0 - rate))
