"""The schema of a signature pack, and the compiled form of one of its entries."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from bartizan.core.passage import Surface
from bartizan.core.threat import Severity, Threat

Identifier = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*$", max_length=80)]
Score = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Phrase = Annotated[str, msgspec.Meta(min_length=2, max_length=4_000)]

DISCUSSION = "discussion"
"""Group of the entries that see talk *about* attacks; they raise nothing, and discount quotations."""
REPORTED = "reported"
"""Group of the entries that see attacks reported of others; they raise nothing, and discount that sentence."""
OBEY_QUOTE = "obey-quote"
"""Group of the entries that see a request to act on quoted text; they raise nothing, and cancel the discount."""


OWN_SCRIPT = frozenset({"ar", "fa", "he", "hi", "ja", "ko", "ru", "th", "uk", "zh"})
"""Languages that are not written in Latin letters."""


class Kind(StrEnum):
    """How the phrases of an entry are read."""

    LITERAL = "literal"
    """Folded text, found at word boundaries where its ends are letters or digits of a script that parts words."""
    REGEX = "regex"
    """RE2 over folded text, with ``{{name}}`` replaced from the vocabulary."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One signature: several phrasings of one trick."""

    id: Identifier
    title: str
    technique: Identifier
    """Technique id of the catalogue."""
    threat: Threat = Threat.PROMPT_INJECTION
    group: Identifier = ""
    """What the entry is evidence of; within a group only the strongest hit counts. Empty: the technique."""
    severity: Severity = Severity.MEDIUM
    score: Score
    """In [0, 1]. At least 0.9 decides alone, 0.2 to 0.4 is weak evidence that combines with other groups."""
    surfaces: frozenset[Surface] = frozenset({Surface.USER, Surface.CONTENT})
    kind: Kind = Kind.REGEX
    any: Annotated[tuple[Phrase, ...], msgspec.Meta(min_length=1, max_length=200)]
    """The literals or patterns; one of them is enough."""
    requires: tuple[Identifier, ...] = ()
    """Counts only if a signature of one of these groups hits elsewhere in the text."""
    supporting: bool = False
    """Read only in texts where another signature has hit; by itself it never signals."""
    frame: bool = False
    """Sees what stands around an order, or what harmless documents say as well: in material that the trained model has
    read it counts in full only if the model saw a trace of an order."""
    languages: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """BCP 47 tags; ``mul`` where the phrasing belongs to no language."""
    examples: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """Texts that the entry must match."""
    counter_examples: tuple[str, ...] = ()
    """Texts that it must not match."""


class Pack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of signatures."""

    schema: Literal["bartizan/signature-pack/v1"]
    pack: Identifier
    version: Annotated[int, msgspec.Meta(ge=1)]
    licence: str
    """SPDX identifier."""
    title: str
    words: dict[Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$")], str] = msgspec.field(default_factory=dict)
    """Named pattern pieces, beside and before those of the shared vocabulary."""
    entries: Annotated[tuple[Entry, ...], msgspec.Meta(min_length=1, max_length=2_000)]


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """An entry ready to be matched: vocabulary expanded, phrases folded, patterns known to compile."""

    id: str
    pack: str
    title: str
    threat: Threat
    technique: str
    group: str
    severity: Severity
    score: float
    surfaces: frozenset[Surface]
    requires: frozenset[str]
    supporting: bool = False
    frame: bool = False
    foreign: bool = False
    """Every match holds a letter of a script other than Latin."""
    literals: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
