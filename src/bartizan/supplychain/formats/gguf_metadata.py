"""What loaders of GGUF believe about the metadata, although they index memory by it: vocabularies, ids, counts.

Held against llama.cpp's ``llama-vocab.cpp`` and ``llama-model.cpp``: ``gguf_get_arr_data`` gives a bare pointer that is
read with the width the loader expects, tokens ``<0xNN>`` are written into a table of 256, and layers into one of 512.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bartizan.supplychain.source import ByteSource

STRING, ARRAY, INT32, FLOAT32, BOOL = 8, 9, 5, 6, 7
MOST_LAYERS = 512
"""``LLAMA_MAX_LAYERS``."""
_ARRAYS = {
    "tokenizer.ggml.tokens": STRING, "tokenizer.ggml.merges": STRING, "tokenizer.ggml.added_tokens": STRING,
    "tokenizer.ggml.scores": FLOAT32, "tokenizer.ggml.token_type": INT32,
}  # fmt: skip
"""The type of item that loaders take an array for."""
_FOR_EACH_TOKEN = ("tokenizer.ggml.scores", "tokenizer.ggml.token_type")
_ID = re.compile(r"tokenizer\.ggml\.\w+_token_id")
_NONE = 0xFFFFFFFF
"""How files say that there is no such token."""
_ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_BYTE = re.compile(rb"<0x(..)>", re.DOTALL)
_HEX = re.compile(rb"[0-9A-Fa-f]{2}")
_MOST_BYTES = 5_000


class Declared(NamedTuple):
    """One value of the metadata."""

    at: int
    """Offset of its key."""
    kind: int
    inner: int
    """Type of the items of an array; -1 otherwise."""
    items: int
    number: int
    """The value of a number; -1 otherwise."""
    text: str
    """The beginning of a text."""
    begin: int
    end: int
    """Where the value lies."""


class Contradiction(NamedTuple):
    """What is wrong, in words."""

    at: int
    what: str
    evidence: str


def vocabulary(declared: Mapping[str, Declared], source: ByteSource) -> Iterator[Contradiction]:
    """Arrays that a loader reads past, tokens that it writes outside its table."""
    tokens = declared.get("tokenizer.ggml.tokens")
    for key, inner in _ARRAYS.items():
        one = declared.get(key)
        if one is None:
            continue
        if one.kind != ARRAY or one.inner != inner:
            yield Contradiction(one.at, f"Loaders read it as an array of type {inner}, it is of {one.inner}.", key)
        elif key in _FOR_EACH_TOKEN and tokens is not None and one.items < tokens.items:
            yield Contradiction(one.at, f"It has {one.items} items for {tokens.items} tokens.", key)
    if tokens is not None and tokens.inner == STRING:
        yield from _bytes(tokens, source)


def _bytes(tokens: Declared, source: ByteSource) -> Iterator[Contradiction]:
    """Tokens that stand for a byte and name none."""
    at = source.find(b"<0x", tokens.begin, tokens.end)
    for _ in range(_MOST_BYTES):
        if at < 0:
            return
        length = int.from_bytes(source.read(at - 8, 8), "little")
        found = _BYTE.fullmatch(source.read(at, 6))
        if length == 6 and found and not _HEX.fullmatch(found[1]):
            yield Contradiction(
                at, "A loader takes what stands there for a place in its table.", found[0].decode("latin-1")
            )
            return
        at = source.find(b"<0x", at + 3, tokens.end)


def numbers(declared: Mapping[str, Declared]) -> Iterator[Contradiction]:
    """Ids without a token, and more layers than loaders have room for."""
    tokens = declared.get("tokenizer.ggml.tokens")
    for key, one in declared.items():
        if tokens is not None and _ID.fullmatch(key) and tokens.items <= one.number != _NONE:
            yield Contradiction(one.at, f"There are {tokens.items} tokens.", f"{key} = {one.number}")
        if key.endswith(".block_count") and one.number > MOST_LAYERS:
            yield Contradiction(one.at, f"Loaders keep {MOST_LAYERS} layers.", f"{key} = {one.number}")


def nameless(declared: Mapping[str, Declared]) -> bool:
    """Whether the architecture, by which loaders choose their code, is no name."""
    one = declared.get("general.architecture")
    return one is not None and not (one.kind == STRING and _ARCHITECTURE.fullmatch(one.text))
