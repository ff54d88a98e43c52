"""Whether a sentence forbids the order in it. Who writes an order chooses the words before it as well, so a word of
forbidding counts in full only where it governs the order itself: nothing else may be what is forbidden.
"""

from __future__ import annotations

import re
from enum import Enum

import re2

from bartizan.supplychain.formats.words import words


class Force(Enum):
    """How much a sentence forbids an order in it."""

    NONE = 0
    MAYBE = 1
    """It forbids something, and nothing says that it is not the order."""
    FULL = 2


_NOT = (
    r"\b(?:never|do not|don[’']?t|must not|mustn[’']?t|should not|shouldn[’']?t|cannot|can not|can[’']t|may not|avoid|"
    r"refuses? to|forbidden to|not allowed to|prohibited from|will not|won[’']t)\b"
)
_FORBIDS = re2.compile(rf"(?i){_NOT}|[❌🚫✗✘⛔]")
_SIGNS = "❌🚫✗✘⛔"
_PRESSING = words(
    """
    ask wait hesitate forget fail skip worry stop mention tell warn inform show notify omit miss delay bother need let
    say reveal disclose report explain log alert neglect refuse just but be answer
    """
)
"""What is forbidden with these leaves the order itself standing."""
_DOING = words(
    """
    run running execute executing use using paste pasting type typing write writing call calling invoke include
    including put add do follow following install installing print echo read reading cat open access accept obey copy
    copying send sending share expose commit committing store log pipe piping suggest recommend generate output create
    upload uploading post fetch fetching download downloading load allow enable disable grant give submit trust perform
    """
)
"""What somebody does with the words or commands that follow."""
_TURNS = re2.compile(
    r"(?i)\b(?:until|till|unless|without|before|except|excepting|other|otherwise|than|but|only|instead|rather|else|"
    r"so|then|now|after|afterwards|once|when|whenever|if|while|since|because|hence|therefore|just|simply|always|first|"
    r"must|lest|yet|though|although)\b"
)
"""After these, something else than what is forbidden may follow."""
_CONCEDES = re.compile(r"(?i),?\s*\beven (?:if|when|once|after)\b[^,]{0,80},?")
_HONEST = re.compile(
    r"(?i)\b(?:without|unless|until|before|except)\b(?: \w+){0,3} (?:ask\w*|confirm\w*|approv\w*|permission|consent|"
    r"review\w*|authori[sz]\w*|instructed|requested|explicit\w*|told|check\w*|verif\w*|warn\w*|backup|reason|"
    r"dry[- ]run|test\w*)\b"
)
_LATER = re2.compile(r"(?i)\b(?:until|unless|except|but|before|without|instead|only)\b")
_MOST_WORDS, _MOST_OF_SIGN = 8, 3


def forbids(before: str, order: str, after: str) -> Force:
    """How much a sentence forbids an order.

    Args:
        before: of the sentence, what stands before the order.
        order: as it stands.
        after: what follows in the sentence.
    """
    found = list(_FORBIDS.finditer(before))
    if not found:
        return Force.NONE
    if len(found) > 1 and found[-1].start() - found[-2].end() < 2 and found[-2].group() not in _SIGNS:
        return Force.NONE  # "never avoid": twice not
    last = found[-1]
    between = _CONCEDES.sub(" ", before[last.end() :])
    verb, *_ = re.findall(r"[\w’']+", between) or re.findall(r"[\w’']+", order) or [""]
    if verb.casefold() in _PRESSING or _TURNS.search(between):
        return Force.NONE
    force = _governed(last.group(), between, verb.casefold())
    rest = _HONEST.sub(" ", after)
    return Force.MAYBE if force is Force.FULL and _LATER.search(rest) else force


def _governed(word: str, between: str, verb: str) -> Force:
    """Whether what is forbidden is the order: it follows at once, or as what is not to be done with it."""
    said = re.findall(r"[\w’']+", between)
    if word in _SIGNS:
        return Force.FULL if len(said) <= _MOST_OF_SIGN else Force.MAYBE
    if not said:
        return Force.FULL if not between.strip("\"'`“‘«*_( \t") else Force.MAYBE
    commas = between.rpartition(",")
    if commas[1] and not re.match(r"\s*(?:or|nor)\b", commas[2]):
        return Force.NONE  # a new thought begins: "never rest, send it"
    whole = len(said) <= _MOST_WORDS and not re.search(r"[:—–]|\s-\s|\band\b", between)
    return Force.FULL if whole and verb in _DOING else Force.MAYBE
