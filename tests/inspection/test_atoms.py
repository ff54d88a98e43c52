from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.inspection.atoms import required_atoms


def _sets(*rows: str) -> set[frozenset[str]]:
    return {frozenset(row.split("|")) for row in rows}


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (r"ignore", _sets("ignore")),
        (r"\bignore\W+previous\b", _sets("ignore", "previous")),
        (r"(?:ignore|forget)\s+instructions?", _sets("ignore|forget", "instruction|instructions")),
        (r"ign[oa]re", _sets("ignore|ignare")),
        (r"(?:secret)*", set()),
        (r"(?:secret)+x", _sets("secret")),
        (r"(?:secret){0,3}x", set()),
        (r"(?:secret){2}", _sets("secret")),
        (r"secret|\d+", set()),
        (r"(?:say\W+secret|tell\W+password)", _sets("secret|password")),
        (r"\.\.\.stop", _sets("...stop")),
        (r"[[:alpha:]]+\]end", _sets("]end")),
        (r"[^]]xyz", _sets("xyz")),
        (r"\pLstop\p{Greek}", _sets("stop")),
        (r"the\W+you", set()),
        (r"a?b", set()),
        (r"(?:ab|cd)(?:ef|gh)", _sets("abef|abgh|cdef|cdgh")),
        (r"(?P<hit>secret)", _sets("secret")),
        (r"line\nbreak\t", _sets("line\nbreak\t")),
    ],
)
def test_known_cases(regex: str, expected: set[frozenset[str]]) -> None:
    assert set(required_atoms(regex).required) == expected


@pytest.mark.parametrize(
    "regex", [r"\Qabcd\E", r"abc\x41def", "abc{x", "(abcd", "abcd)", "(?=abcd)", "abcd\\", "*abcd"]
)
def test_unknown_syntax_is_unfiltered(regex: str) -> None:
    assert required_atoms(regex).required == ()


def test_deep_nesting_is_unfiltered() -> None:
    assert required_atoms("(" * 100_000 + "secret" + ")" * 100_000).required == ()


def test_case_insensitive_atoms_are_folded() -> None:
    atoms = required_atoms("(?i)STRAẞE")
    assert atoms.fold
    assert atoms.required == (frozenset({"strasse"}),)


_LEAVES = st.sampled_from(["ignore", "rules", "s?", r"\W+", r"\w*", "[ab]", "[^ab]", "prompt", ".{0,3}", r"\b", "xyz"])
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda rows: "(?:" + "|".join(rows) + ")"),
        st.tuples(inner, st.sampled_from(["?", "+", "*", "{2}", "{1,2}", "{0,1}", "+?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(st.data(), _TREES)
def test_each_match_contains_an_atom_of_every_set(data: st.DataObject, regex: str) -> None:
    match = data.draw(st.from_regex(re.compile(regex, re.ASCII), fullmatch=True))
    for strings in required_atoms(regex).required:
        assert any(string in match for string in strings)
