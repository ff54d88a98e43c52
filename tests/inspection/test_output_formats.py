"""What every row of a format promises: its examples, its extent, its length."""

from __future__ import annotations

import re._parser as sre_parser  # type: ignore[import-not-found]

import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bartizan.inspection.hazards import HAZARD_PATTERNS
from bartizan.inspection.interface import Extent, Pattern
from bartizan.inspection.patterns import PatternScanner
from bartizan.inspection.personal_data import PERSONAL_DATA_PATTERNS
from bartizan.inspection.secrets import SECRET_PATTERNS

ROWS = (*PERSONAL_DATA_PATTERNS, *SECRET_PATTERNS, *HAZARD_PATTERNS)
GENERATED = tuple(row for row in ROWS if row.max_length < 1_000)
SUFFIXES = ("_labelled", "_grouped")

OUTSIDE_TOKEN = set(" \t\n\r\v\f\"'`<>{}|")
GROUP = re2.compile(r"[A-Za-z0-9+()]{1,10}")
MARKS = re2.compile(r"[ .\-/‐-―()]")


def family(row: Pattern) -> list[Pattern]:
    """The rows of one format: an example belongs to all of them together."""

    def base(name: str) -> str:
        for suffix in SUFFIXES:
            name = name.removesuffix(suffix)
        return name

    return [other for other in ROWS if base(other.id) == base(row.id)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_examples_are_found(row: Pattern) -> None:
    scanner = PatternScanner(family(row))
    for example in row.examples:
        assert list(scanner.scan(example)), example


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_counter_examples_are_not_found(row: Pattern) -> None:
    scanner = PatternScanner([row])
    for example in row.counter_examples:
        assert not list(scanner.scan(example)), example


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_max_length_covers_the_longest_match(row: Pattern) -> None:
    longest = sre_parser.parse(row.regex).getwidth()[1]
    assert longest <= row.max_length


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_literals_are_in_every_example_match(row: Pattern) -> None:
    literals = row.literals or row.stems
    regex = re2.compile(row.regex)
    for example in row.examples:
        for match in regex.finditer(example):
            assert not literals or any(literal.lower() in match.group().lower() for literal in literals)


def test_every_format_has_an_example_and_ids_are_unique() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert any(other.examples for other in family(row)), row.id


def test_there_are_enough_formats() -> None:
    assert len(SECRET_PATTERNS) >= 120
    countries = {row.id.split("_")[0] for row in PERSONAL_DATA_PATTERNS if len(row.id.split("_")[0]) == 2}
    assert len(countries) >= 30


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_matches_keep_to_their_extent_and_checks_never_fail(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(GENERATED))
    text = data.draw(st.from_regex(row.regex, alphabet=st.characters(codec="utf-8"))).replace("\x00", "")
    for match in re2.compile(row.regex).finditer(text):
        matched = match.group()
        assert len(matched) <= row.max_length
        value = match.group("hit") if "(?P<hit>" in row.regex else matched
        assert row.check is None or row.check(value or "") in (True, False)
        assert row.replace is None or row.replace(value or "")
        if row.extent is Extent.TOKEN:
            assert not OUTSIDE_TOKEN & set(matched)
            assert matched.isascii()
        elif row.extent is Extent.GROUPS:
            rest = MARKS.sub(" ", matched)
            assert all(GROUP.fullmatch(group) for group in rest.split()), matched
            assert "   " not in rest
        else:
            assert matched.casefold().startswith(tuple(stem.casefold() for stem in row.stems)), matched
