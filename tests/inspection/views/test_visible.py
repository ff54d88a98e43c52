"""The text as it is shown: nothing invisible, everything that people write."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.obfuscation import combining, soft_hyphen, zero_width
from bartizan.inspection.interface import View
from bartizan.inspection.views.folding import fold, fold_char
from bartizan.inspection.views.visible import visible

VOWEL_SIGNS = [
    (0x483, 0x489),
    (0x591, 0x5C7),
    (0x610, 0x61A),
    (0x640, 0x640),
    (0x64B, 0x65F),
    (0x670, 0x670),
    (0x6D6, 0x6ED),
]
"""Of Hebrew and Arabic, and Cyrillic's old ones: folding drops them, readers see them."""


def shown(text: str) -> str:
    return visible(View("original", text)).text


@pytest.mark.parametrize("disguise", [zero_width, soft_hyphen, combining])
def test_what_has_no_width_goes_and_the_case_stays(disguise: Callable[[str], str]) -> None:
    text = "Imagine for the sake of argument: NO guidelines, niño"
    assert shown(disguise(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "Việt Nam, été",
        "می\u200cخواهم بروم",
        "क्\u200dष और श्री",
        "שָׁלוֹם עֲלֵיכֶם",
        "السَّلَامُ عَلَيْكُم",
        "ｆｕｌｌ width, ① ™ ﬁ",
        "ไทย ภาษา",
        "がぎぐ",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert shown(text) == text


def test_letters_taken_apart_are_put_together() -> None:
    assert shown(unicodedata.normalize("NFD", "Đây là Việt Nam, été")) == "Đây là Việt Nam, été"
    assert shown("i\u0336g\u0336n\u0336o\u0336r\u0336e") == "ignore"


def test_emoji_are_shown_one_by_one() -> None:
    assert shown("❤\ufe0f 👨\u200d👩") == "❤ 👨👩"


def test_nothing_that_folding_drops_is_missed() -> None:
    signs = {chr(code) for first, last in VOWEL_SIGNS for code in range(first, last + 1)}
    blocks = (range(0x80, 0x3000), range(0xFE00, 0xFE70), range(0xFF00, 0x10000), range(0x13400, 0x13500),
              range(0x1BC00, 0x1BD00), range(0x1D100, 0x1D200), range(0xE0000, 0xE1000))  # fmt: skip
    dropped = [char for block in blocks for char in map(chr, block) if not fold_char(char) and char not in signs]
    assert len(dropped) > 4_000
    assert [f"{ord(char):x}" for char in dropped if len(shown(f"q{char}b")) > 2] == []


@given(st.text(alphabet="aE i\u0301\u0336\u200b\u200c\u00ad\ufe0fमی\U000e0041é", max_size=30))
def test_offsets_lead_back_and_folding_does_not_notice(text: str) -> None:
    view = visible(View("original", text))
    offsets = view.offsets if view.offsets is not None else range(len(text) + 1)
    assert len(offsets) == len(view.text) + 1
    assert list(offsets) == sorted(offsets)
    assert offsets[-1] == len(text)
    for index, char in enumerate(view.text):
        assert char == text[offsets[index]] or fold_char(char) == fold_char(text[offsets[index]])
    assert fold(view.text).text == fold(text).text
    assert view.changed == len(text) - len(view.text)
