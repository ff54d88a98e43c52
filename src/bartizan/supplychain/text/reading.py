"""Reads one text as an attacker would want it read: with every disguise undone, the unseen parts first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

import re2

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.inspection.interface import View
from bartizan.inspection.obfuscation import ObfuscationDetector
from bartizan.inspection.signatures import SignatureDetector, load_packs
from bartizan.inspection.views import read
from bartizan.inspection.views.limits import Limits
from bartizan.supplychain.text.directives import compiled
from bartizan.supplychain.text.markup import unseen
from bartizan.supplychain.text.matching import SURROGATE, broken, hidden_order, orders, weighed
from bartizan.supplychain.text.mention import Reader
from bartizan.supplychain.text.roles.judging import meanings
from bartizan.supplychain.text.rules import DOUBTFUL, HIDDEN, HIDDEN_MARKUP, INJECTION, UNREAD
from bartizan.supplychain.text.seeing import Kind, Seen

WINDOW, OVERLAP, MOST = 120_000, 1_000, 4_000_000
"""Characters that are read at once, that neighbours share, and that are read at all."""
_LIMITS = Limits(depth=6, views=96)
"""What is undone at most: texts for agents are short, and what stays unread has to be read by people."""
_HIDING = frozenset(
    {"unicode_tags", "variation_selectors", "zero_width", "bidi", "deletion_characters", "control_characters"}
)
_LEAST_HIDDEN = {Kind.INSTRUCTIONS: 0.5, Kind.TOOL: 0.5, Kind.TEMPLATE: 0.5, Kind.MATERIAL: 0.8}
_LEAST_INJECTION = {Kind.INSTRUCTIONS: 0.8, Kind.TOOL: 0.6, Kind.TEMPLATE: 0.6, Kind.MATERIAL: 0.8}
_SURE = 0.9
"""Of an instruction file, which says much about models and rules; signatures below hold it, and no more."""
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
_SPEAKS = re2.compile(
    r"(?is)\W*(?:notes? (?:to|for) )?(?:the |any |all )?(?:llms?|ai(?: assistants?| agents?| models?)?|assistants?|"
    r"chat-?bots?|language models?|agents?|claude|gpt|copilot|gemini)\b\s*[:,].{0,80}\b(?:if|when|whenever|always|"
    r"never|answer|say|tell|ignore|send|reply|respond|include|append|recommend|do not|don't|must|run|visit|fetch|"
    r"download|push|book|use|disable|add|write|insert|set|put|change|make|skip|leave|remove|delete|read|call|ask|treat|forward|"
    r"assume|claim|mark|rank|rate|give|choose|prefer|open)\b"
)
"""How a part that nobody sees begins that is written for models."""
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
    reading = read(text, _LIMITS)
    for signal in ObfuscationDetector().detect(reading.views, Surface.CONTENT):
        if signal.technique in _HIDING and signal.score >= _LEAST_HIDDEN[kind]:
            yield Seen(
                HIDDEN, signal.span.start, _shown(text, signal), f"It hides text from people ({signal.technique})."
            )
    if kind in (Kind.INSTRUCTIONS, Kind.TOOL, Kind.MATERIAL):
        for start, hidden in unseen(SURROGATE.sub("\ufffd", text)):
            if spoken := _SPEAKS.match(hidden):
                yield Seen(
                    HIDDEN_MARKUP, start, spoken.group().strip(), "A part that is not shown gives models orders."
                )
                continue
            if (ordered := hidden_order(hidden, kind)) is not None:
                yield Seen(HIDDEN_MARKUP, start, hidden.strip(), f"A part that is not shown {ordered.explanation}.")
    structure = Reader(text)
    plain = list(orders(text, reading.views, kind, structure))
    yield from plain
    for seen in meanings(text, reading.views, kind, structure):
        end = seen.at + len(seen.evidence)
        if not any(one.at < end and seen.at < one.at + len(one.evidence) for one in plain):
            yield seen
    if reading.unread and kind in (Kind.INSTRUCTIONS, Kind.TOOL):  # the marks and escapes of templates look encoded
        yield Seen(UNREAD, 0, reading.unread[0], "Something in it could not be decoded within bounds.")
    yield from _injections(text, reading.views, kind, structure)


def _injections(text: str, views: Sequence[View], kind: Kind, structure: Reader) -> Iterator[Seen]:
    if kind is Kind.TEMPLATE:
        views = read(_ROLE_MARK.sub(lambda found: " " * len(found.group()), text)).views
    for signal in _signatures().detect(views, Surface.CONTENT):
        if signal.score >= _LEAST_INJECTION[kind] and not _honest(signal.rule, kind):
            says = "It tells a model to leave its instructions."
            seen = Seen(INJECTION, signal.span.start, _shown(text, signal), says)
            unsure = kind is Kind.INSTRUCTIONS and signal.score < _SURE
            if unsure or (kind in (Kind.INSTRUCTIONS, Kind.MATERIAL) and broken(seen.evidence)):
                seen = seen._replace(rule=DOUBTFUL)
            yield weighed(seen, structure.use(signal.span.start, signal.span.end))


def _honest(rule: str, kind: Kind) -> bool:
    """Whether nothing but honest signatures stand behind it; several that add up are joined by ``+``."""
    parts = rule.removeprefix("combined:").split("+")
    left = [part for part in parts if not part.startswith(_HONEST[kind])]
    return not left or (len(parts) > 1 and len(left) == 1)


def _shown(text: str, signal: Signal) -> str:
    return text[signal.span.start : signal.span.end]


@cache
def _signatures() -> SignatureDetector:
    return SignatureDetector(load_packs())


__all__ = ["Kind", "Seen", "look", "prepare"]
