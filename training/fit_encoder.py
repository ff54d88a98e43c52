"""Fine-tunes the encoder: masked binary cross-entropy a head, token supervision for attacks inside material."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from training.batches import UNKNOWN, Batch, batches
from training.encoder import Encoder
from training.windows import Sample

HEAD_WEIGHTS = (1.0, 1.0, 0.3, 0.3, 0.3)
FOCUS_WEIGHT = 0.5
SMOOTHING = 0.02
ENERGY_WEIGHT, ENERGY_MARGIN, ENERGY_MOST = 0.1, 0.05, 4.0
"""Thresholds stand in the tail of harmless texts, so that tail has a price of its own: a squared hinge on their energy
(Liu et al., arXiv 2010.03759, equation 8), bounded because some public labels are wrong."""


def fit(
    encoder: Encoder,
    epochs: Sequence[Sequence[Sample]],
    seed: int,
    frozen: int,
    rate: float = 1.5e-4,
    tokens: int = 4096,
    minutes: float | None = None,
    log: Callable[[str], None] = print,
    checkpoint: Callable[[Encoder, float], None] | None = None,
) -> None:
    """Train in place.

    Args:
        encoder: what learns; its word vectors and lowest ``frozen`` layers stay as they are, which keeps what the
            base knows about languages that the training texts lack, and saves a third of the time.
        epochs: the samples of each pass (fresh windows and disguises each time).
        seed: of the order.
        frozen: layers that do not learn.
        rate: peak learning rate; lower layers learn slower (0.9 a layer).
        tokens: of a batch, padding included.
        minutes: end after so many, whatever is unread by then; the learning rate falls accordingly. A run that time
            ends is not repeatable to the bit.
        log: told once every fifty steps.
        checkpoint: called with the share done, a few times.
    """
    rng = random.Random(seed)
    torch.manual_seed(seed)
    for part in (encoder.words, encoder.positions, encoder.norm, *encoder.layers[:frozen]):
        part.requires_grad_(False)
    optimizer = torch.optim.AdamW(_groups(encoder, rate, frozen), weight_decay=0.01)
    peaks = [group["lr"] for group in optimizer.param_groups]
    total = sum(len(sample.ids) for samples in epochs for sample in samples)
    done = 0
    step = 0
    begun = time.monotonic()
    running = 0.0
    encoder.train()
    for samples in epochs:
        for batch in batches(samples, tokens, rng):
            share = done / total
            if minutes is not None:
                share = max(share, (time.monotonic() - begun) / (60 * minutes))
            if share >= 1.0:
                return
            factor = min(1.0, share / 0.05 + 0.02) * (1.0 - share) ** 0.8
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            loss = _loss(encoder, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            done += int(batch.mask.sum())
            step += 1
            running = 0.98 * running + 0.02 * loss.item() if step > 1 else loss.item()
            if step % 50 == 0:
                spent = time.monotonic() - begun
                log(f"{step} steps, {100 * done / total:.1f}%, loss {running:.4f}, {done / spent:.0f} tokens/s")
            if checkpoint is not None and step % 500 == 0:
                checkpoint(encoder, done / total)
                encoder.train()


def _loss(encoder: Encoder, batch: Batch) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        logits, focus = encoder(batch.ids, batch.mask)
    known = (batch.labels != UNKNOWN).float()
    labels = batch.labels.clamp(0, 1) * (1 - 2 * SMOOTHING) + SMOOTHING
    each = functional.binary_cross_entropy_with_logits(logits.float(), labels, reduction="none")
    weight = known * torch.tensor(HEAD_WEIGHTS) * batch.weights[:, None]
    loss = (each * weight).sum() / weight.sum().clamp(min=1.0)
    energy = functional.softplus(logits.float()).clamp(max=ENERGY_MOST) - ENERGY_MARGIN
    harmless = weight * (batch.labels == 0)
    loss = loss + ENERGY_WEIGHT * (energy.clamp(min=0.0) ** 2 * harmless).sum() / weight.sum().clamp(min=1.0)
    told = (batch.focus != UNKNOWN).float() * batch.mask
    if told.any():
        tokens = functional.binary_cross_entropy_with_logits(
            focus[:, :, 1].float(), batch.focus.clamp(0, 1), reduction="none", pos_weight=torch.tensor(2.0)
        )
        loss = loss + FOCUS_WEIGHT * (tokens * told).sum() / told.sum()
    return loss


def _groups(encoder: Encoder, rate: float, frozen: int) -> list[dict[str, object]]:
    layers = list(encoder.layers)
    groups: list[dict[str, object]] = [
        {"params": list(layer.parameters()), "lr": rate * 0.9 ** (len(layers) - 1 - number)}
        for number, layer in enumerate(layers)
        if number >= frozen
    ]
    heads = [*encoder.focus.parameters(), *encoder.pooled.parameters(), *encoder.heads.parameters()]
    groups.append({"params": heads, "lr": rate * 2})
    return groups
