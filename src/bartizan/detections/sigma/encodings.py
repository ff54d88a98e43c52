"""The modifiers that turn a text into other texts: UTF-16, Base64 with its offsets, dashes of command lines.

A value that went through UTF-16 is kept as text of one character per byte (Latin-1), so that Base64 encodes the bytes.
"""

from __future__ import annotations

import itertools
import re
from base64 import b64encode
from dataclasses import dataclass

from bartizan.detections.sigma.model import Parts, Wild
from bartizan.detections.sigma.patterns import literal, tidy

DASHES = "-/\u2013\u2014\u2015"
MAX_VARIANTS = 625
"""Four dashes in one value."""

_DASH = re.compile(rf"\B[{DASHES}]\b")


class EncodingError(ValueError):
    """The value cannot go through the modifier; ``args``: found, expected."""


@dataclass(frozen=True, slots=True)
class Value:
    """A text value on its way through the modifiers."""

    parts: Parts
    binary: bool = False
    """The characters stand for bytes."""
    cased: bool = False

    def with_parts(self, parts: Parts) -> Value:
        """The same with other pieces."""
        return Value(tidy(parts), self.binary, self.cased)


def utf16(value: Value, encoding: str, prefix: bytes = b"") -> Value:
    """Each literal piece in UTF-16; wildcards stay. Raises EncodingError."""
    if value.binary:
        raise EncodingError("an encoding of an encoding", "one of wide, utf16, utf16le and utf16be")
    pieces = [
        part if isinstance(part, Wild) else part.encode(encoding, "surrogatepass").decode("latin-1")
        for part in value.parts
    ]
    return Value(tidy((prefix.decode("latin-1"), *pieces)), True, value.cased)


def base64(value: Value) -> Value:
    """The Base64 text of the value. Raises EncodingError."""
    return Value((b64encode(_bytes(value)).decode(),), cased=value.cased)


def base64_offsets(value: Value) -> list[Value]:
    """What Base64 text surely holds when the value stands at byte 0, 1 or 2 of a group of three.

    The characters that also depend on neighbouring bytes are cut off (RFC 4648, section 4: 6 bits a character).

    Raises:
        EncodingError: the value has wildcards.
    """
    raw = _bytes(value)
    variants = []
    for offset in range(3):
        encoded = b64encode(bytes(offset) + raw).decode().rstrip("=")
        first = (offset * 8 + 5) // 6
        last = ((offset + len(raw)) * 8) // 6
        variants.append(Value((encoded[first:last],), cased=value.cased))
    return variants


def dashes(value: Value) -> list[Value]:
    """The value with each dash or slash that begins a word as every dash. Raises EncodingError."""
    choices: list[list[str | Wild]] = []
    count = 1
    for part in value.parts:
        if isinstance(part, Wild):
            choices.append([part])
            continue
        end = 0
        for match in _DASH.finditer(part):
            choices.append([part[end : match.start()]])
            choices.append(list(DASHES))
            count *= len(DASHES)
            end = match.end()
        choices.append([part[end:]])
        if count > MAX_VARIANTS:
            raise EncodingError("more than 4 dashes that begin a word", f"at most {MAX_VARIANTS} variants")
    return [value.with_parts(tuple(chosen)) for chosen in itertools.product(*choices)]


def _bytes(value: Value) -> bytes:
    text = literal(value.parts)
    if text is None:
        raise EncodingError("a wildcard in a value to encode", "plain text (escape it as \\* or \\?)")
    return text.encode("latin-1") if value.binary else text.encode("utf-8", "surrogatepass")
