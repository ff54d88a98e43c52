"""Greedy coordinate gradient: a suffix after which a model begins its answer as it is told to.

Source: Zou et al., "Universal and Transferable Adversarial Attacks on Aligned Language Models", arXiv:2307.15043,
algorithm 1, for one request and one model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from bartizan.core.errors import ConfigurationError
from bartizan.redteam.whitebox.frames import Frame
from bartizan.redteam.whitebox.interface import Floats, Ids, WhiteBox

LONGEST: Final = 2_048
"""Tokens of a prompt."""
_FIRST: Final = " !"
"""What the suffix consists of before the search, where it can."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """How it is searched."""

    steps: int = 200
    length: int = 16
    """Tokens of the suffix."""
    top: int = 128
    """Tokens that are considered at each place: those along which the loss falls most steeply."""
    width: int = 128
    """Suffixes that are tried in each step; each differs from the last in one token."""
    seed: int = 1


class Suffix(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    text: str
    first_loss: float
    """Of the wanted beginning, in nats a token, before the search."""
    loss: float
    steps: int
    tried: int
    """Suffixes whose loss was computed."""
    said: str
    """How the model's answer begins now, without chance."""
    reached: bool
    """It begins as wanted."""


def search(
    model: WhiteBox,
    frame: Frame,
    request: str,
    answer: str,
    how: Search,
    show: Callable[[int, float], None] = lambda step, loss: None,
) -> Suffix:
    """Search a suffix of ``request`` after which the answer begins with ``answer``.

    Only suffixes that come out as the same tokens when their text is sent are kept.

    Args:
        model: the model.
        frame: around what the user says.
        request: of the user.
        answer: the beginning that is wanted.
        how: effort and seed.
        show: called after each step with its number and the loss.

    Raises:
        ConfigurationError: the texts are empty or too long, or the model's tokens cannot write a suffix.
    """
    head, tail = model.encode(frame.before + request), model.encode(frame.after)
    wanted = np.asarray(model.encode(answer), np.int64)
    if not len(wanted) or not request.strip():
        raise ConfigurationError("request and answer need some words each")
    if len(head) + how.length + len(tail) + len(wanted) > LONGEST:
        raise ConfigurationError(f"request and answer have more than {LONGEST} tokens")
    places = slice(len(head), len(head) + how.length)
    rng = np.random.default_rng(how.seed)

    def prompts(suffixes: Ids) -> Ids:
        rows = len(suffixes)
        return np.hstack([np.tile(head, (rows, 1)), suffixes, np.tile(tail, (rows, 1))]).astype(np.int64)

    suffix = _start(model, how.length, prompts)
    best = first = float(model.losses(prompts(suffix[None]), wanted)[0])
    found, tried, step = suffix, 1, 0
    for step in range(1, how.steps + 1):
        gradient = model.gradient(prompts(suffix[None])[0], places, wanted)
        candidates = _neighbours(suffix, gradient, model.usable, how, rng)
        candidates = candidates[[reads_back(model, row) for row in prompts(candidates)]]
        if len(candidates):
            losses = model.losses(prompts(candidates), wanted)
            tried += len(candidates)
            lowest = int(np.argmin(losses))
            suffix = candidates[lowest]
            if losses[lowest] < best:
                best, found = float(losses[lowest]), suffix
        show(step, best)
        if best < 1.0 and _says(model, prompts(found[None])[0], wanted):
            break
    said = model.continued(prompts(found[None])[0], len(wanted))
    return Suffix(
        text=model.decode(found.tolist()),
        first_loss=first,
        loss=best,
        steps=step,
        tried=tried,
        said=model.decode(said),
        reached=said == wanted.tolist(),
    )


def _says(model: WhiteBox, prompt: Ids, wanted: Ids) -> bool:
    return model.continued(prompt, len(wanted)) == list(map(int, wanted))


def _start(model: WhiteBox, length: int, prompts: Callable[[Ids], Ids]) -> Ids:
    """The same token again and again, of those that read back as they are between request and answer."""
    first = [token for token in model.encode(_FIRST) if token in model.usable]
    for token in (*first, *model.usable.tolist()):
        suffix = np.full(length, token, np.int64)
        if reads_back(model, prompts(suffix[None])[0]):
            return suffix
    raise ConfigurationError("no suffix reads back as the same tokens", "is it the right frame for this model?")


def _neighbours(suffix: Ids, gradient: Floats, usable: Ids, how: Search, rng: np.random.Generator) -> Ids:
    """``width`` copies, in each of which one token is another of the best at its place."""
    top = min(how.top, len(usable))
    best = usable[np.argpartition(gradient[:, usable], top - 1, axis=1)[:, :top]]
    copies = np.tile(suffix, (how.width, 1))
    where = rng.integers(0, len(suffix), how.width)
    copies[np.arange(how.width), where] = best[where, rng.integers(0, top, how.width)]
    return np.unique(copies, axis=0)


def reads_back(model: WhiteBox, tokens: Ids) -> bool:
    """Whether the text of these tokens, sent as a text, comes out as the same tokens."""
    row = list(map(int, tokens))
    return model.encode(model.decode(row)) == row
