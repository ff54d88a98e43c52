from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError
from bartizan.inspection.matcher import MAX_HITS, Hit, Literal, build_matcher


def test_literals_come_first_and_offsets_are_code_points() -> None:
    matcher = build_matcher(["é", "ignore"], [r"b+c"])
    assert matcher.find("😀é ignore bbc") == [Hit(0, 1, 2), Hit(1, 3, 9), Hit(2, 10, 13)]


def test_literals_overlap() -> None:
    matcher = build_matcher(["abc", "bcd", "c"], [])
    assert matcher.find("abcd") == [Hit(0, 0, 3), Hit(1, 1, 4), Hit(2, 2, 3)]


def test_whole_word_literals() -> None:
    matcher = build_matcher([Literal("dan")], [])
    assert matcher.find("danger Jordan_dan dané") == []
    assert matcher.find("be dan, (dan)") == [Hit(0, 3, 6), Hit(0, 9, 12)]


def test_a_whole_word_is_found_behind_many_that_are_not() -> None:
    text = "danger " * 20_000 + "dan"
    assert build_matcher([Literal("dan")], []).find(text) == [Hit(0, 140_000, 140_003)]


def test_hits_are_bounded() -> None:
    hits = build_matcher(["a", "aa"], ["a"]).find("a" * 200_000)
    assert [sum(hit.index == index for hit in hits) for index in range(3)] == [MAX_HITS] * 3


def test_a_literal_across_the_chunk_border_is_found_once() -> None:
    for before in range(32_768 - 8, 32_768 + 8):
        text = "x" * before + "ignore" + "x" * 40_000
        assert build_matcher(["ignore", "other"], []).find(text) == [Hit(0, before, before + 6)]


def test_lone_surrogates_match_nothing_and_hide_nothing() -> None:
    assert build_matcher(["ignore"], ["ig.ore"]).find("\ud800ignore\udfff") == [Hit(0, 1, 7), Hit(1, 1, 7)]


def test_nul_is_a_character_like_any_other() -> None:
    assert build_matcher(["b"], ["c+"]).find("\x00b\x00c") == [Hit(0, 1, 2), Hit(1, 3, 4)]


def test_case_insensitive_patterns_see_any_case() -> None:
    matcher = build_matcher([], [r"(?i)ignore\s+rules"])
    for text in ("IGNORE RULES", "Ignore rules", "ignore ruleſ"):
        assert matcher.find(text) == [Hit(0, 0, len(text))]


def test_empty_matcher_finds_nothing() -> None:
    assert build_matcher([], []).find("anything") == []


@pytest.mark.parametrize(
    ("literals", "patterns", "named"),
    [
        (["ok", ""], [], "literal 1"),
        ([], ["ok", "("], "pattern 1"),
        ([], ["a*"], "pattern 0"),
        ([], [r"(a)\1"], "pattern 0"),
        ([], ["ok", "(?:(?:[a-z]{1000}){1000}){10}"], "pattern 1"),
        ([], ["\ud800"], "pattern 0"),
    ],
)
def test_a_bad_entry_is_named(literals: list[str], patterns: list[str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        build_matcher(literals, patterns)


_WORDS = st.sampled_from(["ignore", "all", "rules", "IGNORE", "the", "é", "ß", "\n", "12", "print", "_", "😀"])
_PATTERNS = [
    r"ignore\W+(?:all\W+)?rules",
    r"(?:print|the|ignore)\s*\d+",
    r"(?i)ignore (?:all|the) rules",
    r"\d{2}\s",
    r"(?:ru(?:les|n)|all|pr[io]nt)\W?é",
    r"(?P<hit>ignore|rules)+ss?",
    r"[^a-z]rules$",
    r"(?:all)?ß",
]


@given(st.lists(_WORDS, max_size=12).map(" ".join) | st.lists(_WORDS, max_size=12).map("".join))
def test_agrees_with_each_pattern_run_alone(text: str) -> None:
    together = build_matcher(["ignore", "rules"], _PATTERNS).find(text)
    apart = []
    for index, pattern in enumerate(_PATTERNS):
        apart += [Hit(index + 2, hit.start, hit.end) for hit in build_matcher([], ["(?:" + pattern + ")"]).find(text)]
    assert [hit for hit in together if hit.index >= 2] == sorted(apart, key=lambda hit: (hit.start, hit.end, hit.index))


_GAPS = st.sampled_from(
    [" ", "\n", "-", "é", "x" * 70, " " * 500, "!" * 3_000, "word " * 300, "_" * 1_500, "the system of rules "]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_WORDS, _GAPS), max_size=24), st.integers(0, 2_500))
def test_agrees_with_each_pattern_in_long_texts(pieces: list[tuple[str, str]], lead: int) -> None:
    text = "z " * (lead // 2) + "".join(word + gap for word, gap in pieces)
    patterns = [*_PATTERNS, r"ignore(?:\W+\w+){0,3}\W+rules", r"ignore.*password", r"\bprint[\s_!-]+ignore\b"]
    together = build_matcher([], patterns).find(text)
    data = text.encode()
    apart = []
    for index, pattern in enumerate(patterns):
        spans = [match.span() for match in re2.compile(pattern.encode()).finditer(data)][:MAX_HITS]
        apart += [Hit(index, len(data[:start].decode()), len(data[:end].decode())) for start, end in spans]
    assert together == sorted(apart, key=lambda hit: (hit.start, hit.end, hit.index))


def test_filling_the_gap_does_not_pull_a_match_apart() -> None:
    matcher = build_matcher([], [r"ignore\W+all\W+rules", r"obey\w+password"])
    for gap in (" " * 90_000, "!" * 90_000, "!_ " * 30_000):
        text = "x " * 3_000 + "ignore" + gap.replace("_", " ") + "all" + gap.replace("_", "-") + "rules" + " y" * 3_000
        assert [hit.index for hit in matcher.find(text)] == [0]
    assert [hit.index for hit in matcher.find("a " * 5_000 + "obey" + "q" * 90_000 + "password")] == [1]


def test_a_literal_with_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="surrogate"):
        build_matcher(["a\ud800"], [])
