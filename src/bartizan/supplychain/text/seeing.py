"""What is seen in a text, and what kinds of text there are."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from bartizan.supplychain.interface import Rule


class Kind(StrEnum):
    """What a text is for. Decides what an order in it means."""

    INSTRUCTIONS = "instructions"
    """Written for an agent: skills, rules, prompts. Full of honest orders."""
    TOOL = "tool"
    """Name and description of a tool, which a model reads and a user rarely sees."""
    TEMPLATE = "template"
    """What a chat template adds to every conversation. Full of honest role marks."""
    MATERIAL = "material"
    """Anything else: documentation, corpora, code."""


class Seen(NamedTuple):
    """One observation; ``at`` counts characters of the text."""

    rule: Rule
    at: int
    evidence: str
    explanation: str
