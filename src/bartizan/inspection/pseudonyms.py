"""Reversible pseudonyms of one session: the model sees ``person1@example.invalid``, the client its own data.

The order matters. `restore` runs on output *before* the final output inspection, so that what is put back is judged
like any other text. It never restores inside a URL, a link destination or an HTML tag: an injected instruction
could otherwise have personal data filled into an address that carries it away. Text on its way to an untrusted sink
(tool-call arguments, another service) is not restored at all; the caller simply does not ask for it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

import msgspec
from ahocorasick_rs import AhoCorasick, MatchKind

from bartizan.core.errors import BartizanError
from bartizan.core.signal import Signal, Span
from bartizan.inspection.hazards.markdown import links
from bartizan.inspection.redaction import redact

MOST = 10_000
"""Values per session; a further one is refused rather than mapped wrongly."""

LONGEST_VALUE = 512
"""Characters of a value that can have a pseudonym."""

_URL = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.\-]{0,30}:)?(?://|\\\\)\S+|\b(?:www\.|mailto:|data:|javascript:)\S+|\b[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}[/?#]\S+|[?&;][\w.\-%\[\]]{1,60}=\S+",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[A-Za-z/!][^>]*>?")
_BEFORE = re.compile(r"\w[.\-]?\Z")
_AFTER = re.compile(r"[\w@]|[.\-]\w")

Maker = Callable[[int], str]


def _digits(number: int, width: int) -> str:
    return str(number).rjust(width, "0")[-width:]


_MAKERS: dict[str, Maker] = {
    "email": lambda n: f"person{n}@example.invalid",
    "phone": lambda n: f"+999 555 {_digits(n, 6)}",
    "payment_card": lambda n: f"0000 0000 {_digits(n // 10_000, 4)} {_digits(n, 4)}",
    "iban": lambda n: f"XX00 0000 0000 {_digits(n // 10_000, 4)} {_digits(n, 4)}",
    "ipv4": lambda n: f"0.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}",
    "us_ssn": lambda n: f"000-{_digits(n // 10_000, 2)}-{_digits(n, 4)}",
    "date_of_birth": lambda n: f"0000-00-{_digits(n, 5)}",
}
"""Pseudonyms of the same shape that no real value can have: reserved domains, unassigned prefixes, invalid dates."""

_SUFFIXES = ("_labelled", "_grouped", "_segwit")


class PseudonymsExhaustedError(BartizanError):
    """A session named more values than `MOST`, or one longer than `LONGEST_VALUE`; its text must not pass as it is."""


class Pseudonyms:
    """The mapping of one session. Not safe for use by two threads at once.

    Args:
        most: values it keeps.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._by_value: dict[str, str] = {}
        self._by_pseudonym: dict[str, str] = {}
        self._ordered: list[str] = []
        self._finder: AhoCorasick | None = None

    def __len__(self) -> int:
        return len(self._by_value)

    def pseudonym(self, value: str, rule: str) -> str:
        """The pseudonym of ``value``; the same one each time.

        Args:
            value: personal data as written.
            rule: id of the personal-data format that found it.

        Raises:
            PseudonymsExhaustedError: the session has no room for another value.
        """
        known = self._by_value.get(value)
        if known is not None:
            return known
        if len(self._by_value) >= self._most or len(value) > LONGEST_VALUE:
            raise PseudonymsExhaustedError(
                f"no pseudonym left for a {rule}", "block the request, or redact instead of using pseudonyms"
            )
        base = rule
        for suffix in _SUFFIXES:
            base = base.removesuffix(suffix)
        base = "phone" if base.startswith("phone") else base
        number = len(self._by_value) + 1
        made = _MAKERS[base](number) if base in _MAKERS else f"{base.upper()}_{number}"
        if made in self._by_pseudonym:
            made = f"{base.upper()}_{number}"
        self._by_value[value] = made
        self._by_pseudonym[made] = value
        self._finder = None
        return made

    def replace(self, text: str, signals: Sequence[Signal]) -> str:
        """``text`` with the span of each signal replaced by a pseudonym.

        Pseudonyms of this session that the text already contains (a client may send them) are not mapped again.

        Raises:
            PseudonymsExhaustedError: see `pseudonym`; nothing of the text may then be sent.
        """
        return redact(text, [(one.span, self._replacement(text, one)) for one in _widest(signals)])

    def _replacement(self, text: str, signal: Signal) -> str:
        value = text[signal.span.start : signal.span.end]
        return value if value in self._by_pseudonym else self.pseudonym(value, signal.rule)

    def restore(self, text: str) -> str:
        """``text`` with pseudonyms replaced by their values, except inside URLs, link destinations and tags."""
        if not self._by_pseudonym:
            return text
        hits = self._search().find_matches_as_indexes(_encodable(text))
        if not hits:
            return text
        starts, ends = _forbidden(text)
        out: list[str] = []
        at = 0
        for index, start, end in hits:
            if _inside(starts, ends, start, end) or _continues(text, start, end):
                continue
            out += [text[at:start], self._by_pseudonym[self._ordered[index]]]
            at = end
        out.append(text[at:])
        return "".join(out)

    def regions(self, text: str) -> list[tuple[int, int]]:
        """Ranges of ``text`` that are a pseudonym or an address, or may become one with more text (those end past it).

        For the hold rule of streams: a pseudonym must arrive whole to be restored, an address so that it is not.
        """
        found = []
        if self._by_pseudonym:
            found = [(start, end) for _, start, end in self._search().find_matches_as_indexes(_encodable(text))]
            longest = max(map(len, self._by_pseudonym))
            for start in range(max(0, len(text) - longest + 1), len(text)):
                tail = text[start:]
                if any(pseudonym.startswith(tail) for pseudonym in self._by_pseudonym):
                    found.append((start, len(text) + 1))
                    break
            starts, ends = _forbidden(text)
            found += [(start, end if end < len(text) else end + 1) for start, end in zip(starts, ends, strict=True)]
        return found

    def _search(self) -> AhoCorasick:
        if self._finder is None:
            self._ordered = list(self._by_pseudonym)
            self._finder = AhoCorasick(self._ordered, matchkind=MatchKind.LeftmostLongest)
        return self._finder


