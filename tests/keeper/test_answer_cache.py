"""Answers are found again by keyed digests, within bounded memory."""

from __future__ import annotations

from bartizan.core.inference import Learned
from bartizan.core.passage import Surface
from bartizan.keeper.inference.cache import AnswerCache

ANSWER = (Learned((), ("classifier: something",)), Learned())
USER, CONTENT = Surface.USER, Surface.CONTENT


def test_a_question_is_text_surfaces_and_principal() -> None:
    cache = AnswerCache(100_000)
    digests = {
        cache.digest(principal, text, surfaces)
        for principal in ("a", "b", "ab", "")
        for text in (b"", b"x", b"ax", b"xx")
        for surfaces in ((USER,), (CONTENT,), (USER, CONTENT), (CONTENT, USER))
    }
    assert len(digests) == 64
    assert cache.digest("a", b"x", (USER,)) == cache.digest("a", b"x", (USER,))
    assert AnswerCache(1).digest("a", b"x", (USER,)) != cache.digest("a", b"x", (USER,))


def test_the_least_recently_used_go_first() -> None:
    cache = AnswerCache(2_000)
    digests = [cache.digest("a", str(number).encode(), (USER, CONTENT)) for number in range(4)]
    cache.keep(digests[0], ANSWER)
    cache.keep(digests[1], ANSWER)
    assert cache.find(digests[0]) is ANSWER
    cache.keep(digests[2], ANSWER)
    assert cache.find(digests[1]) is None
    assert cache.find(digests[0]) is ANSWER
    assert cache.bytes <= 2_000


def test_memory_is_bounded_and_none_keeps_none() -> None:
    cache = AnswerCache(50_000)
    for number in range(2_000):
        cache.keep(cache.digest("a", str(number).encode(), (USER,)), ANSWER)
        assert cache.bytes <= 50_000
    assert 10 < len(cache) < 100
    nothing = AnswerCache(0)
    nothing.keep(b"x", ANSWER)
    assert (len(nothing), nothing.bytes) == (0, 0)
