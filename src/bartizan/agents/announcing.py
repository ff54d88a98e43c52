"""Values that the user says stand in a text of somebody else: *the link they mailed*, *she texted me her account*."""

from __future__ import annotations

import re

_NOUNS = {
    "email": r"address(?:es)?|e-?mail\saddress(?:es)?|contact\sdetails",
    "account": r"accounts?(?:\snumbers?)?|iban|(?:bank|account|payment)\sdetails",
    "url": r"links?|urls?|endpoint|webhook|hook|form|page|site|website|portal|target|host",
}
_WHOSE = r"(?:the|a|an|that|this|his|her|its|their|my|our|your|whatever|which)"
_WHO = rf"(?:he|she|they|it|we|somebody|someone|(?:{_WHOSE}\s)?[\w'’-]{{2,30}}(?:\s[\w'’-]{{2,30}})?)"
_GAVE = (
    r"(?:(?:has|have|had)\s)?(?:just\s|already\s)?(?:sent|mailed|e-?mailed|texted|messaged|gave|given|posted|put|wrote|"
    r"written|named|mentioned|shared|listed|left|provided)"
)
_IS = (
    r"(?:\s(?:is|are|should\sbe|must\sbe|stands?|can\sbe\sfound|that\sis|that's|which\sis|given|named|mentioned|"
    r"written)|'s)?"
)
_TEXT = (
    rf"(?:in|on|from)\s(?:(?:{_WHOSE}|today's|yesterday's|last)\s)?(?:[\w'’-]{{1,30}}\s){{0,2}}?"
    r"(?:e-?mails?|mail|letter|message|chat|page|site|website|homepage|ticket|brief|briefing|file|document|doc|thread|"
    r"text|sms|channel|notes?|offer|invoice|bill|minutes|notice|inbox|footer|signature)\b"
)


def _form(nouns: str) -> re.Pattern[str]:
    given = rf"\b{_WHOSE}\s(?:[\w'’-]{{1,30}}\s){{0,2}}?(?:{nouns})\s(?:(?:that|which)\s)?{_WHO}\s{_GAVE}\b"
    giving = rf"\b{_WHO}\s{_GAVE}\b(?:\s(?:me|us|you|over))?[^.;!?\n]{{0,40}}?\b(?:{nouns})\b"
    placed = rf"\b(?:{nouns}){_IS}\s{_TEXT}"
    return re.compile("|".join((given, giving, placed)), re.IGNORECASE)


_FORMS = {kind: _form(nouns) for kind, nouns in _NOUNS.items()}
_LONGEST = 2_000
"""Characters of a task in which values are announced."""


def announced(text: str) -> frozenset[str]:
    """Kinds of values (``email``, ``account``, ``url``) of which ``text``, in English, says that they stand in what
    somebody wrote."""
    return frozenset(kind for kind, form in _FORMS.items() if form.search(text[:_LONGEST]))
