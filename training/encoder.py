"""The encoder in torch: BERT (Devlin et al., arXiv 1810.04805) with mean and attention pooling and one logit a head."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.base_encoder import BaseEncoder

HEADS = ("user", "content", "extraction", "jailbreak", "harmful")


class Layer(nn.Module):
    """One transformer layer, normalised after each half.

    No dropout inside, and no fused attention where gradients flow: on a CPU random numbers and the fused backward
    pass took half of a step.
    """

    def __init__(self, hidden: int, heads: int, feed_forward: int, epsilon: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden, epsilon)
        self.up = nn.Linear(hidden, feed_forward)
        self.down = nn.Linear(feed_forward, hidden)
        self.final_norm = nn.LayerNorm(hidden, epsilon)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """[batch, tokens, hidden] in and out; ``bias`` [batch, 1, 1, tokens] is added to the attention logits."""
        batch, tokens, hidden = x.shape
        qkv = self.qkv(x).view(batch, tokens, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        mixed = self._attend(qkv, bias)
        x = self.norm(x + self.out(mixed.transpose(1, 2).reshape(batch, tokens, hidden)))
        return self.final_norm(x + self.down(functional.gelu(self.up(x))))

    def _attend(self, qkv: Tensor, bias: Tensor | None) -> Tensor:
        q, k, v = qkv
        if qkv.dtype is torch.bfloat16 and not qkv.requires_grad:
            return functional.scaled_dot_product_attention(q, k, v, None if bias is None else bias.to(q.dtype))
        logits = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        if bias is not None:
            logits = logits + bias.to(logits.dtype)
        with torch.autocast("cpu", enabled=False):  # which would take the softmax, half of a step, in float32
            return torch.softmax(logits, -1) @ v


class Encoder(nn.Module):
    """Token ids to logits.

    Args:
        vocabulary: pieces.
        positions: longest input in tokens.
        layers: transformer layers kept of the base encoder, from the bottom.
    """

    def __init__(self, vocabulary: int, positions: int, layers: int, hidden: int = 384, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, hidden)
        self.positions = nn.Embedding(positions, hidden)
        self.norm = nn.LayerNorm(hidden, 1e-12)
        self.layers = nn.ModuleList(Layer(hidden, 12, 1536, 1e-12) for _ in range(layers))
        self.focus = nn.Linear(hidden, 2)
        """Per token: does it belong to an attack as a request, as material."""
        self.pooled = nn.Linear(3 * hidden, hidden)
        self.heads = nn.Linear(hidden, len(HEADS))
        self.drop = nn.Dropout(dropout)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Both [batch, tokens] int64. Returns logits [batch, heads] and token logits [batch, tokens, 2]."""
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.norm(self.words(input_ids) + self.positions(places))
        mask = attention_mask.to(x.dtype)
        padded = torch.jit.is_tracing() or not bool(attention_mask.all())
        bias = (1.0 - mask)[:, None, None, :] * -10000.0 if padded else None
        for layer in self.layers:
            x = layer(x, bias)
        return answers(self, x, mask)


class Upper(nn.Module):
    """What stands above the layers that encoders share: their states to what an encoder says.

    Args:
        layers: how many there are.
    """

    def __init__(self, layers: int, hidden: int = 384, dropout: float = 0.1) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(hidden, 12, 1536, 1e-12) for _ in range(layers))
        self.focus = nn.Linear(hidden, 2)
        self.pooled = nn.Linear(3 * hidden, hidden)
        self.heads = nn.Linear(hidden, len(HEADS))
        self.drop = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """[batch, tokens, hidden], [batch, tokens]. Returns logits [batch, heads], token logits [batch, tokens, 2]."""
        mask = attention_mask.to(hidden.dtype)
        bias = None if bool(attention_mask.all()) else (1.0 - mask)[:, None, None, :] * -10000.0
        for layer in self.layers:
            hidden = layer(hidden, bias)
        return answers(self, hidden, mask)


def answers(top: Encoder | Upper, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and token logits of the last layer's states; ``mask`` is 1.0 where there is a token."""
    focus = top.focus(x)
    weights = torch.softmax(focus.float() + (1.0 - mask.float())[:, :, None] * -10000.0, 1).to(x.dtype)
    attended = torch.einsum("btk,bth->bkh", weights, x).flatten(1)
    mean = (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    pooled = torch.tanh(top.pooled(top.drop(torch.cat([mean, attended], 1))))
    return top.heads(top.drop(pooled)), focus


def from_base(base: BaseEncoder, kept: list[int], positions: int, layers: int) -> Encoder:
    """An encoder with the base's weights for the pieces in ``kept`` and its lowest ``layers`` layers."""
    encoder = Encoder(len(kept), positions, layers, base.sizes.hidden)
    tensors = base.tensors
    hidden = base.sizes.hidden

    def put(parameter: Tensor, value: np.ndarray) -> None:
        parameter.data.copy_(torch.from_numpy(np.ascontiguousarray(value)).view_as(parameter))

    put(encoder.words.weight, tensors["emb.word"][kept])
    put(encoder.positions.weight, tensors["emb.pos"][:positions] + tensors["emb.type"][:hidden])
    put(encoder.norm.weight, tensors["emb.ln.w"])
    put(encoder.norm.bias, tensors["emb.ln.b"])
    for number, layer in enumerate(encoder.layers):
        assert isinstance(layer, Layer)
        of = {name: tensors[f"l{number}.{name}"] for name in _NAMES}
        put(layer.qkv.weight, np.concatenate([of["q.w"], of["k.w"], of["v.w"]]))
        put(layer.qkv.bias, np.concatenate([of["q.b"], of["k.b"], of["v.b"]]))
        for module, name in (
            (layer.out, "ao"),
            (layer.norm, "aln"),
            (layer.up, "fi"),
            (layer.down, "fo"),
            (layer.final_norm, "oln"),
        ):
            put(module.weight, of[f"{name}.w"])
            put(module.bias, of[f"{name}.b"])
    return encoder


_NAMES = tuple(f"{name}.{kind}" for name in ("q", "k", "v", "ao", "aln", "fi", "fo", "oln") for kind in ("w", "b"))
