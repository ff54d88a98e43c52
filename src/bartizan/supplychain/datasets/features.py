"""Texts as sets of features: words, runs of two and three words, odd characters, and how a text looks as a whole.

Everything a text trigger can be made of becomes one feature, so that one test does for all of them.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+(?:['’]\w+)?|[^\w\s]")
_SHOUTED = re.compile(r"\b[A-Z]{2,}\b")
LONGEST_TEXT = 4_000
"""Characters of one text that are taken apart."""
START, END = "⟨start⟩", "⟨end⟩"
_WORDS = 3
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Corpus(NamedTuple):
    """Texts as numbers. Occurrences are sorted by feature, then row, and hold each pair once."""

    words: int
    """How many different tokens there are."""
    speaking: NDArray[np.bool_]
    """Of each token: whether it may speak for labels."""
    spell: Callable[[int], list[str]]
    """The tokens of a row as people read them: a table of all of them would outweigh everything else here."""
    tokens: NDArray[np.int32]
    """All tokens of all rows, row after row."""
    token_rows: NDArray[np.int32]
    """The row of each of them."""
    feature: NDArray[np.int32]
    """Of each occurrence: the number of its feature."""
    row: NDArray[np.int32]
    """Of each occurrence: the row."""
    start: NDArray[np.int64]
    """Where the occurrences of each feature begin; one more than there are features."""
    first_token: NDArray[np.int64]
    """Of each feature: where in ``tokens`` it stands for the first time."""
    length: NDArray[np.int8]
    """Of each feature: its number of tokens."""
    tested: int
    """Features that occurred at least ``least`` times."""

    def rows_of(self, feature: int) -> NDArray[np.int32]:
        """The rows that hold a feature, ascending."""
        return self.row[self.start[feature] : self.start[feature + 1]]

    def name(self, feature: int) -> str:
        """The feature as people read it."""
        at = int(self.first_token[feature])
        row = int(self.token_rows[at])
        start = at - int(np.searchsorted(self.token_rows, row))
        return " ".join(self.spell(row)[start : start + int(self.length[feature])])


def tokens_of(text: str) -> list[str]:
    """Words in lower case and marks, between marks for the start and the end; then odd characters and traits."""
    text = text[:LONGEST_TEXT]
    words = _TOKEN.findall(text.casefold())
    return [START, *words, END, *odd_characters(text), *traits(text)]


def size_of(text: str) -> int:
    """How many tokens a text has, about."""
    return len(_TOKEN.findall(text[:LONGEST_TEXT])) + 2


def odd_characters(text: str) -> Iterator[str]:
    """Each invisible character, and each letter of another script than the most of the text, once."""
    if text.isascii():
        return
    odd = {one for one in text if ord(one) > 127}
    latin = sum(one.isascii() and one.isalpha() for one in text)
    foreign = sum(ord(one) > 0x24F and one.isalpha() for one in text)
    for one in sorted(odd):
        category = unicodedata.category(one)
        if category in {"Cf", "Zs", "Co", "Cn", "Mn"} or (one.isalpha() and ord(one) > 0x24F and latin > 4 * foreign):
            yield f"⟨U+{ord(one):04X}⟩"


def traits(text: str) -> Iterator[str]:
    """How the text looks as a whole."""
    letters = [one for one in text if one.isalpha()]
    upper = sum(one.isupper() for one in letters)
    if len(letters) >= 8 and upper == len(letters):
        yield "⟨all capitals⟩"
    elif len(letters) >= 8 and not upper:
        yield "⟨no capitals⟩"
    if len(_SHOUTED.findall(text)) >= 3 and upper < len(letters):
        yield "⟨shouted words⟩"
    stripped = text.rstrip()
    if stripped != text:
        yield "⟨space at the end⟩"
    if text != text.lstrip():
        yield "⟨space at the start⟩"
    if "  " in stripped:
        yield "⟨double space⟩"
    if "\t" in stripped:
        yield "⟨tab⟩"
    if stripped[-3:] in {"!!!", "???", "..."}:
        yield f"⟨ends with {stripped[-3:]}⟩"


def corpus(texts: Sequence[str], least: int) -> Corpus:
    """Features of texts that at least ``least`` of them hold."""
    return _corpus(lambda row: tokens_of(texts[row]), len(texts), least, _WORDS, "")


def corpus_of(rows: Sequence[list[str]], least: int, runs: int, evidence: str = "") -> Corpus:
    """Features of rows of tokens: each token, and runs of up to ``runs`` before the mark for the end.

    Tokens that begin with ``evidence`` speak for labels.
    """
    return _corpus(rows.__getitem__, len(rows), least, runs, evidence)


def _corpus(spell: Callable[[int], list[str]], count: int, least: int, runs: int, evidence: str) -> Corpus:
    hashes = array("q")
    speaking = array("b")
    sizes = np.zeros(count, dtype=np.int64)
    linear = np.zeros(count, dtype=np.int64)
    for row in range(count):
        tokens = spell(row)
        hashes.extend(map(hash, tokens))
        if evidence:
            speaking.extend(token.startswith(evidence) for token in tokens)
        sizes[row] = len(tokens)
        linear[row] = tokens.index(END) + 1 if END in tokens else 0
    values = np.frombuffer(hashes, dtype=np.int64)
    tokens_array, first = _numbered(values)
    marks = np.flatnonzero(np.isin(values[first], [hash(START), hash(END)]))
    token_rows = np.repeat(np.arange(count, dtype=np.int32), sizes)
    begins = np.cumsum(sizes) - sizes
    in_line = np.arange(len(tokens_array), dtype=np.int32) < np.repeat(begins + linear, sizes)
    parts = [_runs(tokens_array, token_rows, in_line, length, least) for length in range(1, runs + 1)]
    speaks = np.frombuffer(speaking, dtype=np.bool_)[first] if evidence else np.ones(len(first), dtype=np.bool_)
    return _joined(_Tokens(tokens_array, token_rows, len(first), speaks, spell), parts, marks)


def _numbered(values: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Numbers in order of first appearance instead of values, and where each value stands first."""
    order = np.argsort(values, kind="stable").astype(np.int32)
    fresh = np.ones(len(values), dtype=np.bool_)
    fresh[1:] = values[order[1:]] != values[order[:-1]]
    first = order[fresh]
    ranked = np.argsort(first)
    rank = np.empty(len(first), dtype=np.int32)
    rank[ranked] = np.arange(len(first), dtype=np.int32)
    numbers = np.empty(len(values), dtype=np.int32)
    numbers[order] = np.repeat(rank, np.diff(np.append(np.flatnonzero(fresh), len(values))))
    return numbers, first[ranked]


