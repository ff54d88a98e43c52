"""Harmless answers that come close to a passage which answers may not repeat: they deny a statement or say something
else about its subject; they introduce the assistant in words that its instructions have, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bartizan.core.passage import Surface
from bartizan.hardening.benign.corpus import Half, side
from bartizan.hardening.candidate import Kind
from bartizan.hardening.data import read_data
from bartizan.hardening.exchange import Exchange, Piece

_ASKED: Final = "What can you tell me about this?"
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
_WORDS: Final = re.compile(r"[^\W\d_]{4,}")
_LONGEST: Final = 400


def near(kind: Kind, harm: tuple[str, ...], half: Half) -> tuple[Exchange, ...]:
    """The rows of one half for the passages in ``harm``; no answer twice."""
    out: dict[str, Exchange] = {}
    templates = side(read_data("benign", "near.yaml")[kind.value], half, f"near.{kind.value}")
    for passage in harm:
        for sentence in _sentences(passage):
            for template in templates:
                for answer in _filled(template, sentence):
                    row = _row(answer, template)
                    out.setdefault(row.answer, row)
    return tuple(out.values())


def _sentences(passage: str) -> Iterator[str]:
    return (one.strip() for one in _SENTENCE.split(passage[:4_000]) if 10 <= len(one.strip()) <= _LONGEST)


def _filled(template: str, sentence: str) -> Iterator[str]:
    """``{s}`` is the sentence, ``{w}`` a word of it, ``{p}`` two or three words of it in a row."""
    bare = sentence.rstrip(" .!?")
    said = template.replace("{s}", bare[:1].lower() + bare[1:]).replace("{S}", bare)
    if "{p}" in said:
        words = bare.split()
        for at in range(0, len(words) - 2, 3):
            yield said.replace("{p}", " ".join(words[at : at + 3]))
    elif "{w}" in said:
        for word in sorted(set(_WORDS.findall(bare))):
            yield said.replace("{w}", word)
    else:
        yield said


def _row(answer: str, template: str) -> Exchange:
    group = f"near.{template[:30]}"
    return Exchange(pieces=(Piece(Surface.USER, _ASKED),), answer=answer, group=group, answer_group=group, made="near")
