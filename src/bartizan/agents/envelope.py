"""The task envelope: what the user's own words ask for, and on whose instructions they let the agent act.

Only trusted words come in here (the user's, the operator's). The envelope bounds a task; it does not understand it:
where it cannot tell, it grants less, and policy decides what that means.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from bartizan.agents import values
from bartizan.agents.announcing import announced
from bartizan.agents.delegating import english, foreign
from bartizan.agents.languages import spoken
from bartizan.agents.lexicon import (
    addressed,
    content_words,
    families_of,
    folded,
    folded_set,
    nouns_of,
    spelled,
    word_set,
    words,
)
from bartizan.agents.profile import Effect, ToolProfile

MAX_TASK = 40_000
"""Characters of one user message that are read; the rest grants nothing."""

_SENTENCE = re.compile(
    r"(?<=[.!?;])\s+(?=[A-Z\u00c0-\u00de\u0400-\u042f\u0590-\u0dff\d\"'“(¿¡])|"
    r"(?<=[\u3002\uff01\uff1f\uff1b\u0964\u061f])|\n+|"
    r"(?<=[a-z]),?\s+(?:and then|then|after that|afterwards|finally)\s+"
)
_ARTICLE = re.compile(
    r"\b(?:d(?:er|ie|as|en|em|es)|(?:m|d|s|k)?ein(?:e[nmrs]?)?|ihre?[nmrs]?|zu[mr]|[vb]om|[ai]m|ins)\s+$", re.I
)
"""What stands before a thing in German, not before a name."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_EVERY = word_set("collections")
_EMPTYING = word_set("emptying")
_DAYS = word_set("days")
_MANY = _EVERY - word_set("pronouns")
_TOLD = frozenset({"email", "message"})
_OPENING = folded_set("opening")
_LINK = frozenset(map(folded, ("link", "url")))
_FIGURED = re.compile(r"[^\s,;]{0,80}\d[^\s,;]{0,80}")
_CODED = re.compile(r"[^\W\d_].*\d")
_PRICED = re.compile(r"[^\w]{0,3}[^\W\d_]{1,4}[.$€£]?\d[\d.,'’]{0,20}[^\d]{0,4}")
"""*EUR40*, *US$1500*; what could be either, such as *A1*, is not known for a code."""
_SPELT = word_set("numerals")
_COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Licence(StrEnum):
    """How clearly the user's words ask for a tool."""

    NONE = "none"
    WEAK = "weak"
    """The deed or its object is named, not both in one sentence."""
    STRONG = "strong"
    """One sentence names the deed and its object."""


class _Sentence(msgspec.Struct, frozen=True):
    families: frozenset[str]
    nouns: frozenset[str]
    words: frozenset[str]
    specifics: frozenset[str] = frozenset()


class Envelope(msgspec.Struct, frozen=True):
    """What a task may need, as far as its words say."""

    text: str = ""
    """The user's words, normalised; values are looked up in them."""
    sentences: tuple[_Sentence, ...] = ()
    specifics: frozenset[str] = frozenset()
    """Addresses, paths, codes and the like that the user wrote, and what they put in quotation marks."""
    names: frozenset[str] = frozenset()
    """Capitalised runs that are not mere sentence beginnings."""
    words: frozenset[str] = frozenset()
    """Folded words that carry meaning."""
    numbers: frozenset[str] = frozenset()
    sums: bool = False
    """The user named a number, in figures or words, that may say how much; codes and days do not."""
    dated: bool = False
    """The user named a day."""
    days: frozenset[str] = frozenset()
    """Those that the user named, as month and day: ``06-10``."""
    relative: bool = False
    """The user named a day by where it stands: *tomorrow*, *Friday*, *next week*."""
    delegates: bool = False
    """The user lets somebody else's text say what is to be done."""
    pays: bool = False
    """The user lets a bill or the like say whom and how much to pay."""
    every: bool = False
    """The user speaks of a collection or of what stands out in one."""
    many: bool = False
    """The same, by a word of its own: *them* may be one vendor, *all* is none."""
    clicks: bool = False
    """The user lets the agent open a link that somebody else gives."""
    announced: frozenset[str] = frozenset()
    """Kinds of values of which the user says that they stand in what somebody wrote."""
    languages: frozenset[str] = frozenset()
    """In which the words are; what is ``unknown`` licenses nothing."""

    def licence(self, profile: ToolProfile) -> Licence:
        """How clearly the words ask for what ``profile`` describes."""
        best = Licence.NONE
        for sentence in self.sentences:
            deed = bool(sentence.families & profile.families) or _kin(sentence.families, profile)
            shared = sentence.words & (profile.words - _COMMON)
            thing = bool(sentence.nouns & profile.nouns) or bool(shared)
            if not profile.families:  # no verb is known that asks for it: its own words have to
                deed, thing = bool(shared), len(shared) > 1
            if deed and thing:
                return Licence.STRONG
            if deed or (thing and profile.effect in {Effect.WRITE, Effect.AUTHENTICATE}):
                best = Licence.WEAK
        return best

    def asks_for(self, profile: ToolProfile, ids: frozenset[str], *, kind: bool) -> bool:
        """Whether one sentence names the deed and every one of ``ids``, and what kind of thing they are if ``kind``."""
        own = profile.words - _COMMON
        return any(
            ids <= one.specifics
            and (one.families & profile.families or _kin(one.families, profile))
            and (not kind or one.nouns & profile.nouns or one.words & own)
            for one in self.sentences
        )

    def strays(self, value: str) -> bool:
        """Whether the user wrote ids of the form of ``value`` and not this one; never when they speak of many."""
        if self.many or self.says(value) or not any(letter.isdigit() for letter in value):
            return False
        form = values.form(value)
        ids = (number for number in self.numbers if len(number) > 2 and not _YEAR.fullmatch(number))
        return any(values.form(one) == form for one in (*self.specifics, *ids))

    def does(self, profile: ToolProfile) -> bool:
        """Whether a sentence names the deed, whatever its object."""
        return any(sentence.families & profile.families for sentence in self.sentences)

    def speaks_of(self, day: str) -> bool:
        """Whether ``day`` (ISO 8601) is one that the user may mean."""
        return self.relative or day[5:10] in self.days

    def says(self, value: str) -> bool:
        """Whether the user wrote ``value`` (normalised), as a whole word or phrase."""
        return values.contains(self.text, value)


