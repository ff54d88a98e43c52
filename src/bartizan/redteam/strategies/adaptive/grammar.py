"""The pieces of which the adaptive attacker builds its texts."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from bartizan.redteam.taxonomy import Objective
from bartizan.workspace.document import loads

DISGUISES = (
    "",
    "homoglyphs",
    "zero-width",
    "typos",
    "scrambled-words",
    "leet",
    "letter-spacing",
    "word-joiners",
    "combining-marks",
    "no-vowels",
    "mixed-languages",
    "cyrillic-letters",
)
"""Converters for single words that seem to be what a guard looks for."""
WRAPPERS = (
    "",
    "base64",
    "rot13",
    "hex",
    "unicode-tags",
    "variation-selectors",
    "full-width",
    "reversed",
    "string-variables",
    "numbered-pieces",
    "interleaved-words",
    "json-document",
    "html-comment",
    "docstring",
    "python-characters",
    "chatml-turn",
    "header-turn",
    "forged-transcript",
    "closing-delimiter",
    "email",
    "support-ticket",
    "buried",
    "foreign-frame",
    "fiction",
    "distractor-tasks",
    "prefix-injection",
    "refusal-suppression",
    "noise",
)
"""Converters for the whole text."""


class Grammar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``grammar.yaml``."""

    requests: dict[Objective, tuple[str, ...]]
    openings: tuple[str, ...]
    frames: tuple[str, ...]
    closings: tuple[str, ...]
    covers: tuple[str, ...]
    """Harmless texts that go before planted content."""
    synonyms: dict[str, tuple[str, ...]]


@cache
def grammar() -> Grammar:
    """The grammar that ships."""
    name = "grammar.yaml"
    return loads((files(__package__) / name).read_bytes(), name, Grammar)