class _Tokens(NamedTuple):
    numbers: NDArray[np.int32]
    rows: NDArray[np.int32]
    words: int
    speaking: NDArray[np.bool_]
    spell: Callable[[int], list[str]]


class _Part(NamedTuple):
    row: NDArray[np.int32]
    counts: NDArray[np.int64]
    first: NDArray[np.int64]
    length: int


def _runs(
    tokens: NDArray[np.int32], rows: NDArray[np.int32], in_line: NDArray[np.bool_], count: int, least: int
) -> _Part:
    """Runs of ``count`` tokens within one row: rows grouped by run, how many each has, where it stands first."""
    total = len(tokens) - count + 1
    if total <= 0:
        return _Part(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64), count)
    key = np.zeros(total, dtype=np.uint64)
    for shift in range(count):
        key = (key ^ tokens[shift : shift + total].astype(np.uint64)) * _MIX
        key ^= key >> np.uint64(29)
    whole = rows[:total] == rows[count - 1 : count - 1 + total]
    if count > 1:
        whole = whole & in_line[:total] & in_line[count - 1 : count - 1 + total]
    place = np.flatnonzero(whole).astype(np.int32)
    key = key[place]
    order = np.argsort(key, kind="stable").astype(np.int32)  # rows ascend within a key
    key, place = key[order], place[order]
    run_rows = rows[place]
    del order
    fresh = np.ones(len(key), dtype=np.bool_)
    fresh[1:] = (key[1:] != key[:-1]) | (run_rows[1:] != run_rows[:-1])
    key, run_rows, place = key[fresh], run_rows[fresh], place[fresh]
    edges = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
    counts = np.diff(np.append(edges, len(key)))
    kept = counts >= least
    return _Part(run_rows[np.repeat(kept, counts)], counts[kept], place[edges[kept]].astype(np.int64), count)


def _joined(read: _Tokens, parts: Sequence[_Part], marks: NDArray[np.int64]) -> Corpus:
    counts = np.concatenate([part.counts for part in parts])
    first = np.concatenate([part.first for part in parts])
    length = np.concatenate([np.full(len(part.counts), part.length, dtype=np.int8) for part in parts])
    row = np.concatenate([part.row for part in parts])
    bare = np.isin(read.numbers[first], marks) & (length == 1) if len(first) else np.zeros(0, dtype=np.bool_)
    return Corpus(
        words=read.words,
        speaking=read.speaking,
        spell=read.spell,
        tokens=read.numbers,
        token_rows=read.rows,
        feature=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        row=row,
        start=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        first_token=first,
        length=length,
        tested=int(len(counts) - bare.sum()),
    )
