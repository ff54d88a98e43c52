"""Frequent English words, and those that instructions to a model are made of.

Used to tell a word from letters that merely stand in a row, and to part words that were written together.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

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

_LONGEST: Final = max(map(len, WORDS))
_SINGLE: Final = frozenset("ai")


@lru_cache(maxsize=4096)
def segment(letters: str) -> tuple[str, ...] | None:
    """``letters`` as words of the vocabulary with no rest, the fewest words possible; None if there is no such way.

    Quadratic at worst in the longest word, linear in the text.
    """
    length = len(letters)
    best: list[tuple[int, int] | None] = [None] * (length + 1)
    best[0] = (0, 0)
    for end in range(1, length + 1):
        for start in range(max(0, end - _LONGEST), end):
            before = best[start]
            if before is None or letters[start:end] not in WORDS:
                continue
            cost = before[0] + (6 if end - start <= 2 else 2)
            current = best[end]
            if current is None or cost < current[0]:
                best[end] = (cost, start)
    if best[length] is None or not length:
        return None
    words: list[str] = []
    end = length
    while end:
        step = best[end]
        assert step is not None
        words.append(letters[step[1] : end])
        end = step[1]
    return tuple(reversed(words))


def known_words(text: str) -> int:
    """How many distinct words of at least three letters of a folded text are in the vocabulary."""
    return len({word for word in re.findall(r"[a-z]{3,}", text) if word in WORDS})
