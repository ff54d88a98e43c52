"""What of a text may be a known value, and in which form it is compared.

A value is an e-mail address, or groups of letters and digits with marks between them: telephone numbers, IBANs, numbers
of customers and orders. Case and marks do not count. Of a number of ten digits and more its last nine count as well,
so that a telephone number is the same with and without its country's code. Names and other words are no such values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

SHORTEST: Final = 6
"""Letters and digits; what is shorter stands in other texts by chance."""
MOST_GROUPS: Final = 12
_EVERY: Final = frozenset(range(SHORTEST, 48 * MOST_GROUPS + 1))
_NATIONAL: Final = 9
"""Last digits of a telephone number that say whose it is."""
_PLAIN: Final = 11
"""Digits of a telephone number that begins neither with 0 nor +; a longer row holds something else as well."""
_LONGEST_NUMBER: Final = 15
"""Digits of a telephone number (ITU-T E.164)."""
_MOST_STEPS: Final = 16
"""Separators in the local part of an address behind which it may begin: the last ones."""
_MOST_ENDS: Final = 4
"""Full stops in the domain before which it may end: the first ones."""

_ADDRESS: Final = re.compile(r"([0-9A-Za-z._%+-]{1,64}@)(?=([0-9A-Za-z.-]{1,253}))")
"""The domain is looked ahead at: in "a@x.test.b@y.test" it holds the local part of the next one."""
_GROUP: Final = re.compile(r"[0-9A-Za-z]+")
_MARKS: Final = re.compile(r"[\s\-./()+\u2010-\u2015\u2212]{1,3}")
_LONGEST_GROUP: Final = 48
_DIGIT: Final = re.compile(r"[0-9]")


class Made(NamedTuple):
    """A canonical form: what is digested. ``kind`` keeps forms apart: an address, a value, a number's last digits."""

    kind: str
    text: str


class Place(NamedTuple):
    """Where in a text a form stands."""

    form: Made
    start: int
    end: int


def digests_of(value: str) -> tuple[Made, ...]:
    """The forms under which ``value`` is kept; none for what could not be found again: words, or too little."""
    value = value.strip()
    wanted = sum(character.isalnum() for character in value)
    if "@" in value:
        whole = [one.form for one in addresses(value) if (one.start, one.end) == (0, len(value))]
        return tuple(whole[:1])
    best = [one.form for one in numbers(value) if one.form.kind == "v" and len(one.form.text) == wanted]
    if not best:
        return ()
    text = best[0].text
    if text.isdigit() and text.startswith("00"):
        text = text[2:]
    forms = [Made("v", text), best[0]]
    if _is_number(text):
        forms.append(Made("n", text[-_NATIONAL:]))
    return tuple(dict.fromkeys(forms))


def addresses(text: str) -> Iterator[Place]:
    """Every e-mail address, and what is left behind each separator of its local part, and before each full stop of
    its domain: "to.ada@…" is also Ada's, and so is "ada@brook.example.Thanks"."""
    for match in _ADDRESS.finditer(text) if "@" in text else ():
        local, domain = match[1][:-1], match[2].rstrip(".-")
        found = match[1] + domain
        steps = [at + 1 for at, sign in enumerate(local) if sign in "._%+-"]
        stops = [
            at for at, sign in enumerate(domain) if sign == "." and "." in domain[:at] and domain[at - 1].isalnum()
        ]
        ends = [len(found), *(len(local) + 1 + at for at in reversed(stops[:_MOST_ENDS]))]
        for start in (0, *steps[-_MOST_STEPS:]):
            if found[start] != "@":
                for end in ends:
                    yield Place(Made("a", found[start:end].lower()), match.start() + start, match.start() + end)


def numbers(text: str, lengths: frozenset[int] | None = None) -> Iterator[Place]:
    """Every row of up to `MOST_GROUPS` groups, the longest first at each start, with what it is compared by.

    ``lengths``: only forms of these; what cannot be a value costs next to nothing.
    """
    wanted = lengths if lengths is not None else _EVERY
    for run in _runs(text):
        sums = list(accumulate((end - start for start, end in run), initial=0))
        for first in range(len(run)):
            for last in range(min(len(run), first + MOST_GROUPS) - 1, first - 1, -1):
                length = sums[last + 1] - sums[first]
                if length < SHORTEST or not (length in wanted or (_NATIONAL < length <= _LONGEST_NUMBER)):
                    continue
                start, end = run[first][0], run[last][1]
                joined = "".join(text[a:b] for a, b in run[first : last + 1]).lower()
                if _DIGIT.search(joined) is None:
                    continue
                if length in wanted:
                    yield Place(Made("v", joined), start, end)
                if _NATIONAL in wanted and _is_number(joined) and _dialled(text, start, joined):
                    yield Place(Made("n", joined[-_NATIONAL:]), start, end)


def _dialled(text: str, start: int, number: str) -> bool:
    """Whether a row of digits begins as telephone numbers do, or is no longer than one without a prefix."""
    return number[0] == "0" or text[start - 1 : start] == "+" or len(number) <= _PLAIN


def _is_number(text: str) -> bool:
    return text.isdigit() and _NATIONAL < len(text) <= _LONGEST_NUMBER


def _runs(text: str) -> Iterator[list[tuple[int, int]]]:
    """Rows of groups that a stream holds together (``inspection.holdback``): each has a digit or is at most four
    capitals, with up to three marks between two."""
    run: list[tuple[int, int]] = []
    for match in _GROUP.finditer(text):
        start, end = match.span()
        if run and _MARKS.fullmatch(text, run[-1][1], start) is None:
            yield run
            run = []
        group = match[0]
        fits = end - start <= _LONGEST_GROUP and (
            _DIGIT.search(group) is not None or (len(group) <= 4 and group.isupper())
        )
        if fits:
            run.append((start, end))
        elif run:
            yield run
            run = []
    if run:
        yield run
