from __future__ import annotations

import re
from typing import Any

import pytest
import re2
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bartizan.inspection.atoms import LONG_RUN, Atom, required_atoms


def _ways(*rows: str) -> set[frozenset[frozenset[str]]]:
    """``a|b&c`` is a way with the sets {a, b} and {c}; ``^`` and ``$`` mark boundaries."""
    return {frozenset(frozenset(part.split("|")) for part in row.split("&")) for row in rows}


def _shown(regex: str) -> set[frozenset[frozenset[str]]]:
    return {
        frozenset(
            frozenset("^" * atom.from_boundary + atom.text + "$" * atom.to_boundary for atom in found) for found in way
        )
        for way in required_atoms(regex).ways
    }


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (r"ignore", _ways("ignore")),
        (r"\bignore\W+directives\b", _ways("^ignore$&^directives$")),
        (r"(?:ignore|forget)\s+instructions?", _ways("ignore$|forget$&^instruction|^instructions")),
        (r"ign[oa]re", _ways("ignore|ignare")),
        (r"(?:secret)*", set()),
        (r"(?:secret)+x", _ways("secret")),
        (r"(?:secret){0,3}x", set()),
        (r"(?:secret){2}", _ways("secret")),
        (r"secret|\d+", set()),
        (r"(?:say\W+secret|tell\W+password)", _ways("^secret", "^password")),
        (r"(?:obey\W+secret|tell\W+password)\s*reveal", _ways("obey$&^secret&reveal", "^password&reveal")),
        (r"\.\.\.obey", _ways("...obey")),
        (r"[[:alpha:]]+\]obey", _ways("]obey")),
        (r"[^]]xyzzy", _ways("xyzzy")),
        (r"\pLobey\p{Greek}", _ways("obey")),
        (r"the\W+you", set()),
        (r"the\W+you\W+obey|now", set()),
        (r"tell me now", _ways("tell me now")),
        (r"a?b", set()),
        (r"(?:abx|cdx)(?:efx|ghx)", _ways("abxefx|abxghx|cdxefx|cdxghx")),
        (r"(?P<hit>secret)", _ways("secret")),
        (r"line\nbreak\t", _ways("line\nbreak\t")),
        (r"\bигнор\b", _ways("игнор")),
        ("忽略", _ways("忽略")),
        (r"\W{0,2}obey\s?", _ways("obey")),
        (r"(?:\s|\W{2})obey", _ways("^obey")),
    ],
)
def test_known_cases(regex: str, expected: set[frozenset[frozenset[str]]]) -> None:
    assert _shown(regex) == expected


@pytest.mark.parametrize(
    "regex", [r"\Qabcd\E", r"abc\x41def", "abc{x", "(abcd", "abcd)", "(?=abcd)", "abcd\\", "*abcd", "abc\ue000d"]
)
def test_unknown_syntax_is_unfiltered(regex: str) -> None:
    assert required_atoms(regex).ways == ()


def test_deep_nesting_is_unfiltered() -> None:
    assert required_atoms("(" * 100_000 + "secret" + ")" * 100_000).ways == ()


def test_the_number_of_ways_is_bounded() -> None:
    atoms = required_atoms("".join(r"(?:alpha\d+beta|gamma\d+delta|epsilon\d*zeta)" for _ in range(12)))
    assert 0 < len(atoms.ways) <= 24


def test_case_insensitive_atoms_are_folded() -> None:
    atoms = required_atoms("(?i)STRAẞE")
    assert atoms.fold
    assert atoms.ways == ((frozenset({Atom("strasse")}),),)


_LEAVES = st.sampled_from(
    [
        "ignore",
        "obey",
        "s?",
        r"\W+",
        r"\w*",
        "[ab]",
        "[^ab]",
        "prompt",
        ".{0,3}",
        r"\b",
        "xyzzy",
        "the",
        r"[\s_-]+",
        "[a-z]{2}",
    ]
)
_COUNTS = {"?": (0, 1), "+": (1, 3), "*": (0, 3), "{2}": (2, 2), "{1,2}": (1, 2), "{0,1}": (0, 1), "+?": (1, 3)}
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.just("all"), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("one"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.sampled_from(sorted(_COUNTS)), inner),
    ),
    max_leaves=8,
)


def _written(tree: Any) -> str:
    """The tree as a regular expression."""
    if isinstance(tree, str):
        return tree
    kind, inner = tree
    if kind in _COUNTS:
        return f"(?:{_written(inner)}){kind}"
    rows = list(map(_written, inner))
    return "".join(rows) if kind == "all" else f"(?:{'|'.join(rows)})"


def _drawn(data: st.DataObject, tree: Any) -> str:
    """What the tree matches, but for the boundaries in it. Drawn from its leaves: a whole expression of nested
    repetitions would keep a backtracking matcher busy for ever."""
    if isinstance(tree, str):
        return "" if tree == r"\b" else data.draw(st.from_regex(re.compile(tree, re.ASCII), fullmatch=True))
    kind, inner = tree
    if kind in _COUNTS:
        times = data.draw(st.integers(*_COUNTS[kind]))
        return "".join(_drawn(data, inner) for _ in range(times))
    return "".join(_drawn(data, row) for row in (inner if kind == "all" else [data.draw(st.sampled_from(inner))]))


@pytest.mark.parametrize(
    ("regex", "reach"),
    [
        ("ignore", 6),
        (r"ignore\W+all", 6 + LONG_RUN + 3),
        (r"(?:\w+\s+){0,4}x", 4 * 2 * LONG_RUN + 1),
        (r"a.{0,70}b", 72),
        (r"a.*b", None),
        (r"a[^.\n]*b", None),
        (r"a[^\s.]*b", LONG_RUN + 2),
        (r"[\s_-]+", LONG_RUN),
        (r"[\s\d]+", None),
        (r"[a-z]+", None),
        (r"[abc.]+", LONG_RUN),
        (r"(?:ab)+", None),
        (r"\d{3,5}|x{9}", 9),
    ],
)
def test_reach(regex: str, reach: int | None) -> None:
    assert required_atoms(f"password(?:{regex})").reach == (None if reach is None else reach + 8)


def _runs_are_short(text: str) -> bool:
    return re.search(r"\S{65}|[\W_]{65}", text, re.ASCII) is None


@given(st.data(), _TREES)
def test_no_match_is_longer_than_its_reach(data: st.DataObject, tree: Any) -> None:
    regex, match = _written(tree), _drawn(data, tree)
    assume(re2.fullmatch(regex, match))
    reach = required_atoms(regex).reach
    if reach is not None and _runs_are_short(match):
        assert len(match) <= reach


def _contains(text: str, atom: Atom) -> bool:
    begins = r"(?<![A-Za-z0-9_])" if atom.from_boundary else ""
    ends = r"(?![A-Za-z0-9_])" if atom.to_boundary else ""
    return re.search(begins + re.escape(atom.text) + ends, text) is not None


@settings(max_examples=300)
@given(st.data(), _TREES, st.sampled_from(["", "a", " "]), st.sampled_from(["", "a", " "]))
def test_each_match_goes_one_of_the_ways(data: st.DataObject, tree: Any, before: str, after: str) -> None:
    regex = _written(tree)
    text = before + _drawn(data, tree) + after
    ways = required_atoms(regex).ways
    if ways and re2.search(regex, text):
        assert any(all(any(_contains(text, atom) for atom in found) for found in way) for way in ways)
