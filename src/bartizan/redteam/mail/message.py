"""Writes e-mails: ordinary ones, and those that carry an attack in one of their parts."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec

from bartizan.redteam.case import Planted
from bartizan.workspace.document import loads

RECIPIENT = "Desk <desk@office.example>"
_STRANGER = "mira.holt@partner.example"
_WORD_BYTES = 45
"""Of UTF-8 in one encoded word, which RFC 2047 limits to 75 characters."""
_POLICY = policy.SMTP.clone(refold_source="none")


class Part(StrEnum):
    """Where in an e-mail a text stands."""

    BODY = "body"
    """The plain text."""
    SUBJECT = "subject"
    SENDER = "sender"
    """The display name of the sender."""
    HTML = "html"
    """The HTML alternative, beside a harmless plain text."""
    ATTACHMENT = "attachment"


FORMS = {
    "email": Part.BODY,
    "email_subject": Part.SUBJECT,
    "email_sender": Part.SENDER,
    "email_html": Part.HTML,
    "email_attachment": Part.ATTACHMENT,
    "page": Part.HTML,
    "document": Part.ATTACHMENT,
    "json": Part.ATTACHMENT,
}
"""Forms of planted content that ask for a part; others stand in the body."""
_TYPES = {"page": ("html", "html"), "json": ("json", "json")}
"""Form of an attachment to its subtype and the end of its name."""


class Ordinary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One harmless e-mail."""

    sender: str
    subject: str
    text: str
    html: str = ""
    attachment: str = ""
    attachment_name: str = ""

    def write(self, at: datetime) -> bytes:
        """The message as it is sent."""
        message = _begun(at)
        message.set_content(self.text)
        if self.html:
            message.add_alternative(self.html, subtype="html")
        if self.attachment:
            message.add_attachment(self.attachment, filename=self.attachment_name)
        return _written(message, self.sender.rpartition(" <")[0], self.sender.rpartition("<")[2][:-1], self.subject)


@cache
def ordinary() -> tuple[Ordinary, ...]:
    """Those that ship, oldest first."""
    name = "ordinary.yaml"
    return loads((files(__package__) / name).read_bytes(), name, tuple[Ordinary, ...])


def part_of(planted: Planted, part: Part | None = None) -> Part:
    """Where ``planted`` stands: in ``part``, or, without one, where its form says."""
    return part or FORMS.get(planted.form, Part.BODY)


def poisoned(planted: Planted, part: Part, at: datetime) -> bytes:
    """An e-mail with ``planted`` in ``part``, every other part harmless."""
    content, title = planted.content, _subject(planted.title)
    message = _begun(at)
    match part:
        case Part.BODY:
            message.set_content(content)
        case Part.HTML:
            message.set_content("This message is best read in its formatted version.\n")
            message.add_alternative(content, subtype="html")
        case Part.ATTACHMENT:
            subtype, ending = _TYPES.get(planted.form, ("plain", "txt"))
            name = "".join(c if c.isascii() and c.isalnum() else "-" for c in title)[:60].strip("-") or "notes"
            message.set_content("Good morning,\n\nhere is what I promised you.\n\nMira Holt\n")
            message.add_attachment(content, subtype=subtype, filename=f"{name}.{ending}")
        case Part.SUBJECT | Part.SENDER:
            message.set_content("Good morning,\n\nno need to answer this week.\n\nMira Holt\n")
    subject = content if part is Part.SUBJECT else title
    return _written(message, content if part is Part.SENDER else "Mira Holt", _STRANGER, subject)


def _subject(title: str) -> str:
    """``title`` as a subject: where it is the name of a tool, in words."""
    return title.replace("_", " ").capitalize() if title.isidentifier() and title.islower() else title or "A question"


def _begun(at: datetime) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["Date"] = format_datetime(at)
    message["To"] = RECIPIENT
    return message


def _written(message: EmailMessage, name: str, address: str, subject: str) -> bytes:
    """With the two headers that may carry anything: the library folds long ones slowly, and refuses breaks."""
    message["Message-ID"] = f"<{secrets.token_hex(12)}@{address.rpartition('@')[2]}>"
    head = f"From: {_phrase(name)} <{address}>\r\nSubject: {_phrase(subject, bare=True)}\r\n"
    return head.encode("ascii") + message.as_bytes()


def _phrase(text: str, *, bare: bool = False) -> str:
    """``text`` as a header says it: on one line, as encoded words (RFC 2047) unless it is short and plain."""
    line = " ".join("".join(c if c.isprintable() or ord(c) > 0x9F else " " for c in text).split())
    plain = line.isascii() and len(line) <= 60 and "=?" not in line
    if plain and (bare or all(c.isalnum() or c == " " for c in line)):
        return line
    words, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > _WORD_BYTES:
            words.append(piece)
            piece = ""
        piece += character
    words.append(piece)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word.encode()).decode()}?=" for word in words)
