"""What was used is remembered for its time, and nobody can make the book forget it sooner."""

from __future__ import annotations

from bartizan.keeper.once_book import OnceBook

SECOND = 1_000_000_000


def test_names_are_forgotten_when_their_time_is_over_and_not_before() -> None:
    book = OnceBook()
    assert book.take("app", "a", 0, 10)
    assert not book.take("other", "a", 9 * SECOND, 10)
    assert book.take("app", "a", 11 * SECOND, 10)
    book.sweep(30 * SECOND)
    assert len(book) == 0


def test_a_full_book_refuses_new_names_and_one_owner_cannot_fill_it() -> None:
    book = OnceBook(most=10, most_of_one=4)
    assert [book.take("greedy", f"g{number}", 0, 10) for number in range(6)] == [True] * 4 + [False] * 2
    assert [book.take(f"o{number}", f"n{number}", 0, 10) for number in range(8)] == [True] * 6 + [False] * 2
    assert not book.take("greedy", "g0", 0, 10), "it is still remembered"
    assert book.take("greedy", "g9", 11 * SECOND, 10)
