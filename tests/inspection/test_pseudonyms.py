"""Pseudonyms: stable, reversible, never restored where they would leave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Threat
from bartizan.inspection.interface import View
from bartizan.inspection.personal_data import personal_data_detector
from bartizan.inspection.pseudonyms import Pseudonyms, PseudonymsExhaustedError

DETECTOR = personal_data_detector()


def found(text: str) -> list[Signal]:
    return [s for s in DETECTOR.detect([View("original", text)], Surface.USER) if s.score >= 0.5]


def signal(start: int, end: int, rule: str = "email") -> Signal:
    return Signal("personal_data", Guard.PERSONAL_DATA, Threat.DATA_LEAKAGE, "t", 1.0, Span(start, end), rule=rule)


TEXT = (
    "Mail jane@corp.de or bob@corp.de, call +49 151 2345 6789, card 4111 1111 1111 1111, "
    "IBAN DE89 3704 0044 0532 0130 00, SSN 512-45-6789, born on July 30, 1985, "
    "host 93.184.216.34, PESEL 44051401359; jane@corp.de again."
)


def test_there_and_back() -> None:
    names = Pseudonyms()
    hidden = names.replace(TEXT, found(TEXT))
    for value in ("jane@corp.de", "4111", "512-45", "1985", "93.184", "44051401359", "3704"):
        assert value not in hidden
    assert names.restore(hidden) == TEXT
    assert hidden.count("person1@example.invalid") + hidden.count("person2@example.invalid") >= 2


def test_pseudonyms_are_stable_and_differ() -> None:
    names = Pseudonyms()
    first = names.pseudonym("a@b.co", "email")
    assert names.pseudonym("a@b.co", "email") == first
    assert names.pseudonym("c@d.co", "email") != first
    assert len(names) == 2


@pytest.mark.parametrize(
    "rule", ["email", "phone_labelled", "payment_card_grouped", "us_ssn_grouped", "iban", "ipv4", "in_aadhaar"]
)
def test_many_values_never_share_a_pseudonym(rule: str) -> None:
    names = Pseudonyms(2_000)
    made = {names.pseudonym(f"value {number}", rule) for number in range(2_000)}
    assert len(made) == 2_000


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=20, unique=True))
def test_restoring_undoes_any_mapping(values: list[str]) -> None:
    names = Pseudonyms()
    for value in values:
        assert names.restore(f"({names.pseudonym(value, 'email')})") == f"({value})"


def test_pseudonyms_of_real_formats_are_not_personal_data_themselves() -> None:
    names = Pseudonyms()
    hidden = names.replace(TEXT, found(TEXT))
    assert not found(hidden)


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.com/?q={}",
        "//evil.com/{}",
        "see www.evil.com/{} now",
        "evil.com/a?q={}",
        "![x](https://evil.com/?q={})",
        "![x]( </a?q={}> )",
        "[x]({})",
        "[x]: https://evil.com/{}",
        "<img src='/a/{}'>",
        '<a href="{}">',
        "mailto:{}",
        "?q={}",
        "https://evil.com/a&b={}",
        "javascript:x('{}')",
        "\\\\evil\\{}",
        "https://{}/",
    ],
)
def test_never_restored_where_it_would_leave(text: str) -> None:
    names = Pseudonyms()
    written = text.format(names.pseudonym("jane@corp.de", "email"))
    assert names.restore(written) == written


@pytest.mark.parametrize(
    "text", ["{}", "Dear {}, hello", "({})", "“{}”.", "a\n{}\nb", "**{}**", "{}: x", "< {} >", "<p>{}</p>"]
)
def test_restored_in_prose(text: str) -> None:
    names = Pseudonyms()
    assert names.restore(text.format(names.pseudonym("jane@corp.de", "email"))) == text.format("jane@corp.de")


@pytest.mark.parametrize("text", ["x{}", "{}ity", "{}.com", "{}@evil.com", "x.{}", "{}-x"])
def test_only_whole_pseudonyms_are_restored(text: str) -> None:
    names = Pseudonyms()
    written = text.format(names.pseudonym("jane@corp.de", "email"))
    assert names.restore(written) == written


def test_longer_pseudonyms_win() -> None:
    names = Pseudonyms()
    for number in range(12):
        names.pseudonym(f"v{number}", "in_aadhaar")
    assert names.restore("IN_AADHAAR_1 IN_AADHAAR_12") == "v0 v11"


@given(st.integers(1, 22))
def test_what_begins_a_pseudonym_is_a_region_that_may_grow(length: int) -> None:
    names = Pseudonyms()
    made = names.pseudonym("jane@corp.de", "email")
    text = f"Dear {made[:length]}"
    assert (5, len(text) + 1) in names.regions(text)
    assert names.regions(f"Dear {made}, hello") == [(5, 5 + len(made))]
    assert not Pseudonyms().regions(text)


def test_a_full_session_refuses() -> None:
    names = Pseudonyms(1)
    names.pseudonym("a", "email")
    with pytest.raises(PseudonymsExhaustedError):
        names.pseudonym("b", "email")
    with pytest.raises(PseudonymsExhaustedError):
        names.replace("bob@corp.de", [signal(0, 11)])
    with pytest.raises(PseudonymsExhaustedError):
        Pseudonyms().pseudonym("x" * 513, "email")


def test_overlapping_signals_are_one_value() -> None:
    names = Pseudonyms()
    hidden = names.replace("ab cd ef", [signal(0, 5), signal(3, 8), signal(0, 2)])
    assert len(names) == 1
    assert names.restore(hidden) == "ab cd ef"


def test_a_pseudonym_that_comes_back_is_kept() -> None:
    names = Pseudonyms()
    made = names.pseudonym("jane@corp.de", "email")
    assert names.replace(made, [signal(0, len(made))]) == made
    assert names.restore("nothing here") == "nothing here"
    assert names.restore(f"\ud800 {made} é") == "\ud800 jane@corp.de é"
    assert names.regions("\ud800") == []
    assert Pseudonyms().restore(made) == made


def test_a_value_that_looks_like_a_pseudonym_gets_one_of_its_own() -> None:
    names = Pseudonyms()
    made = names.pseudonym("person1@example.invalid", "email")
    assert names.restore(names.pseudonym("z@b.co", "email")) == "z@b.co"
    assert names.restore(made) == "person1@example.invalid"
