"""Sentences are the same however a text arrives, lose nothing, and stay within their bounds."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.inspection.sentences import LONGEST, Sentence, Sentences

TEXTS = st.text(st.sampled_from("ab .!?\n。\"')*…é🙂\u0301\u200b1,"), max_size=1_500) | st.text(max_size=600)


def cut(pieces: list[str]) -> list[Sentence]:
    sentences = Sentences()
    return [*(one for piece in pieces for one in sentences.feed(piece)), *sentences.finish()]


@given(text=TEXTS, places=st.lists(st.integers(0, 2_000), max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_split_gives_the_same_sentences(text: str, places: list[int]) -> None:
    bounds = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    assert cut([text[start:end] for start, end in itertools.pairwise(bounds)]) == cut([text])
    assert cut(list(text)) == cut([text])


@given(text=TEXTS)
@settings(max_examples=150, deadline=None)
def test_every_character_but_blanks_is_in_one_sentence_at_its_place(text: str) -> None:
    at = 0
    for sentence in cut([text]):
        assert not text[at : sentence.start].strip()
        assert text[sentence.start : sentence.start + len(sentence.text)] == sentence.text
        assert 0 < len(sentence.text) <= LONGEST
        at = sentence.start + len(sentence.text)
    assert not text[at:].strip()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("The train leaves at nine o'clock. It arrives before noon, I think.", 2),
        ("1. Open the settings of the phone.\n2. Choose the account there.\n", 2),
        ("It costs 3.50 euros at the kiosk, and no more than 3.60 elsewhere", 1),
        ("会议改到星期四下午两点，地点不变，请大家准时参加，谢谢大家的配合。需要我通知其他所有人吗？请告诉我。", 2),
        ("x" * 1_000, 3),
        ("", 0),
        (" \n \n", 0),
    ],
)
def test_where_they_end(text: str, sentences: int) -> None:
    assert len(cut([text])) == sentences


@pytest.mark.parametrize("text", [". " * 500_000, "x" * 1_000_000, ".)" * 500_000, " " * 1_000_000])
def test_a_megabyte_is_cut_in_bounded_time(text: str) -> None:
    began = time.process_time()
    cut([text])
    assert time.process_time() - began < 3.0
