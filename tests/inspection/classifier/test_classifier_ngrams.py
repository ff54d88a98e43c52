"""The array operations against the definition, one feature at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.inspection.classifier.ngrams import BUCKETS, CHARACTERS, WORDS, features, fold

MASK = (1 << 64) - 1
FACTOR = 0x9E3779B97F4A7C15
TEXTS = st.text(
    st.one_of(
        st.sampled_from(" \t\n\x00ab9Z.'-İΣßé中\u3000\u200d\ud800😀"), st.characters(), st.characters(categories=["Cs"])
    ),
    max_size=60,
)


def naive_fold(text: str) -> list[tuple[int, int]]:
    """Code and place of each folded character."""
    lowered = text.lower() if len(text.lower()) == len(text) else "".join(char.lower()[0] for char in text)
    found: list[tuple[int, int]] = []
    for place, char in enumerate(lowered):
        code = ord("0") if char in "0123456789" else ord(char)
        blank = code <= 32 or code in (0xA0, 0x3000)
        before = lowered[place - 1] if place else ""
        if blank and before and (ord(before) <= 32 or ord(before) in (0xA0, 0x3000)):
            continue
        found.append((32 if blank else code, place))
    return found


def naive_bucket(value: int, kind: int) -> int:
    salt = kind_salt(kind)
    mixed = (value + salt) * 0xBF58476D1CE4E5B9 & MASK
    mixed ^= mixed >> 29
    return (mixed * FACTOR & MASK) >> (64 - 18)


def kind_salt(kind: int) -> int:
    return (kind + 1) * 0x94D049BB133111EB & MASK


def in_word(code: int) -> bool:
    if 0x2000 <= code <= 0x206F or 0x3000 <= code <= 0x303F:
        return False
    return 97 <= code <= 122 or code in (48, 39) or code >= 0xAA


def naive(text: str) -> list[tuple[int, int, int]]:
    """(kind, bucket, place) of every feature."""
    folded = naive_fold(text)
    found = []
    for length in CHARACTERS:
        for first in range(len(folded) - length + 1):
            value = 0
            for code, _ in folded[first : first + length]:
                value = (value * FACTOR + code) & MASK
            found.append((length, naive_bucket(value, length), folded[first][1]))
    words: list[tuple[int, int]] = []
    at = 0
    while at < len(folded):
        end = at
        value, power = 0, 1
        while end < len(folded) and in_word(folded[end][0]):
            value = (value + (folded[end][0] + 1) * power) & MASK
            power = power * FACTOR & MASK
            end += 1
        if end > at:
            words.append((value, folded[at][1]))
        at = max(end, at + 1)
    for length in WORDS:
        for first in range(len(words) - length + 1):
            value = words[first][0]
            for other, _ in words[first + 1 : first + length]:
                value = (value * FACTOR + other) & MASK
            found.append((8 + length, naive_bucket(value, 8 + length), words[first][1]))
    return found


def fast(text: str) -> list[tuple[int, int]]:
    return sorted(
        (int(bucket), int(place))
        for buckets, places in zip(*features(fold(text)), strict=True)
        for bucket, place in zip(buckets, places, strict=True)
    )


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_features_are_those_of_the_definition(text: str) -> None:
    assert fast(text) == sorted((bucket, place) for _, bucket, place in naive(text))


@pytest.mark.parametrize("text", ["x" * 5_000, "ab " * 1_500, "İ" * 700 + "Σ word", "\ud800" * 600 + " 12 "])
def test_hashes_stay_exact_at_any_length(text: str) -> None:
    assert fast(text) == sorted((bucket, place) for _, bucket, place in naive(text))


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_places_rise_within_a_kind_and_point_into_the_text(text: str) -> None:
    for buckets, places in zip(*features(fold(text)), strict=True):
        assert len(buckets) == len(places)
        assert (np.diff(places) > 0).all()
        assert ((places >= 0) & (places < len(text))).all()
        assert ((buckets >= 0) & (buckets < BUCKETS)).all()


def test_a_word_has_the_same_hash_wherever_it_stands() -> None:
    alone = set(fast("passport"))
    later = {(bucket, place - 4_000) for bucket, place in fast("." * 4_000 + "passport")}
    assert alone <= later


def test_case_digits_and_kinds_of_white_space_do_not_matter() -> None:
    assert [bucket for bucket, _ in fast("Call 911 now")] == [bucket for bucket, _ in fast("call\u3000000\tNOW")]


def test_nothing_has_no_features() -> None:
    assert fast("") == []
