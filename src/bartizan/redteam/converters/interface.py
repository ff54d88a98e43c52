"""What a converter is. To add one, put a function like this into a file of ``redteam/converters/``:

    @converter("base32", Family.ENCODING, Keeps.EXACT, inverse=_decode)
    def base32(text: str, rng: Random) -> str:
        '''Base32 (RFC 4648).'''
        return base64.b32encode(text.encode()).decode()

The first line of its docstring is its row in lists. It is a pure function of the text and of what ``rng`` draws, so the
same text and seed give the same result in every process.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import Final

import msgspec

from bartizan.redteam.errors import ConverterError

MAX_INPUT: Final = 200_000
"""Characters of a text that a converter takes."""
MAX_OUTPUT: Final = 2_000_000
"""Characters that it may give."""

Function = Callable[[str, Random], str]
Inverse = Callable[[str], str]


class Family(StrEnum):
    """Groups of converters, in the order in which lists show them."""

    ENCODING = "encoding"
    CIPHER = "cipher"
    UNICODE = "unicode"
    SPELLING = "spelling"
    LANGUAGE = "language"
    STRUCTURE = "structure"
    SPLITTING = "splitting"
    CARRIER = "carrier"
    CODE = "code"
    TOKENS = "tokens"
    STYLE = "style"


class Keeps(StrEnum):
    """What is left of the text, which is also how its test reads it back."""

    EXACT = "exact"
    """The inverse gives every text back."""
    LETTERS = "letters"
    """The inverse gives back a text of small Latin letters, digits and single spaces; others lose what the form cannot
    write."""
    PARSED = "parsed"
    """A parser of the format gives the text back."""
    VERBATIM = "verbatim"
    """The text stands in the result word for word."""
    READABLE = "readable"
    """A reader understands it; no function gives it back exactly."""


class TextConverter(msgspec.Struct, frozen=True, kw_only=True):
    """A named function from text to text; what ``redteam.interface`` calls a converter."""

    id: str
    """Lower-case words joined by hyphens; stable, because cases, reports and replays name it."""
    family: Family
    keeps: Keeps
    summary: str
    function: Function
    inverse: Inverse | None = None
    """From the result back to the text, within what ``keeps`` says; raises ValueError for what is no result."""

    def convert(self, text: str, seed: int) -> str:
        """``text`` in this form. Equal arguments give equal results.

        Raises:
            ConverterError: the text has more than `MAX_INPUT` characters, the result more than `MAX_OUTPUT`, or the text
                is no Unicode text (a surrogate stands alone).
        """
        if len(text) > MAX_INPUT:
            raise ConverterError(f"{self.id}: a text of {len(text):,} characters", f"at most {MAX_INPUT:,}")
        try:
            result = self.function(text, Random(f"{seed}/{self.id}"))
        except UnicodeEncodeError as error:
            raise ConverterError(f"{self.id}: this text cannot be written as UTF-8") from error
        if len(result) > MAX_OUTPUT:
            raise ConverterError(f"{self.id} gave {len(result):,} characters", f"at most {MAX_OUTPUT:,}")
        return result


def converter(
    name: str, family: Family, keeps: Keeps, *, inverse: Inverse | None = None
) -> Callable[[Function], Function]:
    """Register a function as the converter ``name``, which becomes its id."""

    def register(function: Function) -> Function:
        summary = (function.__doc__ or "").strip().split("\n", 1)[0]
        entry = TextConverter(id=name, family=family, keeps=keeps, summary=summary, function=function, inverse=inverse)
        function.__bartizan_converter__ = entry  # type: ignore[attr-defined]
        return function

    return register
