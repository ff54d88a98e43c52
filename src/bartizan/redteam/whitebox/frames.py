"""How chat models are told who speaks. Templates of models are never rendered: they are programs of their authors."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple


class Frame(NamedTuple):
    """What stands before and after what the user says, up to where the model answers."""

    before: str
    after: str


FRAMES: Final = MappingProxyType(
    {
        "plain": Frame("", "\n"),
        "chatml": Frame("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
        "llama3": Frame(
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
            "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        "gemma": Frame("<bos><start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n"),
        "mistral": Frame("<s>[INST] ", " [/INST]"),
    }
)
"""By name. Sources: the model cards of SmolLM2 and Qwen (ChatML), Llama 3, Gemma and Mistral."""
