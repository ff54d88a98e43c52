"""Canaries: planted markers whose appearance in output shows that hidden context was read out.

A model asked to leak one in disguise writes it spaced, hyphenated, reversed, in leet, ROT13, Base64, hexadecimal and so
on. All these forms become plain substrings of one *canonical* text: letters in lower case, look-alike digits and signs
as the letters they stand for, everything else dropped. One Aho-Corasick pass finds every form of every canary.
"""

from __future__ import annotations

import base64
import codecs
import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.interface import Pattern, View

SHORTEST = 6
"""Letters and digits a canary must have; shorter ones turn up by chance."""

PARTIAL_SHARE = 0.6
PARTIAL_SHORTEST = 8
"""A contiguous piece of this share and length counts as a partial leak."""

PARTIAL_SCORE = 0.8

_LIST_MARKER = re.compile(r"^[ \t]{0,16}(?:line |part |step )?\d{1,3}[.):\]]", re.MULTILINE | re.IGNORECASE)
"""A number before a piece of a canary that was split over the lines of a list."""

_OPEN_MARKER = re.compile(r"\n[ \t]{0,16}(?:l|li|lin|line ?|p|pa|par|part ?|s|st|ste|step ?)?\d{0,3}\Z", re.IGNORECASE)
"""The beginning of such a marker at the end of a growing text."""

_STANDS_FOR = str.maketrans("01!i2345$6789@", "olllzeassgtbga")


class Canonical(dict[int, int | None]):
    """A translation table that learns characters outside ASCII as it meets them."""

    def __init__(self) -> None:
        super().__init__()
        for code in range(128):
            character = chr(code).lower().translate(_STANDS_FOR)
            self[code] = ord(character) if character.isalnum() else None

    def __missing__(self, code: int) -> int | None:
        lower = chr(code).lower()
        value = ord(lower) if len(lower) == 1 and lower.isalnum() else None
        self[code] = value
        return value


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


class _Form(NamedTuple):
    canary: str
    score: float


def spellings(value: str) -> list[str]:
    """The disguises of ``value`` as a model would write them; spacing and letter case are not varied here."""
    turned = value[::-1]
    out = [value, turned, codecs.encode(value, "rot13"), codecs.encode(turned, "rot13")]
    both = (value, value.lower(), value.upper(), turned, turned.lower(), turned.upper())
    for written in dict.fromkeys(both):
        raw = written.encode()
        out += [raw.hex(), "".join(f"x{byte:02x}" for byte in raw), "".join(f"0x{b:02x}" for b in raw)]
        out += ["".join(f"u{ord(c):04x}" for c in written), "".join(str(ord(c)) for c in written)]
        out += ["".join(f"{byte:08b}" for byte in raw), "".join(f"{byte:o}" for byte in raw)]
        out += [_base64(raw, shift) for shift in range(3)]
        out += [_base32(raw, shift) for shift in range(5)]
    return list(dict.fromkeys(out))


