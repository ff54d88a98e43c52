"""What the orders that roles make come to in a text: read first, or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import re2

from bartizan.inspection.interface import View
from bartizan.supplychain.text.matching import SURROGATE, weighed
from bartizan.supplychain.text.mention import Reader, Use
from bartizan.supplychain.text.roles.reading import meant
from bartizan.supplychain.text.rules import DIRECTIVE, DOUBTFUL
from bartizan.supplychain.text.seeing import Kind, Seen

_MOST_OF_ONE = 3
_ADDRESSED = re2.compile(
    r"\b(?:ai|llms?|(?:ai |llm |digital |virtual )?(?:assistants?|agents?)|(?:language |ai )models?|"
    r"chat-?bots?|whoever indexes)\b"
    r"[^.\n]{0,90}?(?:[:,]|\b(?:should|must|who|that|which|are to|need to|have to|tells?|is to|reading|please)\b)|"
    r"\b(?:ki-?assistent\w*|assistenten|asistentes?|assistentes?|assistenti|assistants? ia|agent[ei]s? (?:de )?ia)\b|"
    r"ассистент|помощник|асистент|助手|助理|智能体|アシスタント|エージェント|어시스턴트|المساعد|सहायक"
)
"""How a document turns to models; what it tells people is none of their business."""


def meanings(text: str, views: Sequence[View], kind: Kind, structure: Reader) -> Iterator[Seen]:
    """Orders that count by what they do. They hold a text; in a tool's description, which has no reason to give orders,
    they block it. In material only what is said to models counts.

    Args:
        text: as it stands.
        views: of the text; the folded one is read, or the only one.
        kind: of chat templates nothing is read.
        structure: of the text.
    """
    if kind is Kind.TEMPLATE:
        return
    view = next((one for one in views if one.name == "folded"), views[0])
    small = _small(SURROGATE.sub("\ufffd", view.text))
    if kind is Kind.MATERIAL and _ADDRESSED.search(small) is None:
        return
    orders = list(meant(small, tool=kind is Kind.TOOL))
    told: Counter[str] = Counter()
    for order in orders:
        if kind is Kind.MATERIAL and _ADDRESSED.search(small, order.block[0], order.end) is None:
            continue
        span = view.origin(order.start, order.end)
        use = structure.use(span.start, span.end)
        if use is not Use.ORDERED or told[order.meaning.id] < _MOST_OF_ONE:
            told[order.meaning.id] += use is Use.ORDERED
            rule = DIRECTIVE if kind is Kind.TOOL else DOUBTFUL
            says = f"It {order.meaning.says}."
            yield weighed(Seen(rule, span.start, text[span.start : span.end], says), use)


def _small(text: str) -> str:
    """In small letters, place for place."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
