"""The parts that an order consists of, and how words in a text become them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a word or phrase contributes to an order."""

    CARRY = "carry"
    """Moves something to somebody: send, upload, forward."""
    PUT = "put"
    """Writes something into something: include, paste, append."""
    READ = "read"
    """Takes something from where it is kept: read, dump, look up."""
    SECRET = "secret"  # noqa: S105
    """What lets somebody in: keys, tokens, files of them, the environment."""
    TALK = "talk"
    """What was said: the conversation, the system prompt, what the user typed."""
    PERSONAL = "personal"
    """What identifies or concerns people: contacts, numbers of cards, addresses."""
    SINK = "sink"
    """Where content leaves unseen: a field, a parameter, metadata, a query."""
    STRANGER = "stranger"
    """An address that nothing else in the text accounts for."""
    CONCEAL = "conceal"
    """Somebody is not to know."""
    CHANGE = "change"
    """Alters or ends something: delete, replace, remove, overwrite, approve."""
    UNTRUE = "untrue"
    """Says what is not so: report as passed, act as if, deny."""
    CLAIM = "claim"
    """Tells people something: say, recommend, rank, report."""
    WHATEVER = "whatever"
    """It is to be so whatever is true or wanted."""
    ACCOUNT = "account"
    """Where money arrives: an IBAN, a wallet, a key for payments."""
    PAY = "pay"
    """Moves money, or says where it goes."""
    INSTEAD = "instead"
    """What was there no longer counts."""
    LOWER = "lower"
    """Takes something away that protects."""
    GUARD = "guard"
    """What protects: checks, approvals, warnings, certificates."""
    SOURCE = "source"
    """Text that strangers write: pages, tickets, comments, addresses."""
    OBEY = "obey"
    """Takes text for orders."""
    KEEP = "keep"
    """Stores for later sessions."""
    EVERYWHERE = "everywhere"
    """Beyond this task: every project, the home directory, all later sessions."""
    TRUST = "trust"
    """Treats somebody as trusted."""
    ASK = "ask"
    """Asks people for something."""
    PASSCODE = "passcode"
    """What nobody may be asked for: PIN, one-time code, password, digits of a card."""
    SKEW = "skew"
    """Makes figures or facts others than they are."""
    TOOL = "tool"
    """Names another tool to be called."""
    BEFORE = "before"
    """Something comes first."""
    HANDED = "handed"
    """What came out is given on."""
    FETCH = "fetch"
    """Gets something from an address."""
    RUN = "run"
    """Runs what was got."""
    UNSAFE = "unsafe"
    """A setting or a way of writing code that opens a door."""
    MAKE = "make"
    """Has code or settings made so."""
    PACKAGE = "package"
    """Adds or exchanges a package."""
    WAY = "way"
    """Where programs and traffic come through: proxy, registry, mirror."""
    FAVOUR = "favour"
    """One product or person comes first, whatever it is worth."""
    GRANT = "grant"
    """Gives rights, or opens something to everybody."""
    SELF = "self"
    """The text replaces itself."""
    AGENT_FILE = "agent_file"
    """Where agents read their rules and servers from, whatever the project."""
    OUTSIDE = "outside"
    """Somebody else, without an address."""
    EVERY = "every"
    """In each piece of work."""
    ITSELF = "itself"
    """A tool says when it is to be called."""
    CONTACT = "contact"
    """A telephone number."""
    NOT = "not"
    """Forbids or denies."""


Lexicon = Mapping[Role, tuple[str, ...]]
"""Patterns by role, RE2 syntax, for folded text (small letters, no accents)."""


class Mark(NamedTuple):
    """A role at a place, in characters of the text that was read."""

    role: Role
    start: int
    end: int
    english: bool = True
    """Whether the word is English, so that its place in the sentence says whether it is ordered."""