def _base64(raw: bytes, shift: int) -> str:
    """The characters of Base64 that depend on ``raw`` alone when ``shift`` bytes stand before it."""
    encoded = base64.b64encode(bytes(shift) + raw).decode()
    return encoded[math.ceil(shift * 8 / 6) : (shift + len(raw)) * 8 // 6]


def _base32(raw: bytes, shift: int) -> str:
    encoded = base64.b32encode(bytes(shift) + raw).decode()
    return encoded[math.ceil(shift * 8 / 5) : (shift + len(raw)) * 8 // 5]


class CanaryDetector:
    """Finds canaries in any of their forms.

    Args:
        canaries: name to value.

    Raises:
        ConfigurationError: a value has fewer than `SHORTEST` letters and digits.
    """

    id = "canaries"
    guard = Guard.CANARY
    surfaces = frozenset(Surface)
    patterns: tuple[Pattern, ...] = ()

    def __init__(self, canaries: Mapping[str, str]) -> None:
        self._table = Canonical()
        forms: dict[str, _Form] = {}
        for name, value in canaries.items():
            plain = value.translate(self._table)
            if len(plain) < SHORTEST:
                raise ConfigurationError(
                    f"canary {name} has {len(plain)} letters and digits",
                    f"use at least {SHORTEST}, better 16 random ones",
                )
            for spelling in spellings(value):
                canonical = spelling.translate(self._table)
                if len(canonical) >= SHORTEST:
                    forms.setdefault(canonical, _Form(name, 1.0))
            length = max(PARTIAL_SHORTEST, math.ceil(PARTIAL_SHARE * len(plain)))
            for start in range(len(plain) - length + 1):
                forms.setdefault(plain[start : start + length], _Form(name, PARTIAL_SCORE))
        self._forms = list(forms.values())
        self._canonical = list(forms)
        self._find = AhoCorasick(self._canonical, implementation=Implementation.DFA) if forms else None
        self._prefixes = frozenset(text[:end] for text in forms for end in range(1, len(text)))
        self._longest = max(map(len, forms), default=0)

    def regions(self, text: str) -> list[tuple[int, int]]:
        """Ranges of ``text`` that belong to a canary in some form, or may when more text arrives.

        A range that may still grow ends past the text. For a hold rule: nothing may be cut inside a range.
        """
        if self._find is None:
            return []
        found = self._regions(text)
        if "\n" in text:
            shortened = _OPEN_MARKER.sub("", text)
            unlisted = _LIST_MARKER.sub(_blank, shortened)
            if unlisted != text:
                beyond = len(text) + 1
                found += [(at, beyond if end > len(unlisted) else end) for at, end in self._regions(unlisted)]
        return found

    def _regions(self, text: str) -> list[tuple[int, int]]:
        canonical = text.translate(self._table)
        length = len(canonical)
        spans = [(start, end) for _, start, end in self._find.find_matches_as_indexes(canonical, overlapping=True)]  # type: ignore[union-attr]
        for start in range(max(0, length - self._longest + 1), length):
            if canonical[start:] in self._prefixes:
                spans.append((start, length + 1))
                break
        if not spans:
            return []
        offsets = self._offsets(text)
        joined: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], end))
            else:
                joined.append((start, end))
        return [(offsets[start], len(text) + 1 if end > length else offsets[end - 1] + 1) for start, end in joined]

    def detect(self, views: Sequence[View], surface: Surface) -> list[Signal]:
        """One signal per canary and place, the strongest; spans in the original text."""
        if self._find is None:
            return []
        out: list[Signal] = []
        told: dict[str, list[Span]] = {}
        for position, view in enumerate(views):
            if position and view.name == "folded" and view.changed == 0:
                continue
            for name, start, end, score in self._places(view.text):
                span = view.origin(start, end)
                spans = told.setdefault(name, [])
                at = bisect_right(spans, span)
                if any(one.start <= span.start and span.end <= one.end for one in spans[max(0, at - 1) : at + 1]):
                    continue
                spans.insert(at, span)
                out.append(self._signal(name, view, start, end, score))
        return out

    def _places(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        yield from self._merged(text)
        if "\n" in text and (unlisted := _LIST_MARKER.sub(_blank, text)) != text:
            yield from self._merged(unlisted)

    def _merged(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        """Hits with overlapping ones of one canary joined; ranges in ``text``."""
        canonical = text.translate(self._table)
        hits = self._find.find_matches_as_indexes(canonical, overlapping=True) if self._find else []
        if not hits:
            return
        offsets = self._offsets(text)
        joined: dict[str, tuple[int, int, float]] = {}
        for index, start, end in sorted(hits, key=lambda hit: hit[1]):
            name, score = self._forms[index]
            begun = joined.get(name)
            if begun and start <= begun[1]:
                joined[name] = (begun[0], max(begun[1], end), max(begun[2], score))
                continue
            if begun:
                yield name, offsets[begun[0]], offsets[begun[1] - 1] + 1, begun[2]
            joined[name] = (start, end, score)
        for name, (start, end, score) in joined.items():
            yield name, offsets[start], offsets[end - 1] + 1, score

    def _offsets(self, text: str) -> list[int]:
        table = self._table
        return [index for index, character in enumerate(text) if table[ord(character)] is not None]

    def _signal(self, name: str, view: View, start: int, end: int, score: float) -> Signal:
        return Signal(
            detector=self.id,
            guard=self.guard,
            threat=Threat.DATA_LEAKAGE,
            technique="canary_leak",
            score=score,
            span=view.origin(start, end),
            view=view.name,
            rule=name,
            severity=Severity.CRITICAL,
        )
