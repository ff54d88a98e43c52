"""How fast this machine is, against the one that bounds in milliseconds are meant for.

    python -m training.pace --model FOLDER

The reference is six layers of the shape of MiniLM-L6-v2 (Wang et al., arXiv 2002.10957), exported and quantised
without any rewriting; its weights are drawn at random, which changes no cost. Where the bounds come from it takes
``REFERENCE``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import torch

from bartizan.inspection.classifier.encoder import Encoder as Shipped
from bartizan.inspection.classifier.network import Window
from training.encoder import Encoder
from training.export import export

LAYERS, PIECES, POSITIONS = 6, 30_522, 512
REFERENCE = {64: 3.9, 128: 7.5, 256: 16.6, 512: 46.0}
"""Milliseconds by tokens, int8 per channel, one thread."""
WINDOWS = (64, 128, 177, 254)
"""Tokens; a text of 300 makes two windows of about 177."""
CONTENT = 1
"""The head for material."""
TIMES = 21
HEADER = """\
| tokens | six layers, ms | where bounds come from, ms | times as long here | shipped, ms | times the six layers' |
|---|---|---|---|---|---|"""


def main() -> None:
    """Print both, in turn, as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    shipped = Shipped.read(parser.parse_args().model)
    with tempfile.TemporaryDirectory() as folder:
        reference = plain(Path(folder) / "reference.onnx")
    rng = np.random.default_rng(0)
    print(HEADER)
    for tokens in sorted({*REFERENCE, *WINDOWS}):
        ids = rng.integers(1_000, 20_000, (1, tokens))
        read: list[Callable[[], object]] = [
            partial(reference.run, None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        ]
        if tokens <= max(WINDOWS):
            read.append(partial(shipped.encode, Window(ids[0].tolist(), [(0, 0)] * tokens, (CONTENT,))))
        print(row(tokens, *milliseconds(read)), flush=True)


def plain(target: Path) -> onnxruntime.InferenceSession:
    """The reference, as a file and loaded."""
    torch.manual_seed(0)
    encoder = Encoder(PIECES, POSITIONS, LAYERS)
    with torch.no_grad():
        for one in encoder.parameters():  # the exporter keeps arrays that are equal once
            one.add_(0.02 * torch.randn_like(one))
    export(encoder, target, fused=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(target), options, providers=["CPUExecutionProvider"])


def milliseconds(calls: list[Callable[[], object]]) -> list[float]:
    """CPU time of each, the median of ``TIMES`` rounds in which they take turns."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(TIMES):
        for call, own in zip(calls, taken, strict=True):
            start = time.process_time()
            call()
            own.append(1_000 * (time.process_time() - start))
    return [median(own) for own in taken]


def row(tokens: int, reference: float, shipped: float | None = None) -> str:
    """Of the table."""
    bound = REFERENCE.get(tokens)
    there = ("", "") if bound is None else (f"{bound}", f"{reference / bound:.2f}")
    ours = ("", "") if shipped is None else (f"{shipped:.1f}", f"{shipped / reference:.2f}")
    return f"| {' | '.join((f'{tokens}', f'{reference:.1f}', *there, *ours))} |"


if __name__ == "__main__":
    main()
