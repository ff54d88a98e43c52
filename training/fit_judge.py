"""Teaches a judge, on what the lower layers made of windows once (they do not learn)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bartizan.inspection.classifier.artefact import TRUNK, stored
from bartizan.inspection.classifier.network import Network
from training.judge import WIDTH, Judge

RATE = 1e-3
DECAY = 0.05
DROPPED = 0.2
"""Share of the states' numbers that a batch goes without."""
TOKENS, MOST = 4_000, 64
"""Of a batch, padding included; windows of one."""


class States:
    """Hidden states of many windows, on disk, in 16 bits.

    Args:
        path: of the file; written anew.
        trunk: folder with the lower layers.
        windows: tokens of each, with the special ones.
    """

    def __init__(self, path: Path, trunk: Path, windows: Sequence[Sequence[int]]) -> None:
        network = Network(stored(trunk, TRUNK) or b"", ["hidden"])
        self.ends = np.cumsum([0, *map(len, windows)])
        shape = (int(self.ends[-1]), WIDTH)
        self._all = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
        for number, ids in enumerate(windows):
            (hidden,) = network.run(input_ids=np.array([ids], np.int64))
            self._all[self.ends[number] : self.ends[number + 1]] = hidden

    def batch(self, places: Sequence[int]) -> tuple[Tensor, Tensor]:
        """[batch, tokens, width] and a mask that is 0.0 on padding."""
        lengths = [int(self.ends[place + 1] - self.ends[place]) for place in places]
        hidden, mask = torch.zeros(len(places), max(lengths), WIDTH), torch.zeros(len(places), max(lengths))
        for row, (place, length) in enumerate(zip(places, lengths, strict=True)):
            states: NDArray[np.float16] = self._all[self.ends[place] : self.ends[place + 1]]
            hidden[row, :length] = torch.from_numpy(states.astype(np.float32))
            mask[row, :length] = 1.0
        return hidden, mask


def fit(states: States, labels: Sequence[int], passes: int, seed: int, log: Callable[[str], None] = print) -> Judge:
    """The same seed on the same machine gives the same weights.

    Args:
        states: of each window.
        labels: 1 or 0, for each window.
        passes: over all of them.
        seed: of the weights and the order.
        log: told once a pass.
    """
    torch.manual_seed(seed)
    rng = random.Random(seed)
    judge = Judge()
    optimizer = torch.optim.AdamW(judge.parameters(), lr=RATE, weight_decay=DECAY)
    targets = torch.tensor(labels, dtype=torch.float32)[:, None]
    groups = list(_groups(states.ends))
    step, steps = 0, passes * len(groups)
    for number in range(passes):
        rng.shuffle(groups)
        total = 0.0
        for group in groups:
            share = step / steps
            for parameters in optimizer.param_groups:
                parameters["lr"] = RATE * min(1.0, share / 0.05 + 0.02) * (1.0 - share)
            hidden, mask = states.batch(group)
            with torch.autocast("cpu", torch.bfloat16):
                logits = judge(functional.dropout(hidden, DROPPED), mask)
            loss = functional.binary_cross_entropy_with_logits(logits, targets[group])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += float(loss.detach())
            step += 1
        log(f"pass {number}, loss {total / len(groups):.4f}")
    return judge.eval()


def _groups(ends: NDArray[np.int64]) -> Iterator[list[int]]:
    """Windows of like length."""
    lengths = np.diff(ends)
    group: list[int] = []
    for place in np.argsort(lengths, kind="stable"):
        if group and ((len(group) + 1) * lengths[place] > TOKENS or len(group) == MOST):
            yield group
            group = []
        group.append(int(place))
    yield group
