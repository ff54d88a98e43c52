"""Values as they stand in text: how two spellings of one value are brought together, and what counts as a value."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

MAX_VALUE = 400
"""Characters up to which a text is compared as one value; longer ones are content, read for the values in them."""
MAX_LEAVES = 2_000
"""Keys and scalars compared of one argument; a call with more is blocked."""

EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'`)\]}|]{3,400}", re.IGNORECASE)
DOMAIN = re.compile(
    r"\b(?:[a-z0-9-]{1,40}\.){1,4}(?:com|org|net|io|edu|gov|info|biz|app|dev|ai|co|me|ly|uk|de|fr)\b", re.IGNORECASE
)
ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{8,30}\b")
PATH = re.compile(
    r"(?<![\w/:])~?(?:/[\w.@-]{1,80}){1,12}/?|(?<![\w/.@-])[\w-]{1,80}\.(?:[a-z][a-z0-9]{1,4})\b(?!\.?\w{0,64}@)"
)
HANDLE = re.compile(r"(?<![\w@./-])(?:@[\w.-]{2,40}|#[\w-]{2,60}|[\w.-]{2,40}/[\w.-]{2,60})(?![\w/])")
CODE = re.compile(r"\b(?=[A-Za-z_-]{0,80}\d)[A-Za-z0-9][\w-]{3,80}\b")
NUMBER = re.compile(r"(?<![\w.])[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])[-+]?\d+(?:\.\d+)?(?![\w])")
DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
QUOTED = re.compile(r"[\"“”'‘’`]([^\"“”'‘’`\n]{2,120})[\"“”'‘’`](?!\w)")
KEY = re.compile(r"\b(?:ssh-(?:rsa|ed25519|dss)|ecdsa-\S{1,30})\s+[A-Za-z0-9+/=_-]{8,}")
NAME = re.compile(r"\b[A-Z][a-zà-ÿ]{1,30}(?:[ ][A-Z][a-zà-ÿ]{1,30}){0,3}\b")

_SPECIFIC = (
    (EMAIL, "@"),
    (URL, "/."),
    (DOMAIN, "."),
    (ACCOUNT, ""),
    (PATH, "/."),
    (HANDLE, "@#/"),
    (CODE, ""),
    (KEY, "-"),
)
"""What is looked for, and letters of which it needs one."""
_SEPARATORS = str.maketrans("", "", " -.()\u00a0")
_LEADING = frozenset("@#/.")
_SHORT_NUMBER = 5
"""Digits up to which a number in a text leads nobody anywhere: prices and counts, not telephones or accounts."""
_TRIM = " \t\r\n\"'“”‘’`.,;:!?()[]{}<>"


def normal(value: str) -> str:
    """``value`` in the form in which values are compared: NFKC, case folded, quotes and punctuation around it gone."""
    if not value.isascii():
        value = unicodedata.normalize("NFKC", value)
    value = value.casefold().strip(_TRIM)
    if value.startswith(("http://", "https://")):
        value = value.split("://", 1)[1]
    return value.removeprefix("www.").rstrip("/") if "." in value else value


def compact(value: str) -> str:
    """A number of letters and digits without the spaces, hyphens, dots and brackets people group them with."""
    return value.translate(_SEPARATORS)


def numeral(value: str | float) -> str:
    """A number as its shortest decimal, so that ``98.70``, ``98.7`` and ``"98.7"`` are one; empty for no number."""
    try:
        number = float(str(value).replace(",", "").strip(" $€£%"))
    except ValueError:
        return ""
    return f"{number:.10g}" if number == number and abs(number) != float("inf") else ""


def form(value: str) -> str:
    """``value`` with every digit as 9: ids of one kind have one form."""
    return "".join("9" if letter.isdigit() else letter for letter in value)


def kind(value: str) -> str:
    """``email`` or ``account``; empty for anything else."""
    if "@" in value:
        return "email"
    return "account" if ACCOUNT.fullmatch(value.upper()) else ""


def reaches(value: str) -> bool:
    """Whether ``value`` (normalised) leads to somebody or some place: an address, a link, a path, an account, a
    telephone. Prices, dates and the numbers of flights and orders do not."""
    if not _LEADING.isdisjoint(value) or kind(value):
        return True
    return value.removeprefix("+").isdigit() and len(value) > _SHORT_NUMBER


def contains(text: str, value: str) -> bool:
    """Whether ``value`` stands in ``text`` with no letter or digit touching it; both normalised."""
    if not value:
        return False
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        before = text[at - 1] if at else " "
        after = text[end] if end < len(text) else " "
        if not (before.isalnum() and value[0].isalnum()) and not (after.isalnum() and value[-1].isalnum()):
            return True
        at = text.find(value, at + 1)
    return False


def specifics(text: str) -> list[str]:
    """Addresses, URLs, accounts, paths, handles, keys and codes in ``text``, normalised, without repetition."""
    found: dict[str, None] = {}
    for pattern, needs in _SPECIFIC:
        if needs and not any(letter in text for letter in needs):
            continue
        for match in pattern.finditer(text):
            value = normal(match.group())
            if len(value) > 1:
                found.setdefault(value)
    return list(found)


def names(text: str) -> list[str]:
    """Runs of capitalised words, normalised: names of people, firms and things, and words that begin a sentence."""
    return list(dict.fromkeys(match.group().casefold() for match in NAME.finditer(text)))


def quoted(text: str) -> list[str]:
    """What stands in quotation marks, normalised."""
    return list(dict.fromkeys(normal(match.group(1)) for match in QUOTED.finditer(text)))


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]{{0,6}}"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_WRITTEN_DAY = re.compile(
    rf"\b(?:{_DAY}\s{{0,2}}(?:to|and|until|-|–)\s{{0,2}})?{_DAY}\s(?:of\s)?{_MONTH}\b|"
    rf"\b{_MONTH}\s{_DAY}(?:\s{{0,2}}(?:to|and|until|-|–)\s{{0,2}}{_DAY})?\b",
    re.IGNORECASE,
)


def days(text: str) -> set[str]:
    """Days that ``text`` names, by date or in English, as month and day: *10 June* is ``06-10``."""
    found = {match.group()[5:] for match in DATE.finditer(text)}
    for match in _WRITTEN_DAY.finditer(text):
        one, two, month, other, three, four = match.groups()
        number = _MONTHS.index((month or other).casefold()) + 1
        found |= {f"{number:02}-{int(day):02}" for day in (one, two, three, four) if day}
    return found


class TooManyValuesError(ValueError):
    """An argument holds more values than are compared; the call is not decided by those that are."""


def leaves(value: Any) -> list[str]:
    """Keys and scalars of an argument as strings, in order; neither ``None`` nor booleans.

    Raises:
        TooManyValuesError: there are more than `MAX_LEAVES` of them.
    """
    found: list[str] = []
    stack = [value]
    while stack:
        if len(found) > MAX_LEAVES or len(stack) > 4 * MAX_LEAVES:
            raise TooManyValuesError(f"more than {MAX_LEAVES} values")
        item = stack.pop()
        if isinstance(item, dict):
            for key, inner in reversed(item.items()):
                stack += (inner, str(key))
        elif isinstance(item, (list, tuple)):
            stack.extend(reversed(item))
        elif isinstance(item, str):
            if item:
                found.append(item)
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            found.append(str(item))
    return found
