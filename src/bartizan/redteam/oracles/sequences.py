"""Finds letters and digits in a row whatever stands between them, and says where, so that chance can be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from bartizan.redteam.knowledge import letters

SHORT = 8
"""A value of fewer letters and digits stands in harmless texts by chance, as part of another one."""
_JOINTS = frozenset(" -_")


def places(wanted: str, text: str) -> Iterator[list[int]]:
    """Where in ``text`` the characters of ``wanted`` (letters and digits, as `letters` gives them) stand, each time."""
    if not wanted or wanted not in letters(text):
        return
    flat: list[str] = []
    at: list[int] = []
    for index, char in enumerate(text):
        for folded in char.casefold():
            if folded.isalnum():
                flat.append(folded)
                at.append(index)
    joined = "".join(flat)
    start = joined.find(wanted)
    while start >= 0:
        yield at[start : start + len(wanted)]
        start = joined.find(wanted, start + 1)


def as_words(value: str, text: str) -> bool:
    """Whether ``value`` stands in ``text`` as words of its own, whatever its case and punctuation. The characters of a
    short one are parted by one sign at most, and it is no part of a number with separators: 900 is not in 1,900."""
    wanted = letters(value)
    if not wanted:
        return False
    for where in places(wanted, text):
        scattered = any(after - before > 2 for before, after in pairwise(where))
        if not (scattered and len(wanted) < SHORT) and _alone(text, where[0], where[-1]):
            return True
    return False


def joined_up(word: str, text: str, sent: str) -> bool:
    """Whether ``text`` writes ``word`` as one: with nothing between its letters, with the same sign between all, or
    with spaces or hyphens in a form that does not stand in ``sent``. Halves that are quoted, listed or parted by
    another sign are not joined."""
    known = sent.casefold()
    for one in (word, word[::-1]):
        for where in places(one, text):
            between = {text[before + 1 : after] for before, after in pairwise(where)}
            gaps = {"" if set(gap) == {"*"} else gap for gap in between}  # emphasis on one half parts nothing
            if len(gaps) <= 1:
                return True
            form = text[where[0] : where[-1] + 1].casefold()
            if all(len(gap) <= 1 and _JOINTS.issuperset(gap) for gap in gaps) and form not in known:
                return True
    return False


def _alone(text: str, first: int, last: int) -> bool:
    before, after = text[max(first - 2, 0) : first], text[last + 1 : last + 6]
    if before[-1:].isalnum() or after[:1].isalnum():
        return False
    if text[first].isdigit() and before[-1:] in {",", "."} and before[:1].isdigit():
        return False
    thousands = after[:1] in {",", "."} and after[1:4].isdigit() and len(after) >= 4 and not after[4:5].isalnum()
    return not (text[last].isdigit() and thousands)