def _encodable(text: str) -> str:
    """``text`` of the same length with lone surrogates, which have no UTF-8, as ``?``."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _widest(signals: Sequence[Signal]) -> list[Signal]:
    """Signals that do not overlap, wider ones first chosen."""
    chosen: list[Signal] = []
    at = -1
    for signal in sorted(signals, key=lambda one: (one.span.start, -one.span.end)):
        if signal.span.start >= at:
            chosen.append(signal)
            at = signal.span.end
        elif signal.span.end > at:
            widened = Span(chosen[-1].span.start, signal.span.end)
            chosen[-1] = msgspec.structs.replace(chosen[-1], span=widened, rule="personal_data")
            at = signal.span.end
    return chosen


def _forbidden(text: str) -> tuple[list[int], list[int]]:
    """Starts and ends of merged ranges in which nothing is restored."""
    ranges = [match.span() for match in _URL.finditer(text)]
    ranges += [match.span() for match in _TAG.finditer(text) if not match.group().startswith(("<!", "</"))]
    ranges += [(link.start, link.end) for link in links(text, relative=True)]
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(ranges):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def _inside(starts: list[int], ends: list[int], start: int, end: int) -> bool:
    at = bisect_right(starts, end - 1) - 1
    return at >= 0 and ends[at] > start


def _continues(text: str, start: int, end: int) -> bool:
    """``person1@example.invalid`` inside ``person1@example.invalidity`` or ``xperson1@…`` is something else."""
    return bool(_BEFORE.search(text, max(0, start - 2), start) or _AFTER.match(text, end))
