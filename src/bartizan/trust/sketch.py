"""Sketches of texts: 128 bytes in which similar texts agree, and from which nobody reads a text without the key.

One-permutation MinHash (Li, Owen and Zhang, NIPS 2012) of words, pairs of words and the trigrams of words, of which one
byte for each of 128 bins is kept (b-bit minwise hashing, Li and König, WWW 2010). The hash is keyed BLAKE2b (RFC 7693):
who has the sketches alone cannot try guesses against them. Two sketches under one key still say how alike two texts
are, and a short text fills few bins: that much they give away.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

BINS: Final = 128
VERSION: Final = 1
LONGEST: Final = 4_096
"""Characters of a text that count."""
MOST_WORDS: Final = 50_000
"""Hashes of words that are remembered."""
_LABEL: Final = b"bartizan sketch v1"
_EMPTY: Final = 1 << 64
_MASK: Final = (1 << 64) - 1
_LONG_WORD: Final = 24
"""Characters; what is longer is writing without spaces, of which only the trigrams count."""


class Sketcher:
    """Sketches under one key.

    Args:
        secret: of the commitment key; the sketches have a key of their own that is derived from it.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, _LABEL, "sha256")
        self._words: dict[str, tuple[int, ...]] = {}

    def sketch(self, text: str) -> bytes:
        """A byte for the version and one for each bin, 0 where nothing fell into it; empty for a text of no words."""
        lowest = [_EMPTY] * BINS
        found = False
        for value in self._features(normalised(text)):
            found = True
            place, rest = value & (BINS - 1), value >> 7
            if rest < lowest[place]:
                lowest[place] = rest
        if not found:
            return b""
        return bytes([VERSION, *(0 if value == _EMPTY else 1 + value % 255 for value in lowest)])

    def _features(self, words: Iterable[str]) -> Iterator[int]:
        before = 0
        for word in words:
            hashes = self._words.get(word)
            if hashes is None:
                if len(self._words) >= MOST_WORDS:
                    self._words.clear()
                hashes = self._words[word] = tuple(self._hash(part) for part in _parts(word))
            yield from hashes
            if before:
                # Both are outputs of the keyed hash, so a mix of them is as good as a hash of both.
                yield ((before * 0x9E3779B97F4A7C15) ^ (hashes[0] * 0xC2B2AE3D27D4EB4F) ^ (hashes[0] >> 29)) & _MASK
            before = hashes[0]

    def _hash(self, part: str) -> int:
        digest = hashlib.blake2b(part.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big")


def normalised(text: str) -> list[str]:
    """The words of a text: compatibility forms folded, marks and invisible characters dropped, lower case."""
    folded = unicodedata.normalize("NFKD", text[:LONGEST]).casefold()
    if not folded.isascii():
        folded = "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Cf"))
    return "".join(c if c.isalnum() else " " for c in folded).split()


def _parts(word: str) -> list[str]:
    """The word itself, if it is one, and its trigrams."""
    if len(word) > _LONG_WORD:
        return [word[at : at + 3] for at in range(len(word) - 2)]
    padded = f"^{word}$"
    return [word, *(padded[at : at + 3] for at in range(len(padded) - 2))]
