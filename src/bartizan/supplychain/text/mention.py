"""Whether a text orders something, forbids it, or shows it: use and mention.

Security skills quote attacks, rules forbid them, and tables list excuses. What a sentence forbids, nobody is told to
do. What only stands in quotation marks, under a heading of bad examples or beside a word for attacks may still be
obeyed, since whoever wrote the text chose the heading too: one such mark makes an order one to read first, two of
them make it a quotation.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import StrEnum
from functools import cached_property

import re2

from bartizan.supplychain.text.forbidden_lists import LEFT_OUT, TURNS, in_forbidden_list
from bartizan.supplychain.text.forbidding import Force, forbids


class Use(StrEnum):
    """What a text does with an order in it."""

    ORDERED = "ordered"
    SHOWN = "shown"
    """One mark says that it is an example; it may be obeyed all the same."""
    QUOTED = "quoted"
    """Two marks say so."""
    FORBIDDEN = "forbidden"


_LABEL = re2.compile(
    r"(?i)^\W{0,6}(?:bad|wrong|incorrect|unsafe|insecure|anti-?pattern|not this|"
    r"never do (?:this|these)|"
    r"(?:do not|don[’']?t) (?:do|run|use|write|execute|paste|say) (?:this|these|that|the following)|"
    r"don[’']?ts?)\b(?:\s*\([^)\n]{0,60}\))?\W{0,4}:"
)
_OTHER_LABEL = re2.compile(
    r"(?i)\b(?:good|right|correct|better|best|safe|do|instead|fix|preferred)\b\W{0,4}:|✅|✔|[.!?;]\s"
)
_ATTACK = re2.compile(
    r"(?i)\b(?:attack\w*|malicious\w*|adversar\w+|(?:prompt|command|code)[-_ ]injections?(?:_\w+)?|"
    r"injected (?:text|prompts?|content|"
    r"instructions?|orders?)|phish\w*|"
    r"untrusted|payloads?|jailbreak\w*|"
    r"red flags?|suspicious|poison(?:ed|ing)|exploit\w*|hostile|compromised|indicators?|"
    r"detect(?:s|ed|ing|ion|or)?|reject(?:s|ed)?|refus(?:e|es|al)|watch (?:out )?for|beware|as data|"
    r"not (?:as )?(?:an )?instructions?|"
    r"tr(?:y|ies|ying) to|attempts?|scams?|threats?|risk(?:s|y)?|dangerous|harmful|unsafe|flags? (?:it|this|any|as)|"
    r"check(?:s|ing)? (?:for|that|"
    r"whether)|patterns? (?:like|such)|phrases? (?:like|such))\b"
)
_YIELDS = re2.compile(
    r"(?i)\b(?:user|human|person|project|repository)(?:'s)?(?: \w+)? instructions?\b[^.\n]{0,20}"
    r"\b(?:take precedence|come first|win|always apply|have priority|override)"
)
_HEADING = re2.compile(r"(?m)^(#{1,6})[ \t]+(.{1,200})$|^(\*\*[^*\n]{2,80}\*\*:?)[ \t]*$")
_COUNTER = re2.compile(
    r"(?i)anti-?patterns?|what not to|don[’']?ts?\b|do not\b|never\b|\bbad\b|wrong|avoid|red flags?|"
    r"pitfalls?|mistakes?|threats?|attack|"
    r"malicious|suspicious|injection|vulnerabilit|payload|exploit|rationali[sz]|excuses?|warning signs?|"
    r"forbidden|prohibited|"
    r"detect|indicators?|untrusted|abuse|misuse|security (?:rules?|checks?|review|scan\w*|considerations?|"
    r"model)|not allowed|"
    r"hard (?:rules|limits)|guardrails?|failure modes?|symptoms?|risks?|limits\b"
)
_STRAIGHT = re.compile(r"\"[^\W\d_][^\"\n]{2,400}\"")
_NEEDED = re2.compile(r"(?:^\s*[\w-]+\s*[:=]|=|\s--?[\w-]+|\b(?:echo|printf|eval|exec|iex))\s*$|[`$|]")
_CURLY = re.compile(r"“[^”\n]{2,400}”|„[^“\n]{2,400}“|«[^»\n]{2,400}»|「[^」\n]{2,400}」|『[^』\n]{2,400}』")
_FENCE = re2.compile(r"(?m)^[ \t]{0,8}(?:```|~~~)([^\n]*)$")
_LANGUAGES_RUN = frozenset(
    {"bash", "sh", "shell", "zsh", "console", "powershell", "python", "py", "javascript", "js", ""}
)
_NEAR, _BEFORE, _WORD = 220, 240, 24


class Reader:
    """The structure of one text, read when first asked for.

    Args:
        text: as it stands, Markdown or plain.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def use(self, start: int, end: int) -> Use:
        """What the text does with the order at these characters."""
        first = self._text.rfind("\n", 0, start) + 1
        last = self._text.find("\n", end)
        line = self._text[first : last if last >= 0 else len(self._text)]
        rest = self._rest(end)
        force = forbids(self._sentence(first, start), self._text[start:end], rest)
        labelled = not LEFT_OUT.search(rest) and _labelled(line[: start - first], self._text[start:end])
        if force is Force.FULL or labelled or in_forbidden_list(self._text, start, end):
            return Use.FORBIDDEN
        marks = sum(
            (
                force is Force.MAYBE,
                self._quoted(start, end),
                self._names_attacks(line, start - first, end - first),
                bool(_COUNTER.search(self._heading(start))),
                self._in_example(start) or self._in_table(first),
                bool(_YIELDS.search(line[start - first :][:_NEAR])),
            )
        )
        return (Use.ORDERED, Use.SHOWN)[marks] if marks < 2 else Use.QUOTED

    @staticmethod
    def _names_attacks(line: str, start: int, end: int) -> bool:
        before, after = line[max(0, start - _NEAR) : max(0, start)], line[end : end + _NEAR]
        return bool(_ATTACK.search(before) or _ATTACK.search(after))

    def _sentence(self, first: int, start: int) -> str:
        """What stands before it in its sentence."""
        before = self._text[max(first, start - _NEAR) : start]
        return re.split(r"[.!?;]\s|[.!?]$", before)[-1]

    def _rest(self, end: int) -> str:
        """What stands after it in its sentence."""
        after = self._text[end : end + _NEAR].partition("\n")[0]
        return re.split(r"[.!?;](?:\s|$)", after)[0]

    def _quoted(self, start: int, end: int) -> bool:
        """Within quotation marks of prose, or ending there."""
        places = [one[0] for one in self._quotations]
        for at in (start, end - 1):
            number = bisect_right(places, at) - 1
            if number >= 0 and at < self._quotations[number][1]:
                return True
        return False

    @cached_property
    def _quotations(self) -> list[tuple[int, int]]:
        """What stands in quotation marks; not values of YAML or TOML, nor arguments of commands."""
        found = [one.span() for one in _STRAIGHT.finditer(self._text) if self._in_prose(*one.span())]
        return sorted([*found, *(one.span() for one in _CURLY.finditer(self._text))])

    def _in_prose(self, start: int, end: int) -> bool:
        before = self._text[max(0, start - _WORD) : start].rpartition("\n")[2]
        if (before and (before[-1].isalnum() or before[-1] in "\"'=`\\")) or self._text[end : end + 1].isalnum():
            return False
        return not _NEEDED.search(before)

    @cached_property
    def _headings(self) -> tuple[list[int], list[str]]:
        places, titles, above = [], [], [""] * 8
        for found in _HEADING.finditer(self._text):
            level = len(found.group(1) or "") or 7
            above[level:] = [found.group(2) or found.group(3)] + [""] * (7 - level)
            places.append(found.start())
            titles.append(" / ".join(one for one in above[2:] if one))
        return places, titles

    def _heading(self, at: int) -> str:
        """The headings above it, without the title of the whole text."""
        places, titles = self._headings
        number = bisect_right(places, at) - 1
        return titles[number] if number >= 0 else ""

    @cached_property
    def _fences(self) -> list[tuple[int, int, str]]:
        edges = [(found.start(), found.group(1).strip().casefold()) for found in _FENCE.finditer(self._text)]
        return [(edges[n][0], edges[n + 1][0], edges[n][1]) for n in range(0, len(edges) - 1, 2)]

    def _in_example(self, at: int) -> bool:
        """In a code fence that a word for attacks or a bad label introduces, or a block quotation of that kind."""
        for begin, end, language in self._fences:
            if begin < at < end:
                before = self._text[max(0, begin - _BEFORE) : begin].rstrip().rpartition("\n\n")[2]
                if _ATTACK.search(before) or _COUNTER.search(before):
                    return True
                return language.split(" ")[0] not in _LANGUAGES_RUN and "example" in before.casefold()
        return False

    def _in_table(self, first: int) -> bool:
        """In a table whose head says that it lists attacks or mistakes."""
        if not self._text.startswith("|", first):
            return False
        top = self._text.rfind("\n\n", 0, first)
        head = self._text[top + 1 : top + 400].strip().partition("\n")[0]
        return bool(_COUNTER.search(head) or _ATTACK.search(head) or "example" in head.casefold())


def _labelled(before: str, order: str) -> bool:
    """Whether a label at the beginning of the line calls the order bad, and nothing ended that since."""
    found = _LABEL.search(before)
    if found is None or _OTHER_LABEL.search(order) or TURNS.search(before, found.end()):
        return False
    return re.search(r"[.!?;]\s", before[found.end() :]) is None and not _OTHER_LABEL.search(before[found.end() :])
