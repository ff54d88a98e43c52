"""A language model in a folder, as Hugging Face's ``transformers`` loads it, without code of the folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from bartizan.core.errors import ConfigurationError
from bartizan.redteam.whitebox.interface import Floats, Ids

_AT_ONCE: Final = 16
"""Prompts whose losses are computed together."""


class LocalModel:
    """Implements ``WhiteBox`` with PyTorch on the processor.

    Args:
        path: a folder with configuration, tokenizer and safetensors, or one GGUF file. Scan it before.

    Raises:
        ConfigurationError: a library is missing, or nothing that can be loaded is there.
    """

    def __init__(self, path: Path) -> None:
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise ConfigurationError(f"{error.name} is not installed", "pip install 'bartizan[whitebox]'") from None
        self._torch = torch
        single = path.is_file()
        place: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        place |= {"gguf_file": path.name} if single else {}
        folder = str(path.parent if single else path)
        weights = {} if single else {"use_safetensors": True}
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, **place)
            model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **place, **weights)
        except Exception as error:  # transformers raises nearly everything for what a file says
            cause = str(error).strip().splitlines() or [type(error).__name__]
            raise ConfigurationError(f"{path} cannot be loaded: {cause[0][:200]}") from None
        self._model = model.eval().requires_grad_(requires_grad=False)
        self._table = model.get_input_embeddings().weight
        self.usable = self._usable()

    def _usable(self) -> Ids:
        special = set(self._tokenizer.all_special_ids)
        added = set(self._tokenizer.get_added_vocab().values())
        texts = self._tokenizer.batch_decode([[token] for token in range(len(self._table))])
        plain = [
            token
            for token, text in enumerate(texts)
            if token not in special and token not in added and text.strip() and text.isascii() and text.isprintable()
        ]
        return np.asarray(plain, np.int64)

    def encode(self, text: str) -> list[int]:
        """See ``WhiteBox.encode``."""
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return tokens

    def decode(self, tokens: Sequence[int]) -> str:
        """See ``WhiteBox.decode``."""
        text: str = self._tokenizer.decode(list(tokens), clean_up_tokenization_spaces=False)
        return text

    def losses(self, prompts: Ids, answer: Ids) -> Floats:
        """See ``WhiteBox.losses``."""
        torch, found = self._torch, []
        wanted = torch.from_numpy(answer)
        with torch.inference_mode():
            for at in range(0, len(prompts), _AT_ONCE):
                some = torch.from_numpy(prompts[at : at + _AT_ONCE])
                tokens = torch.hstack([some, wanted.expand(len(some), -1)])
                found.append(self._loss(self._model(input_ids=tokens).logits, wanted).numpy())
        return np.concatenate(found)

    def _loss(self, logits: Any, wanted: Any) -> Any:
        said = logits[:, -len(wanted) - 1 : -1].transpose(1, 2)
        cross = self._torch.nn.functional.cross_entropy
        return cross(said, wanted.expand(len(said), -1), reduction="none").mean(dim=1)

    def gradient(self, prompt: Ids, places: slice, answer: Ids) -> Floats:
        """See ``WhiteBox.gradient``."""
        torch = self._torch
        tokens = torch.from_numpy(np.concatenate([prompt, answer]))
        chosen = torch.nn.functional.one_hot(tokens[places], len(self._table)).to(self._table.dtype)
        chosen.requires_grad_()
        whole = self._table[tokens]
        mixed = torch.cat([whole[: places.start], chosen @ self._table, whole[places.stop :]])
        loss = self._loss(self._model(inputs_embeds=mixed[None]).logits, torch.from_numpy(answer))[0]
        (gradient,) = torch.autograd.grad(loss, chosen)
        result: Floats = gradient.numpy()
        return result

    def continued(self, prompt: Ids, most: int) -> list[int]:
        """See ``WhiteBox.continued``."""
        torch = self._torch
        tokens = torch.from_numpy(prompt)[None]
        with torch.inference_mode():
            said = self._model.generate(
                input_ids=tokens,
                attention_mask=torch.ones_like(tokens),
                max_new_tokens=most,
                do_sample=False,
                pad_token_id=0,
            )
        tokens_said: list[int] = said[0, len(prompt) :].tolist()
        return tokens_said
