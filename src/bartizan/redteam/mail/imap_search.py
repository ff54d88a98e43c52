"""IMAP's SEARCH (RFC 3501, 6.4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Parsed
from email.utils import parsedate_to_datetime
from functools import cached_property

from bartizan.redteam.mail.imap_words import Words, WordsError, numbers_of
from bartizan.redteam.mail.mailbox import Message

_FLAGGED = {name: f"\\{name.capitalize()}" for name in ("ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN")}
_HEADERS = frozenset({"FROM", "TO", "CC", "BCC", "SUBJECT"})
_DEEPEST = 50


class _Seen:
    """A message to be searched, by its number in the mailbox."""

    def __init__(self, number: int, message: Message) -> None:
        self.number, self.message = number, message

    @cached_property
    def parsed(self) -> Parsed:
        return message_from_bytes(self.message.raw)

    def header(self, name: str) -> str:
        return " ".join(str(make_header(decode_header(one))) for one in self.parsed.get_all(name, ())).casefold()

    @cached_property
    def texts(self) -> str:
        parts = (one for one in self.parsed.walk() if one.get_content_maintype() == "text")
        payloads = (one.get_payload(decode=True) for one in parts)
        return "\n".join(one.decode("utf-8", "replace") for one in payloads if isinstance(one, bytes)).casefold()

    @cached_property
    def sent(self) -> date:
        return parsedate_to_datetime(self.header("Date")).date()


_Test = Callable[[_Seen], bool]


def search(words: Words, there: Sequence[tuple[int, Message]]) -> list[Message]:
    """The messages that fit, of those given by number and in order. Raises WordsError."""
    if [str(one).upper() for one in words[:1]] == ["CHARSET"]:
        words = words[2:]
    if not words:
        raise WordsError("SEARCH for what?")
    numbers = [number for number, _ in there]
    uids = [message.uid for _, message in there]
    test = _all(iter(words), numbers, uids, 0)
    return [message for number, message in there if test(_Seen(number, message))]


def _all(words: Iterator[str | Words], numbers: Sequence[int], uids: Sequence[int], depth: int) -> _Test:
    if depth > _DEEPEST:
        raise WordsError("too deep")
    tests = [_key(word, words, numbers, uids, depth) for word in words]
    return lambda seen: all(test(seen) for test in tests)


def _key(
    word: str | Words, rest: Iterator[str | Words], numbers: Sequence[int], uids: Sequence[int], depth: int
) -> _Test:
    """One key with its arguments, which are taken off ``rest``."""
    if depth > _DEEPEST:
        raise WordsError("too deep")
    if not isinstance(word, str):
        return _all(iter(word), numbers, uids, depth + 1)
    name = word.upper()
    if name in {"NOT", "OR"}:
        one, *other = [_key(_next(rest), rest, numbers, uids, depth + 1) for _ in range(1 + (name == "OR"))]
        return (lambda seen: one(seen) or other[0](seen)) if other else (lambda seen: not one(seen))
    if name == "UID":
        wanted = set(numbers_of(_text(rest), uids))
        return lambda seen: seen.message.uid in wanted
    if word[0].isdigit() or word[0] == "*":
        places = set(numbers_of(word, numbers))
        return lambda seen: seen.number in places
    return _flag(name, rest) or _date(name, rest) or _content(name, rest)


def _flag(name: str, rest: Iterator[str | Words]) -> _Test | None:
    if name == "ALL":
        return lambda seen: True
    if name in {"NEW", "RECENT", "OLD"}:  # nothing is recent: no session owns that mark
        return lambda seen: name == "OLD"
    plain = name.removeprefix("UN")
    if plain in {*_FLAGGED, "KEYWORD"}:
        flag = (_FLAGGED.get(plain) or _text(rest)).casefold()
        return lambda seen: (flag in {one.casefold() for one in seen.message.flags}) == (plain == name)
    return None


def _date(name: str, rest: Iterator[str | Words]) -> _Test | None:
    kind = name.removeprefix("SENT")
    if kind not in {"BEFORE", "ON", "SINCE"}:
        return None
    try:
        day = datetime.strptime(_text(rest).title(), "%d-%b-%Y").replace(tzinfo=UTC).date()
    except ValueError:
        raise WordsError("no date such as 1-Feb-2026") from None

    def test(seen: _Seen) -> bool:
        at = seen.sent if name != kind else seen.message.at.date()
        return at < day if kind == "BEFORE" else at == day if kind == "ON" else at >= day

    return test


def _content(name: str, rest: Iterator[str | Words]) -> _Test:
    if name in {"LARGER", "SMALLER"}:
        size = _text(rest)
        if not (size.isascii() and size.isdigit() and len(size) <= 10):
            raise WordsError("no size")
        return lambda seen: (
            (len(seen.message.raw) > int(size)) if name == "LARGER" else len(seen.message.raw) < int(size)
        )
    if name not in {*_HEADERS, "HEADER", "BODY", "TEXT"}:
        raise WordsError("no such key")
    header = _text(rest) if name == "HEADER" else name
    text = _text(rest).casefold()
    if name in {*_HEADERS, "HEADER"}:
        return lambda seen: header in seen.parsed and text in seen.header(header)
    if name == "BODY":
        return lambda seen: text in seen.texts
    return lambda seen: (
        text in seen.texts or any(text in f"{key.casefold()}: {seen.header(key)}" for key in seen.parsed)
    )


def _next(rest: Iterator[str | Words]) -> str | Words:
    word = next(rest, None)
    if word is None:
        raise WordsError("a key without its argument")
    return word


def _text(rest: Iterator[str | Words]) -> str:
    word = _next(rest)
    if not isinstance(word, str):
        raise WordsError("a list in place of a text")
    return word
