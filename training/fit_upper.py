"""Upper layers learn on: from labels on new texts, held to what the model in force says of the rest."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from training.batches import UNKNOWN, Batch, batches
from training.encoder import HEADS, Upper
from training.fit_encoder import ENERGY_MARGIN, ENERGY_MOST, ENERGY_WEIGHT, FOCUS_WEIGHT, HEAD_WEIGHTS, SMOOTHING
from training.states import States
from training.windows import Sample

CONTENT = HEADS.index("content")
RATE = 8e-5
DECAY = 0.9
"""Of the learning rate, a layer downwards."""
HELD = 1.0
"""Weight of the distance to what the model in force says, where it says so and its label does not say otherwise."""


def fit(
    upper: Upper,
    states: States,
    samples: Sequence[Sample],
    seed: int,
    threshold: float,
    minutes: float | None = None,
    tokens: int = 4096,
    log: Callable[[str], None] = print,
    checkpoint: Callable[[Upper], None] | None = None,
    heads: Sequence[int] = (CONTENT,),
) -> None:
    """Train in place, one pass.

    Args:
        upper: what learns.
        states: of the samples.
        samples: those with ``said`` are held to it.
        seed: of the order.
        threshold: logit of the first of ``heads`` from which the model in force calls a sample an attack.
        minutes: end after so many; the learning rate falls accordingly. Such a run is not repeatable to the bit.
        tokens: of a batch, padding included.
        log: told every fifty steps.
        checkpoint: called every ten minutes.
        heads: whose labels teach; that of the surface first.
    """
    rng = random.Random(seed)
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(_groups(upper), weight_decay=0.01)
    peaks = [group["lr"] for group in optimizer.param_groups]
    total = sum(len(sample.ids) for sample in samples)
    begun = kept = time.monotonic()
    done, running = 0, 0.0
    upper.train()
    for step, batch in enumerate(batches(samples, tokens, rng)):
        share = done / total
        if minutes is not None:
            share = max(share, (time.monotonic() - begun) / (60 * minutes))
        if share >= 1.0:
            return
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * min(1.0, share / 0.05 + 0.02) * (1.0 - share) ** 0.8
        loss = _loss(upper, states.of(batch), batch, threshold, list(heads))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(upper.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done += int(batch.mask.sum())
        running = 0.98 * running + 0.02 * loss.item() if step else loss.item()
        if step % 50 == 49:
            spent = time.monotonic() - begun
            log(f"{step + 1} steps, {100 * done / total:.1f}%, loss {running:.4f}, {done / spent:.0f} tokens/s")
        if checkpoint is not None and time.monotonic() - kept > 600:
            kept = time.monotonic()
            checkpoint(upper)
            upper.train()


def _loss(upper: Upper, hidden: Tensor, batch: Batch, threshold: float, heads: list[int]) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        logits, focus = upper(hidden, batch.mask)
    logits = logits.float()
    label = batch.labels[:, heads]
    weight = (label != UNKNOWN) * batch.weights[:, None] * torch.tensor(HEAD_WEIGHTS)[heads]
    wanted = label.clamp(0, 1) * (1 - 2 * SMOOTHING) + SMOOTHING
    each = functional.binary_cross_entropy_with_logits(logits[:, heads], wanted, reduction="none")
    energy = functional.softplus(logits[:, heads]).clamp(max=ENERGY_MOST) - ENERGY_MARGIN
    each = each + ENERGY_WEIGHT * energy.clamp(min=0.0) ** 2 * (label == 0)
    loss = (each * weight).sum() / weight.sum().clamp(min=1.0)
    told = (batch.focus != UNKNOWN).float() * batch.mask
    if CONTENT in heads and told.any():
        token = functional.binary_cross_entropy_with_logits(
            focus[:, :, CONTENT].float(), batch.focus.clamp(0, 1), reduction="none", pos_weight=torch.tensor(2.0)
        )
        loss = loss + FOCUS_WEIGHT * (token * told).sum() / told.sum()
    return loss + HELD * _distance(logits, batch, threshold, heads[0])


def _distance(logits: Tensor, batch: Batch, threshold: float, head: int) -> Tensor:
    """From what the model in force said, but for its mistakes."""
    known = torch.tensor([sample.said is not None for sample in batch.samples])
    said = torch.tensor([sample.said or [0.0] * len(HEADS) for sample in batch.samples])
    held = known[:, None].repeat(1, len(HEADS))
    label = batch.labels[:, head]
    wrong = (label != UNKNOWN) & ((said[:, head] > threshold) != (label > 0.5))
    held[:, head] &= ~wrong
    each = functional.smooth_l1_loss(logits, said, reduction="none")
    return (each * held).sum() / held.sum().clamp(min=1)


def _groups(upper: Upper) -> list[dict[str, object]]:
    layers = list(upper.layers)
    groups: list[dict[str, object]] = [
        {"params": list(layer.parameters()), "lr": RATE * DECAY ** (len(layers) - 1 - number)}
        for number, layer in enumerate(layers)
    ]
    heads = [*upper.focus.parameters(), *upper.pooled.parameters(), *upper.heads.parameters()]
    groups.append({"params": heads, "lr": 2 * RATE})
    return groups