_COMMON = folded_set("common_tool_words")


def _kin(families: frozenset[str], profile: ToolProfile) -> bool:
    """Families that ask for each other's tools: making an appointment books it, answering sends."""
    own = profile.families
    return bool(
        ("book" in own and "create" in families)
        or ("create" in own and "book" in families)
        or ("book" in own and "pay" in families and "travel" in profile.nouns)
        or ("invite" in own and "create" in families)
        or ("publish" in own and families & {"send", "create"} and profile.effect is Effect.SEND)
        or ("send" in own and families & {"publish", "invite"})
        or ("fetch" in own and "create" in families)
        or ("update" in own and "create" in families)
        or ("create" in own and "update" in families)
        or ("assign" in own and families & {"update", "pay"} and "member" in profile.nouns)
        or ("pay" in own and "book" in families)
    )


def read_task(text: str, before: Envelope | None = None) -> Envelope:
    """The envelope of the user's ``text``, widened by what they said ``before`` in the same session."""
    text = text[:MAX_TASK]
    sentences = []
    named: set[str] = set()
    languages: set[str] = set()
    empties = False
    left = [english(text)]
    for part in _SENTENCE.split(text):
        if not part or not part.strip():
            continue
        plain = spelled(part)
        said = spoken(plain)
        nouns = said.nouns | _TOLD if addressed(words(plain)) else said.nouns
        named_here = frozenset(values.specifics(part)) | frozenset(values.quoted(part))
        sentences.append(_Sentence(said.families, nouns, content_words(part), named_here))
        languages |= said.languages
        left.append(foreign(part, said.languages, said.families))
        named.update(_names(part, said.languages))
        empties = empties or (words(part)[:1] or [""])[0] in _EMPTYING
    flat = " ".join(text.casefold().split())
    envelope = Envelope(
        text=flat,
        sentences=tuple(sentences),
        specifics=frozenset(values.specifics(text)) | frozenset(values.quoted(text)),
        names=frozenset(named),
        words=content_words(text),
        numbers=_numbers(text),
        sums=languages != {"en"} or not _SPELT.isdisjoint(words(text)) or _names_a_sum(text),
        dated=values.DATE.search(text) is not None,
        days=frozenset(values.days(text)),
        relative=not _DAYS.isdisjoint(words(text)),
        delegates=any(one.delegates for one in left),
        pays=any(one.pays for one in left),
        every=not _EVERY.isdisjoint(words(text)) or empties,
        many=not _MANY.isdisjoint(words(text)),
        clicks=any(_OPENING & one.words and _LINK & one.words for one in sentences),
        announced=announced(text),
        languages=frozenset(languages),
    )
    return envelope if before is None else _joined(before, envelope)


def _numbers(text: str) -> frozenset[str]:
    """Numbers in figures, and small ones in words."""
    written = filter(None, (values.numeral(match.group()) for match in values.NUMBER.finditer(text)))
    spelt = (str(_COUNTS.index(word) + 2) for word in words(text) if word in _COUNTS)
    return frozenset((*written, *spelt))


def _names_a_sum(text: str) -> bool:
    """Whether a number stands in ``text`` that is neither a day nor part of a code such as *INV-12* or *9MWT4C*."""
    figured = _FIGURED.findall(values.DATE.sub(" ", text))
    return any(not _CODED.search(one) or _PRICED.fullmatch(one) for one in figured)


def _joined(one: Envelope, two: Envelope) -> Envelope:
    return Envelope(
        text=f"{one.text}\n{two.text}"[-4 * MAX_TASK :],
        sentences=(one.sentences + two.sentences)[-400:],
        specifics=one.specifics | two.specifics,
        names=one.names | two.names,
        words=one.words | two.words,
        numbers=one.numbers | two.numbers,
        sums=one.sums or two.sums,
        dated=one.dated or two.dated,
        days=one.days | two.days,
        relative=one.relative or two.relative,
        delegates=one.delegates or two.delegates,
        pays=one.pays or two.pays,
        every=one.every or two.every,
        many=one.many or two.many,
        clicks=one.clicks or two.clicks,
        announced=one.announced | two.announced,
        languages=one.languages | two.languages,
    )


def _names(sentence: str, languages: frozenset[str]) -> list[str]:
    """Names in ``sentence``; its first word alone is none unless it is English that the lexicon does not know, nor is
    what German writes with a capital after an article."""
    found = []
    for match in values.NAME.finditer(sentence):
        parts = match.group().split()
        if match.start() == 0 or sentence[: match.start()].strip(" \"'“(") == "":
            first = words(parts[0])
            if first and (languages != {"en"} or families_of(first) or nouns_of(first) or not content_words(parts[0])):
                parts = parts[1:]
        elif "de" in languages and _ARTICLE.search(sentence[max(0, match.start() - 12) : match.start()]):
            parts = []
        if parts:
            found.append(" ".join(parts).casefold())
            found.extend(part.casefold() for part in parts if len(parts) > 1)
    return found
