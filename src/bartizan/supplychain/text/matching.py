"""Where a text orders something that `directives` look for, and what the text around it makes of that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import re2

from bartizan.core.signal import Span
from bartizan.inspection.interface import View
from bartizan.supplychain.text.directives import compiled
from bartizan.supplychain.text.mention import Reader, Use
from bartizan.supplychain.text.orders.words import Directive
from bartizan.supplychain.text.rules import DIRECTIVE, DOUBTFUL, ENCODED, HIDDEN_MARKUP, QUOTED
from bartizan.supplychain.text.seeing import Kind, Seen

_MOST_WEAK, _MOST_OF_ONE, _BEYOND = 100, 20, 300
NEAR = 600
"""Characters between two weak directives that count as one thought."""
_BREAK = re.compile(r"\n[ \t]*\n|[.!?:][ \t]*\n[ \t]*(?:\d+[.)]|[-*#>|])[ \t]")
UNTOUCHED = ("original", "folded")
SURROGATE = re.compile("[\ud800-\udfff]")
_ORDINARY = frozenset({"before_anything", "pretext", "important_block"})
"""Two of these beside each other are still only an urgent tone."""
_URGENT = _ORDINARY | {"again_and_again"}
"""Two of these hold a text; in a tool's description they block it."""
_SPECIAL = frozenset({"conceal", "conceal_this", "silently"})
_READS = frozenset({"read_secret_file", "code_reads_secrets", "collect_secrets", "store_of_secrets_read"})
"""They say that credentials are read; two of them say no more than one."""
_MANNER = _URGENT | _SPECIAL | {"never_ask", "permission_prompt"}
"""They say how or when something is done. Two of them hold a text, and block it only in one sentence."""
_HOST = re2.compile(r"(?i)(?:://|@)([a-z0-9.-]+\.[a-z]{2,})")
_EXAMPLE = re2.compile(
    r"(?i)example|evil|attack|malicious|hack|exfil|phish|steal|bad|rogue|victim|your|acme|placeholder|domain\.|"
    r"\.(?:test|invalid|local|localhost)$"
)
_NEGATIONS = frozenset({"never", "do not", "don't", "must not", "should not", "cannot", "avoid", "not be", "refuse"})
_WEIGHT = {Use.ORDERED: 2, Use.SHOWN: 1, Use.QUOTED: 0, Use.FORBIDDEN: 0}


def hidden_order(text: str, kind: Kind) -> Seen | None:
    """The first directive in a part that nobody sees, where a weak one is enough."""
    matching = _Matching(kind, "", None)
    return next(matching.run([View("hidden", text)], everything=True), None)


def orders(text: str, views: Sequence[View], kind: Kind, structure: Reader) -> Iterator[Seen]:
    """Strong directives, pairs of weak ones, and weak ones that hold a text alone; each at its worst use.

    Args:
        text: as it stands.
        views: of the text.
        kind: of material only those directives count that mean the same everywhere.
        structure: of the text.
    """
    yield from _Matching(kind, text, structure).run(views)


def weighed(seen: Seen, use: Use) -> Seen:
    """What an order comes to when the text around it is read as well; one in code is nobody's example."""
    if seen.rule is ENCODED or use is Use.ORDERED:
        return seen
    if use is Use.SHOWN or (use is Use.QUOTED and _leads_somewhere(seen.evidence)):
        return seen._replace(rule=DOUBTFUL, explanation=f"{seen.explanation} The text may only show this.")
    says = "forbids" if use is Use.FORBIDDEN else "quotes"
    return seen._replace(rule=QUOTED, explanation=f"{seen.explanation} The text {says} this.")


def _leads_somewhere(evidence: str) -> bool:
    """Whether it names an address that is none of those by which examples are known."""
    return any(_EXAMPLE.search(found.group(1)) is None for found in _HOST.finditer(evidence))


def broken(order: str) -> bool:
    """Whether a paragraph, or a sentence before the next item or heading, ends within it."""
    return _BREAK.search(order) is not None


def _unbroken(pattern: re2._Regexp[str], text: str, found: re2._Match[str]) -> re2._Match[str]:
    """A match within one paragraph or item, of one that goes over several; the widest comes first."""
    if not broken(found.group()):
        return found
    end = min(len(text), found.end() + _BEYOND)
    edges = [found.start(), *(one.end() for one in _BREAK.finditer(text, found.start(), end)), end]
    inner = (pattern.search(text, first, last) for first, last in pairwise(edges))
    return next((one for one in inner if one is not None), found)


