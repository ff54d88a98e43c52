"""How rows of credential formats are written down, and what tells a credential from a placeholder."""

from __future__ import annotations

import base64
import binascii
import math
from collections import Counter
from collections.abc import Callable

import msgspec

from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.interface import Extent, Pattern

TECHNIQUE = "secret_disclosure"

# fmt: off
PLACEHOLDER_WORDS = (
    "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnop", "1234567890", "123456789",
    "abcdef123456", "placeholder", "changeme", "change_me", "change-me", "replace_me", "replaceme", "replace-me",
    "insert", "redacted", "removed", "example", "sample", "dummy", "fake", "your_", "your-", "yourapi",
    "yourkey", "yourtoken", "your", "here", "secret", "password", "passwd", "token", "api_key", "api-key",
    "apikey", "goes",
)
# fmt: on
"""What documentation writes where a value belongs, longest first where one contains another."""

MOST_REPEATED = 0.4
"""Share of one character above which a value is filling (``xxxx``)."""


def secret(
    rule: str,
    regex: str,
    max_length: int,
    *,
    literals: tuple[str, ...] = (),
    stems: tuple[str, ...] = (),
    extent: Extent = Extent.TOKEN,
    check: Callable[[str], bool] | None = None,
    apart: bool = False,
    score: float = 0.95,
    severity: Severity = Severity.HIGH,
    examples: tuple[str, ...] = (),
    counter_examples: tuple[str, ...] = (),
) -> Pattern:
    """A row of this guard."""
    return Pattern(
        id=rule,
        guard=Guard.SECRET,
        threat=Threat.DATA_LEAKAGE,
        technique=TECHNIQUE,
        regex=regex,
        extent=extent,
        max_length=max_length,
        stems=stems,
        literals=literals,
        apart=apart,
        severity=severity,
        score=score,
        check=check,
        examples=examples,
        counter_examples=counter_examples,
    )


def glue(*parts: str) -> str:
    """An example value, kept in pieces so that no scanner takes this source for a leak."""
    return "".join(parts)


def entropy(value: str) -> float:
    """Shannon entropy in bits per character; 0 for an empty text."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values()) if total else 0.0


def without_placeholders(value: str) -> str:
    """``value`` in lower case, without the words that stand for a value."""
    rest = value.lower()
    for word in PLACEHOLDER_WORDS:
        if word in rest:
            rest = rest.replace(word, "")
    return rest


def credible(minimum: int, diversity: int = 9) -> Callable[[str], bool]:
    """A check: ``minimum`` characters are left without placeholder words, ``diversity`` of them different.

    One character must not make up most of the value. Words are taken out rather than searched for, so that a real
    key with a word glued to it is still one.
    """

    def check(value: str) -> bool:
        rest = without_placeholders(value)
        if len(rest) < minimum or not rest:
            return False
        counts = Counter(rest)
        return len(counts) >= diversity and max(counts.values()) <= len(rest) * MOST_REPEATED

    return check


def json_header(value: str) -> bool:
    """RFC 7515: the first segment is base64url of a JSON object that names an algorithm."""
    head = value.split(".", 1)[0]
    try:
        header = msgspec.json.decode(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return False
    return isinstance(header, dict) and ("alg" in header or "enc" in header)


def numeric_head(value: str) -> bool:
    """A Discord bot token starts with base64 of the bot's numeric id."""
    head = value.split(".", 1)[0]
    try:
        return base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).isdigit()
    except (binascii.Error, ValueError):
        return False


def user_and_password(value: str) -> bool:
    """RFC 7617: base64 of ``user:password``, printable."""
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return False
    user, colon, password = text.partition(":")
    return bool(colon) and text.isprintable() and len(password) >= 3 and bool(user)
