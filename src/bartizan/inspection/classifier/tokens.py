"""Text to tokens."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer

from bartizan.core.errors import ArtefactError
from bartizan.inspection.classifier.artefact import REINSTALL
from bartizan.inspection.classifier.network import BEGIN, END, Window, line


class Tokens:
    """The tokenizer of the encoder. Safe to share between threads.

    Args:
        tokenizer: ``tokenizer.json``, or its path.

    Raises:
        ArtefactError: it is no tokenizer, or none of such an encoder.
    """

    def __init__(self, tokenizer: Path | bytes) -> None:
        content = tokenizer.read_bytes() if isinstance(tokenizer, Path) else tokenizer
        try:
            self._tokenizer = Tokenizer.from_buffer(content)
        except Exception as error:  # the library raises kinds of its own
            raise ArtefactError(f"the classifier does not load: {line(error)}", REINSTALL) from None
        if self._tokenizer.truncation is not None or self._tokenizer.padding is not None:
            raise ArtefactError("the tokenizer drops or adds tokens", REINSTALL)
        if (self._tokenizer.token_to_id("<s>"), self._tokenizer.token_to_id("</s>")) != (BEGIN, END):
            raise ArtefactError("the tokenizer's special tokens are not those of the encoder", REINSTALL)

    @property
    def last(self) -> int:
        """The highest token."""
        return self._tokenizer.get_vocab_size() - 1

    def of(self, text: str) -> Window:
        """The tokens of a text. Its cost grows with the text: callers bound it."""
        try:
            encoding = self._tokenizer.encode(text, add_special_tokens=False)
        except TypeError:  # lone surrogates, which are no text; replaced one for one, so that spans stay
            whole = text.encode("utf-8", "replace").decode()
            encoding = self._tokenizer.encode(whole, add_special_tokens=False)
        return Window(encoding.ids, encoding.offsets)
