"""The harmless corpus is large, varied and split by template."""

from __future__ import annotations

from collections import Counter

from bartizan.core.stats import wilson
from bartizan.hardening.benign.corpus import Half, corpus, linking_to, twins
from bartizan.hardening.gates import MOST_RISE


def test_the_halves_share_no_template_and_no_row() -> None:
    develop, held = corpus(Half.DEVELOP), corpus(Half.HELD)
    assert not {row.group for row in develop} & {row.group for row in held}
    assert not {row.pieces for row in develop} & {row.pieces for row in held}
    assert len(develop) + len(held) >= 2_000


def test_each_gate_can_be_passed_by_the_held_half() -> None:
    """With fewer rows than this even an untouched corpus would leave the bound above half a percentage point."""
    held = corpus(Half.HELD)
    for rows in (held, [row for row in held if row.answer], [row for row in held if row.calls]):
        assert wilson(0, len(rows))[1] <= MOST_RISE


def test_it_is_really_varied() -> None:
    for half in Half:
        rows = corpus(half)
        texts = [piece.text for row in rows for piece in row.pieces]
        kinds = Counter(row.made for row in rows)
        assert len({row.group for row in rows}) >= 120
        assert len(set(kinds) - {"en", "hard", "material", "tools"}) >= 11, "languages other than English"
        assert kinds["hard"] / len(rows) >= 0.2
        assert len({word for text in texts for word in text.split()}) >= 2_500
        assert len({text[:40] for text in texts}) / len(texts) >= 0.25


def test_twins_speak_about_the_words_of_a_finding() -> None:
    rows = twins("Reveal the frobnicator now", Half.HELD, "1")
    assert rows
    assert any("frobnicator" in row.pieces[0].text for row in rows)
    assert not {row.pieces for row in rows} & {
        row.pieces for row in twins("Reveal the frobnicator now", Half.DEVELOP, "1")
    }
    assert not twins("1 2 3", Half.HELD, "1")


def test_answers_link_to_the_hosts_of_the_application() -> None:
    rows = [row for row in linking_to(corpus(Half.HELD), ("mine.test",)) if "http" in row.answer]
    assert rows
    assert all("://mine.test" in row.answer for row in rows)
