"""Reads one text as an attacker would want it read: with every disguise undone, the unseen parts first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import NamedTuple

import re2

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.inspection.interface import View
from bartizan.inspection.obfuscation import ObfuscationDetector
from bartizan.inspection.signatures import SignatureDetector, load_packs
from bartizan.inspection.views import read
from bartizan.supplychain.interface import Rule
from bartizan.supplychain.text.directives import compiled
from bartizan.supplychain.text.markup import unseen
from bartizan.supplychain.text.orders.words import Directive
from bartizan.supplychain.text.rules import DIRECTIVE, ENCODED, HIDDEN, HIDDEN_MARKUP, INJECTION, UNREAD


class Kind(StrEnum):
    """What a text is for. Decides what an order in it means."""

    INSTRUCTIONS = "instructions"
    """Written for an agent: skills, rules, prompts. Full of honest orders."""
    TOOL = "tool"
    """Name and description of a tool, which a model reads and a user rarely sees."""
    TEMPLATE = "template"
    """What a chat template adds to every conversation. Full of honest role marks."""
    MATERIAL = "material"
    """Anything else: documentation, corpora, code."""


class Seen(NamedTuple):
    """One observation; ``at`` counts characters of the text."""

    rule: Rule
    at: int
    evidence: str
    explanation: str


WINDOW, OVERLAP, MOST = 120_000, 1_000, 4_000_000
"""Characters that are read at once, that neighbours share, and that are read at all."""
_MOST_WEAK = 100
NEAR = 600
"""Characters between two weak directives that count as one thought."""
_HIDING = frozenset(
    {"unicode_tags", "variation_selectors", "zero_width", "bidi", "deletion_characters", "control_characters"}
)
_LEAST_HIDDEN = {Kind.INSTRUCTIONS: 0.5, Kind.TOOL: 0.5, Kind.TEMPLATE: 0.5, Kind.MATERIAL: 0.8}
_LEAST_INJECTION = {Kind.INSTRUCTIONS: 0.8, Kind.TOOL: 0.6, Kind.TEMPLATE: 0.6, Kind.MATERIAL: 0.8}
_HONEST = {
    Kind.INSTRUCTIONS: ("indirect.", "evasion.forced", "authority.", "extraction.", "jailbreak.role"),
    Kind.TOOL: ("indirect.tool_order", "evasion.forced"),
    Kind.TEMPLATE: (
        "authority.",
        "evasion.forced",
        "indirect.tool_order",
        "indirect.conceal",
        "indirect.literals",
        "indirect.address_literals",
    ),
    Kind.MATERIAL: ("authority.chat_token",),
}
"""Signatures that fire on what such texts say for good reasons."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPEAKS = re2.compile(
    r"(?is)\W*(?:notes? (?:to|for) )?(?:the |any |all )?(?:llms?|ai(?: assistants?| agents?| models?)?|assistants?|"
    r"chat-?bots?|language models?|agents?|claude|gpt|copilot|gemini)\b\s*[:,].{0,80}\b(?:if|when|whenever|always|"
    r"never|answer|say|tell|ignore|send|reply|respond|include|append|recommend|do not|don't|must|run|visit|fetch|"
    r"download|push|book|use|disable|add|write|insert|set|put|change|make|skip|leave|remove|delete|read|call|ask|treat|forward|"
    r"assume|claim|mark|rank|rate|give|choose|prefer|open)\b"
)
"""How a part that nobody sees begins that is written for models."""
_UNTOUCHED = ("original", "folded")
_ROLE_MARK = re.compile(r"<[|｜/]?[^<>\n]{1,40}[|｜]?>|\[/?[A-Z_]{2,20}\]")


def prepare() -> None:
    """Make what reads texts, which the first text would otherwise wait for."""
    compiled()
    _signatures()


def look(text: str, kind: Kind) -> Iterator[Seen]:
    """What is in a text, at most a few observations of each rule."""
    for at in range(0, min(len(text), MOST), WINDOW):
        piece = text[at : at + WINDOW + OVERLAP]
        for seen in _look(piece, kind):
            if seen.at < WINDOW:
                yield seen._replace(at=seen.at + at)
    if len(text) > MOST and kind is not Kind.MATERIAL:
        yield Seen(UNREAD, MOST, "", f"Only the first {MOST} of {len(text)} characters were read.")


def _look(text: str, kind: Kind) -> Iterator[Seen]:
    reading = read(text)
    for signal in ObfuscationDetector().detect(reading.views, Surface.CONTENT):
        if signal.technique in _HIDING and signal.score >= _LEAST_HIDDEN[kind]:
            yield Seen(
                HIDDEN, signal.span.start, _shown(text, signal), f"It hides text from people ({signal.technique})."
            )
    if kind in (Kind.INSTRUCTIONS, Kind.TOOL, Kind.MATERIAL):
        for start, hidden in unseen(_SURROGATE.sub("\ufffd", text)):
            if spoken := _SPEAKS.match(hidden):
                yield Seen(
                    HIDDEN_MARKUP, start, spoken.group().strip(), "A part that is not shown gives models orders."
                )
                continue
            for seen in _directives([View("hidden", hidden)], kind, alone=True):
                yield Seen(HIDDEN_MARKUP, start, hidden.strip(), f"A part that is not shown {seen.explanation}.")
                break
    yield from _directives(reading.views, kind)
    if reading.unread and kind in (Kind.INSTRUCTIONS, Kind.TOOL):  # the marks and escapes of templates look encoded
        yield Seen(UNREAD, 0, reading.unread[0], "Something in it could not be decoded within bounds.")
    yield from _injections(text, reading.views, kind)


