"""One attack of the grammar: which pieces, which disguise, which wrapper; and its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

import msgspec

from bartizan.redteam.case import fill
from bartizan.redteam.converters import parse_chain
from bartizan.redteam.errors import ConverterError
from bartizan.redteam.strategies.adaptive.grammar import DISGUISES, WRAPPERS, Grammar
from bartizan.redteam.strategies.adaptive.suspicion import Suspicion
from bartizan.redteam.taxonomy import Objective

SYNONYMS = "synonyms"
"""The disguise that replaces suspected words by others."""


class Genome(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces by their number in the grammar; request -1 is the case's own text."""

    request: int
    opening: int = 0
    frame: int = 0
    closing: int = 0
    cover: int = -1
    disguise: str = ""
    """What is done to suspected words."""
    wrappers: tuple[str, ...] = ()
    """What is done to the whole, in order."""
    salt: int = 0
    """Decides what converters draw."""


GENES = ("request", "opening", "frame", "closing", "cover", "disguise", "wrappers")


class Space:
    """The genomes that there are for one case.

    Args:
        grammar: the pieces.
        objective: of the case.
        own: the case's own hostile text.
        slots: what fills the pieces; pieces whose slots are missing are left out.
        planted: whether the text is planted, so that it may follow harmless text.
    """

    def __init__(
        self, grammar: Grammar, objective: Objective, own: str, slots: Mapping[str, str], *, planted: bool
    ) -> None:
        self._grammar = grammar
        self._own = own
        self._slots = slots
        texts = grammar.requests[objective]
        able = [number for number, text in enumerate(texts) if not re.search(r"\{[a-z_]+\}", fill(text, slots))]
        self._requests = texts
        self.choices: dict[str, tuple[object, ...]] = {
            "request": (-1, *able),
            "opening": tuple(range(len(grammar.openings))),
            "frame": tuple(range(len(grammar.frames))),
            "closing": tuple(range(len(grammar.closings))),
            "cover": (-1, *range(len(grammar.covers))) if planted else (-1,),
            "disguise": (*DISGUISES, SYNONYMS),
            "wrappers": ((), *((name,) for name in WRAPPERS if name)),
        }

    def text(self, genome: Genome, suspicion: Suspicion) -> str:
        """The text of ``genome``, given what is suspected now. Raises ConverterError when it grows beyond bounds."""
        grammar = self._grammar
        rng = Random(f"{genome.salt}/{genome.disguise}")
        request = self._own if genome.request < 0 else fill(self._requests[genome.request], self._slots)
        framed = grammar.frames[genome.frame].replace("{request}", request)
        pieces = (grammar.openings[genome.opening], framed, grammar.closings[genome.closing])
        text = _disguised(" ".join(filter(None, pieces)), genome.disguise, suspicion, grammar, rng)
        for name in genome.wrappers:
            text = parse_chain(name).convert(text, genome.salt)
        return f"{grammar.covers[genome.cover]}\n\n{text}" if genome.cover >= 0 else text


def _disguised(text: str, disguise: str, suspicion: Suspicion, grammar: Grammar, rng: Random) -> str:
    if not disguise:
        return text
    suspects = suspicion.worst(text)
    if not suspects:  # nothing learned yet: the words for which there are synonyms are what guards look for
        suspects = [word for word in dict.fromkeys(re.findall(r"[a-z]+", text.lower())) if word in grammar.synonyms]
    for word in suspects[:12]:
        if disguise == SYNONYMS:
            other = rng.choice(grammar.synonyms.get(word, (word,)))
        else:
            try:
                other = parse_chain(disguise).convert(word, rng.getrandbits(32))
            except ConverterError:
                other = word
        text = _replaced(text, word, other)
    return text


def _replaced(text: str, word: str, other: str) -> str:
    """Every ``word`` in ``text``, in any case, as ``other``. Linear."""
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: other, text, flags=re.IGNORECASE)
