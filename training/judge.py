"""A judge of windows in torch, over what the encoder's lower layers make of them: by their spots and as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

WIDTH = 384
"""Of the lower layers' output."""
HIDDEN, LOOKS, WHOLE = 96, 4, 128
SPREAD = (1, 3)
"""How many tokens on either side each convolution looks at: so far apart, and the one between."""


class Judge(nn.Module):
    """Hidden states of a window to one logit.

    The sum of the highest logit of any token, after two convolutions, and of one from four weighted means.
    """

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(WIDTH, HIDDEN)
        self.layers = nn.ModuleList(nn.Linear(3 * HIDDEN, HIDDEN) for _ in SPREAD)
        self.say = nn.Linear(HIDDEN, 1)
        self.look = nn.Linear(WIDTH, LOOKS)
        self.whole = nn.Sequential(nn.Linear(LOOKS * WIDTH, WHOLE), nn.ReLU(), nn.Linear(WHOLE, 1))

    def forward(self, hidden: Tensor, mask: Tensor | None = None) -> Tensor:
        """[batch, tokens, width] to [batch, 1]; ``mask`` [batch, tokens] is 0.0 on padding."""
        seen = hidden.new_ones(hidden.shape[:2]) if mask is None else mask
        x = torch.relu(self.enter(hidden)) * seen[:, :, None]
        for layer, by in zip(self.layers, SPREAD, strict=True):
            gap = x[:, :1].expand(-1, by, -1) * 0.0
            wide = torch.cat([gap, x, gap], 1)
            tokens = x.shape[1]
            near = torch.cat([wide[:, :tokens], x, wide[:, 2 * by : 2 * by + tokens]], 2)
            x = (x + torch.relu(layer(near))) * seen[:, :, None]
        unseen = (1.0 - seen[:, :, None]) * 1e4
        spot = (self.say(x).float() - unseen).amax(1)
        weights = torch.softmax(self.look(hidden).float() - unseen, 1).to(hidden.dtype)
        means = (weights.transpose(1, 2) @ hidden).flatten(1)
        logits: Tensor = spot + self.whole(means).float()
        return logits


def export(judge: Judge, target: Path) -> int:
    """Write ``target``; its size in bytes. Input ``hidden`` [1, tokens, width]; output ``logits`` [1, 1].

    Matrices are kept in 16 bits, which the runtime widens when it loads; sums are of 32.
    """
    torch.onnx.export(
        judge.eval(),
        (torch.randn(1, 40, WIDTH),),
        target,
        input_names=["hidden"],
        output_names=["logits"],
        dynamic_axes={"hidden": {1: "tokens"}},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(target)
    model.producer_version = ""
    for tensor in list(model.graph.initializer):
        if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2:
            half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}.half")
            model.graph.node.insert(0, helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
            model.graph.initializer.remove(tensor)
            model.graph.initializer.append(half)
    onnx.save(model, target)
    return target.stat().st_size
