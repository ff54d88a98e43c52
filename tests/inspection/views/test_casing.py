"""Upper case is put back where it stood, character by character."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from bartizan.inspection.views.casing import recase

CHARACTERS = st.one_of(st.characters(codec="utf-8"), st.sampled_from("aAzZßẞéÉıİǅΣσςﬁ𝐀Ａａ  ж我"))


def slowly(text: str, shown: str) -> str:
    upper = (char.upper() if was.isupper() else char for char, was in zip(text, shown, strict=True))
    return "".join(new if len(new) == 1 else char for new, char in zip(upper, text, strict=True))


@given(st.lists(st.tuples(CHARACTERS, CHARACTERS), max_size=40))
@example([("ß", "A"), ("ß", "Ä"), ("a", "A")])
def test_it_agrees_with_the_definition(pairs: list[tuple[str, str]]) -> None:
    text, shown = "".join(char for char, _ in pairs), "".join(was for _, was in pairs)
    assert recase(text, shown) == slowly(text, shown)


@given(st.lists(CHARACTERS, max_size=40).map("".join))
def test_a_lowered_text_gets_its_case_back(shown: str) -> None:
    text = "".join(lower if len(lower := char.lower()) == 1 else char for char in shown)
    again = recase(text, shown)
    assert len(again) == len(shown)
    assert unicodedata.normalize("NFKC", again).casefold() == unicodedata.normalize("NFKC", text).casefold()
