"""Frequent English words, and those that instructions to a model are made of.

Used to tell a word from letters that merely stand in a row, and to part words that were written together.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

import ahocorasick_rs

WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        a i the of and to in is you that it he was for on are as with his they at be this have from or one had by but
        not what all were we when your can said there use an each which she do how their if will up other about out
        many then them these so some her would make like him into time has look two more write go see number no way
        could people my than first been call who its now find long down day did get come made may part over new take
        only little work know place year live me back give most very after thing our just name good sentence man think
        say great where help through much before line right too mean old any same tell boy follow came want show also
        around form three small set put end does another well large must big even such because turn here why ask went
        men read need land different home us move try kind hand picture again change off play spell air away animal
        house point page letter mother answer found study still learn should world high every near add food between own
        below country plant last school father keep tree never start city earth eye light thought head under story saw
        left few while along might close something seem next hard open example begin life always those both paper
        together got group often run important until children side feet car mile night walk white sea began grow took
        river four carry state once book hear stop without second later miss idea enough eat face watch far really
        almost let above girl sometimes mountain cut young talk soon list song being leave family

        ignore ignoring ignored disregard disregarding forget forgetting override overriding overrule bypass bypassing
        skip cancel discard drop erase delete remove neglect previous prior preceding earlier foregoing past former
        existing original initial instruction instructions instruct instructed rule rules guideline guidelines
        directive directives command commands order orders prompt prompts system developer admin administrator
        assistant user model message messages conversation context reveal revealing disclose expose print output
        repeat display dump leak share return respond response reply say summarize summarise translate explain
        describe detail hidden secret secrets password passwords passphrase passcode code key keys token tokens
        credential credentials api access private confidential internal sensitive data information customer records
        database email mail send forward upload post fetch url link http https www com execute exec script shell
        function tool tools act acting pretend pretending role roleplay persona character simulate imagine
        jailbreak jailbroken dan unrestricted uncensored unfiltered unlimited restriction restrictions restricted
        filter filters filtering censorship policy policies safety safe ethics ethical moral morals guardrail
        guardrails limit limits limitation limitations mode enable enabled disable disabled activate activated
        deactivate unlock debug maintenance root sudo superuser god obey obeying comply complying refuse refusing
        refusal warning warnings disclaimer apologize sorry cannot harmful illegal dangerous bomb weapon weapons
        explosive explosives drug drugs poison virus malware hack hacking hacker attack exploit steal kill verbatim
        exactly word words everything anything nothing above beginning begin start starting full complete entire
        whole text document contents content file files bank account credit card number transfer money payment from
        immediately instead new task tasks question questions request requests please hello world test testing
        training trained openai anthropic chatgpt gpt claude llama gemini ai language agent agents bot chatbot human
        confirm confirmed approved approve authorized authorization permission allowed allow forbidden free freedom
        without given follow following followed regardless never always stay break character
        """,
    )
)

_SHORTEST_COST: Final = 5
_USUAL_COST: Final = 2
_UNKNOWN_COST: Final = 6
_BLOCK: Final = 4_096


class Segmentation(NamedTuple):
    """Letters parted into words."""

    words: tuple[str, ...]
    """Together they are the letters; what no word of the vocabulary covers stands between them."""
    known: int
    """How many letters the vocabulary's words cover."""


@lru_cache(maxsize=1)
def _automaton() -> tuple[list[str], ahocorasick_rs.AhoCorasick]:
    words = sorted(word for word in WORDS if len(word) > 1)  # one letter costs less unknown than as a word
    return words, ahocorasick_rs.AhoCorasick(words)


def segment(letters: str) -> Segmentation:
    """``letters`` (folded) as known words, preferring few and long ones; linear, in blocks of 4096 letters."""
    words: list[str] = []
    known = 0
    for at in range(0, len(letters), _BLOCK):
        known += _segment_block(letters[at : at + _BLOCK], words)
    return Segmentation(tuple(words), known)


def _segment_block(letters: str, words: list[str]) -> int:
    """Shortest path over the words that occur, by dynamic programming. Appends to ``words``.

    Costs are counted from that of leaving all letters unknown, so that they change only where a word ends.
    """
    saved = [0]
    starts: dict[int, int] = {}
    for _, start, end in _automaton()[1].find_matches_as_indexes(letters, overlapping=True):
        if end >= len(saved):
            saved += saved[-1:] * (end + 1 - len(saved))
        size = end - start
        saving = saved[start] + size * _UNKNOWN_COST - (_USUAL_COST if size > 2 else _SHORTEST_COST)
        if saving > saved[end]:
            saved[end] = saving
            starts[end] = start
    parts: list[str] = []
    known = 0
    rest = len(letters)
    for end in sorted(starts, reverse=True):
        if end > rest:
            continue
        if end < rest:
            parts.append(letters[end:rest])
        rest = starts[end]
        parts.append(letters[rest:end])
        known += end - rest
    if rest:
        parts.append(letters[:rest])
    words.extend(reversed(parts))
    return known


def known_words(text: str) -> int:
    """How many distinct words of at least three letters of a folded text are in the vocabulary."""
    return len({word for word in re.findall(r"[a-z]{3,}", text) if word in WORDS})