def _injections(text: str, views: Sequence[View], kind: Kind) -> Iterator[Seen]:
    if kind is Kind.TEMPLATE:
        views = read(_ROLE_MARK.sub(lambda found: " " * len(found.group()), text)).views
    for signal in _signatures().detect(views, Surface.CONTENT):
        if signal.score >= _LEAST_INJECTION[kind] and not _honest(signal.rule, kind):
            yield Seen(
                INJECTION, signal.span.start, _shown(text, signal), "It tells a model to leave its instructions."
            )


def _honest(rule: str, kind: Kind) -> bool:
    """Whether nothing but honest signatures stand behind it; several that add up are joined by ``+``."""
    parts = rule.removeprefix("combined:").split("+")
    left = [part for part in parts if not part.startswith(_HONEST[kind])]
    return not left or (len(parts) > 1 and len(left) == 1)


def _directives(views: Sequence[View], kind: Kind, alone: bool = False) -> Iterator[Seen]:
    """Strong directives, and pairs of weak ones; ``alone``: one weak one is enough. Of material only those that mean
    the same everywhere, unless ``alone``."""
    reported: set[str] = set()
    original = next((view.text for view in views if view.name == "original"), "")
    for view in views:
        if view.name == "original" and len(views) > 1:
            continue
        weak: list[tuple[int, int, Directive]] = []
        text = _SURROGATE.sub("\ufffd", view.text)  # RE2 takes none
        for directive, pattern in compiled():
            if kind is Kind.TEMPLATE and directive.id == "important_block":
                continue
            if kind is Kind.MATERIAL and not alone and not directive.everywhere:
                continue
            for found in pattern.finditer(text):
                if _excused(directive, view.text, found.start(), found.end()):
                    continue
                span = view.origin(found.start(), found.end())
                if view.name not in _UNTOUCHED and _plainly_excused(directive, pattern, original, span):
                    continue
                at = span.start
                if directive.strong or alone or (kind is Kind.TEMPLATE and directive.id in _SPECIAL):
                    if directive.id not in reported:
                        yield _seen(view, at, found.group(), directive.says)
                    reported.add(directive.id)
                else:
                    weak.append((found.start(), found.end(), directive))
                if len(weak) > _MOST_WEAK:
                    break
        yield from _pairs(view, sorted(weak, key=lambda one: one[:2]), reported)


def _excused(directive: Directive, text: str, start: int, end: int) -> bool:
    """Whether a word that makes it harmless stands in the match or before it; addresses also just after it."""
    before = text[max(0, start - 40) : end].casefold()
    after = text[start : end + 100].casefold()
    return any(word in (after if "." in word else before) for word in directive.ignore)


def _plainly_excused(directive: Directive, pattern: re2._Regexp[str], original: str, span: Span) -> bool:
    """Whether the same place says the same without any disguise, and is excused there: a view that takes marks out of
    addresses also takes them out of those that excuse."""
    found = pattern.search(_SURROGATE.sub("\ufffd", original[span.start : span.end]))
    return found is not None and _excused(directive, original, span.start + found.start(), span.start + found.end())


def _pairs(view: View, weak: list[tuple[int, int, Directive]], reported: set[str]) -> Iterator[Seen]:
    for number, (start, end, first) in enumerate(weak):
        for other_start, other_end, second in weak[number + 1 :]:
            if other_start - end > NEAR:
                break
            pair = "+".join(sorted((first.id, second.id)))
            if second.id != first.id and _telling(first.id, second.id) and pair not in reported:
                reported.add(pair)
                at = view.origin(start, end).start
                text = f"{view.text[start:end]} … {view.text[other_start:other_end]}"
                yield _seen(view, at, text, f"{first.says} and {second.says}")


_ORDINARY = frozenset({"before_anything", "pretext", "important_block"})
"""Two of these beside each other are still only an urgent tone."""
_SPECIAL = frozenset({"conceal", "conceal_this", "silently"})


def _telling(first: str, second: str) -> bool:
    both = {first, second}
    return not both <= _ORDINARY and not both <= _SPECIAL


def _seen(view: View, at: int, evidence: str, says: str) -> Seen:
    if view.name == "hidden":
        return Seen(HIDDEN_MARKUP, at, evidence, says)
    if view.name in _UNTOUCHED:
        return Seen(DIRECTIVE, at, evidence, f"It {says}.")
    return Seen(ENCODED, at, evidence, f"Decoded ({view.name}), it {says}.")


def _shown(text: str, signal: Signal) -> str:
    return text[signal.span.start : signal.span.end]


@cache
def _signatures() -> SignatureDetector:
    return SignatureDetector(load_packs())
