"""Scores texts with the torch encoder as the product will: overlapping windows, the highest logit of each head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.encoder import HEADS, Encoder

WINDOW = 254
STRIDE = 190


def scores(encoder: Encoder, tokenizer: Tokenizer, texts: Sequence[str], tokens: int = 8192) -> NDArray[np.float32]:
    """[texts, heads]: the highest logit over windows."""
    windows: list[tuple[int, list[int]]] = []
    for number, encoding in enumerate(tokenizer.encode_batch(list(texts), add_special_tokens=False)):
        windows.extend((number, [0, *piece, 2]) for piece in cut(encoding.ids))
    windows.sort(key=lambda window: len(window[1]))
    best = np.full((len(texts), len(HEADS)), -np.inf, np.float32)
    encoder.eval()
    begin = 0
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        while begin < len(windows):
            end = begin + 1
            while end < len(windows) and len(windows[end][1]) * (end + 1 - begin) <= tokens:
                end += 1
            batch = windows[begin:end]
            longest = len(batch[-1][1])
            ids = torch.full((len(batch), longest), 1)
            for row, (_, piece) in enumerate(batch):
                ids[row, : len(piece)] = torch.tensor(piece)
            logits = encoder(ids, (ids != 1).long())[0].float().numpy()
            for (number, _), values in zip(batch, logits, strict=True):
                best[number] = np.maximum(best[number], values)
            begin = end
    return best


def cut(ids: list[int]) -> list[list[int]]:
    """Overlapping windows; the last one ends with the text."""
    if len(ids) <= WINDOW:
        return [ids]
    starts = [*range(0, len(ids) - WINDOW, STRIDE), len(ids) - WINDOW]
    return [ids[start : start + WINDOW] for start in starts]
