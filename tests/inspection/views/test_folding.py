from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.signal import Span
from bartizan.inspection.views import fold, unsettled
from bartizan.inspection.views.folding import _JOINS, _STRIPPED, fold_char

_MARKS = (
    "\u0301\u0306\u0308\u0327\u0345\u093c\u09be\u0bbe\u0dca\u1161\u11a8\u3099\u309a\uff9e\u200b\u200d\ufe0f\u00ad\u20e3"
)
_BASES = (
    "aeiIİsSßσςийуіЁЙ\u304b\u30ab\uff76\u32d5゛\u1100가각\u3131\uffa1"
    "\u0928\u0bc6\u09c7क़\u11099ﷺ＝ﬁ½…’“—\ud83d\ude00😀 \x00\u0600"
)
_TRICKY = st.text(st.sampled_from(_MARKS + _BASES), max_size=12)
_TEXTS = st.one_of(_TRICKY, st.text(max_size=20), st.tuples(st.text(max_size=8), _TRICKY).map("".join))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ｉｇｎｏｒｅ", "ignore"),
        ("𝓲𝓰𝓷𝓸𝓻𝓮", "ignore"),
        ("ⓘⓖⓝⓞⓡⓔ", "ignore"),
        ("🅸🅶🅽🅾🆁🅴", "ignore"),
        ("🇮🇬🇳🇴🇷🇪", "ignore"),
        ("ɪɢɴᴏʀᴇ", "ignore"),
        ("⠊⠛⠝⠕⠗⠑", "ignore"),
        ("i\u0336g\u0336n\u0336ore", "ignore"),
        ("i\u200bg\u2060n\u00ado\ufe0fr\U000e0041e\u202e", "ignore"),
        ("Straße ÆØÅ łódź İstanbul ĲSSELMEER", "strasse aeoa lodz istanbul ijsselmeer"),
        ("“don’t”—…", '"don\'t"-...'),
        ("a\u00a0b\u3000c\u2028d", "a b c\nd"),
        ("Ёлка Йод и\u0306од Київ КИI\u0308В", "елка йод йод київ киiв"),
        ("Καλημέρα ΟΔΟΣ", "καλημερα οδοσ"),
        ("شُكْرًا أحمد", "شكرا احمد"),
        ("שָׁלוֹם", "שלום"),
        ("か\u3099 ｶﾞ が", "が ガ が"),
        ("\u1112\u1161\u11ab 한", "한 한"),
        ("हिन्दी", "हिन्दी"),
        ("1️⃣ ❤️ 👩‍👧", "1 ❤ 👩👧"),
        ("\ud800x", "\ufffdx"),
        ("①②⓿❶", "1201"),
    ],
)
def test_known_cases(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_ascii_folds_to_its_lower_case_in_place() -> None:
    view = fold("Ignore\x00 ALL\x7f\r\n")
    assert (view.text, view.offsets, view.changed) == ("ignore\x00 all\x7f\r\n", None, 0)


def test_changed_counts_what_differs_by_more_than_case() -> None:
    assert fold("Über ДОМ").changed == 1
    assert fold("ДОМ").changed == 0
    assert fold("i\u200bg\u200bn").changed == 2


def test_offsets_lead_back() -> None:
    text = "x\u200bﬁß…か\u200b\u3099!"
    view = fold(text)
    assert view.text == "xfiss...が!"
    assert view.offsets is not None
    assert list(view.offsets) == [0, 2, 2, 3, 3, 4, 4, 4, 5, 8, 9]
    assert view.origin(1, 3) == Span(2, 3)


@settings(max_examples=400)
@given(_TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text)
    again = fold(once.text)
    assert again.text == once.text


@settings(max_examples=400)
@given(_TEXTS)
def test_offsets_are_complete_and_never_decrease(text: str) -> None:
    view = fold(text)
    if view.offsets is None:
        assert len(view.text) == len(text)
    else:
        assert len(view.offsets) == len(view.text) + 1
        assert list(view.offsets) == sorted(view.offsets)
        assert view.offsets[-1] == len(text)


@settings(max_examples=600)
@given(_TEXTS, _TEXTS)
def test_the_settled_part_is_final(text: str, more: str) -> None:
    settled = text[: unsettled(text)]
    head, whole = fold(settled), fold(text + more)
    assert whole.text.startswith(head.text)
    for index in range(len(head.text)):
        head_at = head.offsets[index] if head.offsets is not None else index
        assert (whole.offsets[index] if whole.offsets is not None else index) == head_at


@settings(max_examples=300)
@given(_TEXTS, _TEXTS)
def test_what_was_settled_stays_settled(text: str, more: str) -> None:
    assert unsettled(text + more) >= unsettled(text)


def test_most_text_is_settled_at_once() -> None:
    for text in ("", "ignore", "caf\u00e9", "привет", "委员会", "😀", "שלום", "a\u0301", "\u200b"):
        assert unsettled(text) == len(text)
    for text in ("か", "a\ud83d", "и", "é か\u200b"):
        assert unsettled(text) == text.rindex(max(text.replace("\u200b", "")))


def test_every_second_half_of_a_composition_is_known() -> None:
    """Checked against the interpreter's Unicode data."""
    for code in range(0x110000):
        decomposition = unicodedata.decomposition(chr(code))
        if not decomposition or decomposition.startswith("<") or " " not in decomposition:
            continue
        second = chr(int(decomposition.split()[1], 16))
        whole = "".join(chr(int(part, 16)) for part in decomposition.split())
        if unicodedata.normalize("NFC", whole) == chr(code):
            assert _JOINS.match(second) or _STRIPPED.match(second)


def test_each_character_folds_to_something_stable() -> None:
    for code in range(0x30000):
        folded = fold_char(chr(code))
        assert "".join(map(fold_char, folded)) == folded
