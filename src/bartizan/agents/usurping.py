"""Text in a result that speaks of the agent's own task and puts another one before it.

What a tool returns has no business knowing what its reader was asked to do. A text that says *before you solve the task
that I gave you, do the following* speaks in the voice of the agent's principal; nothing in it is followed, and no value
in its prose is one that the user pointed at.
"""

from __future__ import annotations

import re

_TASK = (
    r"(?:"
    r"\b(?:task|request|question|job|instruction|prompt|query|assignment)s?\b[^.!?]{0,30}?"
    r"\b(?:i|we|(?:the|your)\suser|they)\s(?:(?:have|had|has|just|already|originally|initially|first)\s){0,2}"
    r"(?:gave|given|asked|assigned|sent|provided|told|set)\s(?:to\s)?(?:of\s)?you\b|"
    r"\b(?:task|request|question|job|instruction|query|assignment)s?\b[^.!?]{0,20}?"
    r"\byou\s(?:were|are|have\sbeen)\s(?:given|asked|told|assigned|instructed)\b|"
    r"\b(?:original|initial|actual|main|primary|(?:the\s)?user'?s?)\s"
    r"(?:task|request|query|question|instructions?|prompt|goal|objective)\b"
    r")"
)
_ORDER = (
    r"\b(?:before|prior\sto|until|instead\sof|after|once|only\sthen|then)\b[^.!?]{0,80}?"
    r"\b(?:solv|do(?:ing)?\b|complet|continu|proceed|resum|finish|return|answer|perform|execut|start|begin|work|go(?:ing)?\b)"
    r"[^.!?]{0,40}$"
)
_TASK_NAMED = re.compile(_TASK, re.IGNORECASE)
_ORDERED = re.compile(_ORDER, re.IGNORECASE)
_BEHIND = 160
"""Characters before the task in which the order stands."""
_MOST = 200
"""Mentions of a task that are looked at in one text; one with more is taken to usurp it."""


def usurps(text: str) -> bool:
    """Whether ``text`` puts something before the task that its reader was given."""
    if not any(
        word in text for word in ("task", "quest", "job", "instruct", "prompt", "query", "assignment", "objective")
    ):
        return False
    text = " ".join(text.split())
    for number, match in enumerate(_TASK_NAMED.finditer(text)):
        if number >= _MOST or _ORDERED.search(text[max(0, match.start() - _BEHIND) : match.start()]):
            return True
    return False
