"""IMAP's FETCH (RFC 3501, 6.4.5 and 7.4.2): which item of a message says what, and what of it was read thereby."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Parsed

from bartizan.redteam.mail.imap_structure import envelope, headers_of, structure
from bartizan.redteam.mail.imap_words import Words, WordsError, said
from bartizan.redteam.mail.mailbox import FROM, SUBJECT, TEXT, WHOLE, Message

_FAST = ("FLAGS", "INTERNALDATE", "RFC822.SIZE")
_MACROS = {"FAST": _FAST, "ALL": (*_FAST, "ENVELOPE"), "FULL": (*_FAST, "ENVELOPE", "BODY")}
_SECTION = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<part>\d{1,3}(?:\.\d{1,3}){0,8})?\.?(?P<what>[A-Z.]*)(?: \((?P<fields>[^)]*)\))?\]"
    r"(?:<(?P<start>\d{1,9})\.(?P<size>\d{1,9})>)?",
    re.IGNORECASE,
)
_OLD = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY.PEEK[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}
_HEAD = {FROM, SUBJECT}


def items_of(words: Words, *, by_uid: bool) -> list[str]:
    """The items that a command asks for. Raises WordsError."""
    flat: list[str] = []
    for word in words:
        flat += [word] if isinstance(word, str) else [one for one in word if isinstance(one, str)]
    items = [one for word in flat for one in _MACROS.get(word.upper(), (word,))]
    if not items:
        raise WordsError("FETCH what?")
    for one in items:
        if one.upper() not in {*_OLD, *_MACROS["FULL"], "BODYSTRUCTURE", "UID"} and not _SECTION.fullmatch(one):
            raise WordsError("no such item")
    return items if not by_uid or any(one.upper() == "UID" for one in items) else ["UID", *items]


def fetch(message: Message, items: list[str]) -> bytes:
    """What stands between the parentheses of the answer; notes what was read."""
    parsed = message_from_bytes(message.raw)
    flags = set(message.flags)
    said_so = list(_each(message, parsed, items))
    if message.flags != flags and not any(one.upper() == "FLAGS" for one in items):
        said_so.append(_flags(message))
    return b" ".join(said_so)


def _each(message: Message, parsed: Parsed, items: list[str]) -> Iterator[bytes]:
    marks = [one for one in items if one.upper() == "FLAGS"]
    for item in (*(one for one in items if one not in marks), *marks):  # flags last, for reading changes them
        name = item.upper()
        match name:
            case "FLAGS":
                yield _flags(message)
            case "UID":
                yield b"UID %d" % message.uid
            case "INTERNALDATE":
                yield b'INTERNALDATE "%b"' % message.at.strftime("%d-%b-%Y %H:%M:%S +0000").encode()
            case "RFC822.SIZE":
                yield b"RFC822.SIZE %d" % len(message.raw)
            case "ENVELOPE":
                message.read |= _HEAD
                yield b"ENVELOPE " + envelope(parsed)
            case "BODY" | "BODYSTRUCTURE":
                yield name.encode() + b" " + structure(parsed, extended=name != "BODY")
            case _:
                yield _section(message, parsed, item)


def _flags(message: Message) -> bytes:
    return b"FLAGS (%b)" % " ".join(sorted(message.flags)).encode()


def _section(message: Message, parsed: Parsed, item: str) -> bytes:
    found = _SECTION.fullmatch(_OLD.get(item.upper(), item))
    assert found is not None
    part, what, fields = found["part"] or "", found["what"].upper(), (found["fields"] or "").upper().split()
    text = _content(message.raw, parsed, part, what, fields)
    message.read |= _shown(part, what, fields)
    if not found["peek"]:
        message.flags.add("\\Seen")
    label = item.upper()
    if item.upper() not in _OLD:
        label = re.sub(r"^BODY\.PEEK", "BODY", re.sub(r"<.*", "", item), flags=re.IGNORECASE)
    if found["start"] is not None:
        label += f"<{found['start']}>"
        text = None if text is None else text[int(found["start"]) :][: int(found["size"])]
    return label.encode() + b" " + (b"NIL" if text is None else said(text))


def _shown(part: str, what: str, fields: list[str]) -> set[str]:
    """What a section shows of the message."""
    if part:
        return set() if what in {"MIME", "HEADER"} else {part.partition(".")[0]}
    match what:
        case "":
            return set(WHOLE)
        case "TEXT":
            return {TEXT}
        case "HEADER":
            return set(_HEAD)
    named = {one.strip('"').lower() for one in fields}
    return _HEAD & named if what == "HEADER.FIELDS" else _HEAD - named


def _content(raw: bytes, parsed: Parsed, part: str, what: str, fields: list[str]) -> bytes | None:
    """None where there is no such part."""
    if not part:
        head, _, body = raw.partition(b"\r\n\r\n")
        match what:
            case "":
                return raw
            case "TEXT":
                return body
            case "HEADER":
                return head + b"\r\n\r\n"
        return headers_of(parsed, fields, without=what == "HEADER.FIELDS.NOT")
    inner = parsed
    for number in part.split("."):
        parts = inner.get_payload()
        if isinstance(parts, list) and 1 <= int(number) <= len(parts):
            one = parts[int(number) - 1]
            assert isinstance(one, Parsed)
            inner = one
        elif isinstance(parts, list) or number != "1":
            return None
    if what == "MIME":
        return headers_of(inner, [], without=True)
    if what:
        return None  # headers and text of an enclosed message: none is ever enclosed
    payload = inner.get_payload()
    if isinstance(payload, str):
        return payload.encode("utf-8", "surrogateescape")
    _, _, body = inner.as_bytes().partition(b"\n\n")
    return body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