class _Matching:
    def __init__(self, kind: Kind, text: str, structure: Reader | None) -> None:
        self._kind, self._text, self._structure = kind, text, structure
        self._reported: dict[str, int] = {}
        """By directive or pair: how heavily it was used where it was reported."""

    def run(self, views: Sequence[View], *, everything: bool = False) -> Iterator[Seen]:
        for view in views:
            if view.name == "original" and len(views) > 1:
                continue
            weak: list[tuple[int, int, Directive]] = []
            text = SURROGATE.sub("\ufffd", view.text)  # RE2 takes none
            for directive, pattern in compiled():
                if self._kind is Kind.TEMPLATE and directive.id == "important_block":
                    continue
                if self._kind is Kind.MATERIAL and not everything and not directive.everywhere:
                    continue
                for number, widest in enumerate(pattern.finditer(text)):
                    found = _unbroken(pattern, text, widest)
                    if number >= _MOST_WEAK or len(weak) > _MOST_WEAK * 4:
                        break
                    if self._excused(directive, view.text, found.start(), found.end()):
                        continue
                    span = view.origin(found.start(), found.end())
                    if view.name not in UNTOUCHED and _plainly_said(pattern, self._text, span):
                        continue  # in the folded view, where it is no disguise
                    strong = directive.strong or everything
                    if strong or (self._kind is Kind.TEMPLATE and directive.id in _SPECIAL):
                        seen, most = self._whole(_seen(view, span, found.group(), directive.says), found.group())
                        yield from self._found(directive.id, seen, span, most)
                        continue
                    weak.append((found.start(), found.end(), directive))
                    if directive.alone:
                        seen = self._alone(_seen(view, span, found.group(), directive.says))
                        yield from self._found(directive.id, seen, span)
            yield from self._pairs(view, sorted(weak, key=lambda one: one[:2]))

    def _excused(self, directive: Directive, text: str, start: int, end: int) -> bool:
        """Whether a word that makes it harmless stands in the match or before it; addresses also just after it. Where
        the structure of the text is known, that says what is forbidden, and a mere "never" nearby excuses nothing."""
        before = text[max(0, start - 40) : end].casefold()
        after = text[start : end + 100].casefold()
        return any(
            word in (after if "." in word else before)
            for word in directive.ignore
            if self._structure is None or word not in _NEGATIONS
        )

    def _whole(self, seen: Seen, *parts: str) -> tuple[Seen, int]:
        """An order that goes on over the end of a paragraph or item may be two sentences that nobody meant as one: it
        holds the text, and weighs no more than an order that is shown."""
        if self._structure is None or self._kind is Kind.TOOL or not any(map(broken, parts)):
            return seen, 2
        return (seen._replace(rule=DOUBTFUL) if seen.rule is DIRECTIVE else seen), 1

    def _found(self, name: str, seen: Seen, span: Span, most: int = 2) -> Iterator[Seen]:
        """It, if it was not reported where the text means it as much."""
        use = self._structure.use(span.start, span.end) if self._structure is not None else Use.ORDERED
        weight = 2 if seen.rule is ENCODED else min(most, _WEIGHT[use])
        if weight > self._reported.get(name, -1):
            self._reported[name] = weight
            yield weighed(seen, use)

    def _alone(self, seen: Seen) -> Seen:
        """One weak order by itself: enough in a tool's description, which has no honest reason to order anything."""
        return seen if self._kind is Kind.TOOL or seen.rule is not DIRECTIVE else seen._replace(rule=DOUBTFUL)

    def _pairs(self, view: View, weak: list[tuple[int, int, Directive]]) -> Iterator[Seen]:
        tried: dict[str, int] = {}
        for number, (start, end, first) in enumerate(weak):
            for other_start, other_end, second in weak[number + 1 :]:
                if other_start - end > NEAR:
                    break
                pair = "+".join(sorted((first.id, second.id)))
                if second.id == first.id or not _telling(first.id, second.id) or tried.get(pair, 0) >= _MOST_OF_ONE:
                    continue
                tried[pair] = tried.get(pair, 0) + 1
                spans = view.origin(start, end), view.origin(other_start, other_end)
                text = f"{view.text[start:end]} … {view.text[other_start:other_end]}"
                seen = _seen(view, spans[0], text, f"{first.says} and {second.says}")
                both = {first.id, second.id}
                if both <= _URGENT or (both <= _MANNER and _apart(view.text[end:other_start])):
                    seen = self._alone(seen)
                seen, most = self._whole(seen, view.text[start:end], view.text[other_start:other_end])
                # a pair means what the part means that the text stands behind least
                yield from self._found(pair, seen, min(spans, key=self._weight), most)

    def _weight(self, span: Span) -> int:
        return 2 if self._structure is None else _WEIGHT[self._structure.use(span.start, span.end)]


def _plainly_said(pattern: re2._Regexp[str], original: str, span: Span) -> bool:
    """Whether the same place says the same without any disguise."""
    return pattern.search(SURROGATE.sub("\ufffd", original[span.start : span.end])) is not None


def _telling(first: str, second: str) -> bool:
    both = {first, second}
    return not any(both <= same for same in (_ORDINARY, _SPECIAL, _READS))


def _apart(between: str) -> bool:
    return "\n" in between or ". " in between


def _seen(view: View, span: Span, evidence: str, says: str) -> Seen:
    if view.name == "hidden":
        return Seen(HIDDEN_MARKUP, span.start, evidence, says)
    if view.name in UNTOUCHED:
        return Seen(DIRECTIVE, span.start, evidence, f"It {says}.")
    return Seen(ENCODED, span.start, evidence, f"Decoded ({view.name}), it {says}.")
