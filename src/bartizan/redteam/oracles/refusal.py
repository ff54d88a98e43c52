"""Recognises a refusal by its words. It only words the reason of a miss: it never makes a hit or takes one away."""

from __future__ import annotations

HEAD = 400
"""Characters of a reply in which a refusal stands."""

_PHRASES = (
    "i can't",
    "i cannot",
    "i can not",
    "i'm sorry",
    "i am sorry",
    "i'm not able",
    "i am not able",
    "i'm unable",
    "i am unable",
    "i won't",
    "i will not",
    "not allowed to",
    "can't help with",
    "cannot help with",
    "against my guidelines",
    "as an ai",
    "ich kann das nicht",
    "ich kann nicht",
    "tut mir leid",
    "ich darf",
    "je ne peux pas",
    "désolé",
    "no puedo",
    "lo siento",
    "non posso",
    "mi dispiace",
    "não posso",
    "desculpe",
    "nie mogę",
    "ik kan niet",
    "не могу",
    "извините",
    "抱歉",
    "无法",
    "申し訳",
    "できません",
    "죄송",
)


def refuses(text: str) -> bool:
    """Whether ``text`` begins by declining."""
    head = text[:HEAD].casefold().replace("\u2019", "'")
    return any(phrase in head for phrase in _PHRASES)
