"""One IMAP session (the part of RFC 3501 that clients read mail with)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from bartizan.redteam.mail.imap_fetch import fetch, items_of
from bartizan.redteam.mail.imap_search import search
from bartizan.redteam.mail.imap_words import Words, WordsError, numbers_of, read_command, words_of
from bartizan.redteam.mail.mailbox import Mailbox, Message
from bartizan.redteam.mail.session import MAX_FAILURES, Account, Connection

_CAPABILITIES = b"IMAP4rev1 LITERAL+ AUTH=PLAIN SASL-IR UIDPLUS UNSELECT"
_FLAGS = b"(\\Answered \\Flagged \\Deleted \\Seen \\Draft)"
_MAX_FLAGS = 32
_QUIET = frozenset({"FETCH", "STORE", "SEARCH"})
"""During which numbers must not change (RFC 3501, 7.4.1); their UID forms may be told."""


class Imap:
    """The session.

    Args:
        connection: to one client.
        mailbox: what it reads, as INBOX.
        account: which it must name.
    """

    def __init__(self, connection: Connection, mailbox: Mailbox, account: Account) -> None:
        self._connection, self._mailbox, self._account = connection, mailbox, account
        self._in = False
        self._uids: list[int] | None = None
        """Of the selected mailbox, as the client numbers them."""
        self._writes = True
        self._told: list[bytes] = []

    async def run(self) -> None:
        """Until LOGOUT. Raises ClosedError when the client goes without."""
        await self._connection.send(b"* OK [CAPABILITY %b] ready\r\n" % _CAPABILITIES)
        failures = 0
        while failures < MAX_FAILURES:
            tag, _, rest = (await read_command(self._connection)).partition(" ")
            if not tag.isascii() or not tag.isprintable() or len(tag) > 64:
                return
            name = rest.partition(" ")[0].upper()
            try:
                words = words_of(rest)[1:]
                done = await self._authenticate(words) if name == "AUTHENTICATE" else self._do(name, words)
            except WordsError as error:
                done = f"BAD {error}"
            failures = 0 if done.startswith("OK") else failures + 1
            if self._uids is not None and name not in _QUIET:
                self._renumber()
            told, self._told = self._told, []
            await self._connection.send(b"".join((*told, f"{tag} {done}\r\n".encode())))
            if name == "LOGOUT":
                return

    def _do(self, name: str, words: Words) -> str:
        """What is said at the end. Raises WordsError."""
        match name:
            case "CAPABILITY":
                self._tell(b"CAPABILITY " + _CAPABILITIES)
                return "OK done"
            case "NOOP" | "CHECK":
                return "OK done"
            case "LOGOUT":
                self._tell(b"BYE")
                self._uids = None
                return "OK done"
            case "LOGIN":
                return self._log_in(_text(words, 0), _text(words, 1))
        if not self._in:
            return "NO log in first"
        return self._of_folders(name, words) or self._of_messages(name, words)

    def _of_folders(self, name: str, words: Words) -> str:
        match name:
            case "LIST" | "LSUB":
                pattern = _text(words, 1).upper()
                if pattern in {"*", "%", "INBOX"}:
                    self._tell(name.encode() + b' (\\HasNoChildren) "/" INBOX')
                elif not pattern:
                    self._tell(name.encode() + b' (\\Noselect) "/" ""')
            case "SELECT" | "EXAMINE":
                if _text(words, 0).upper() != "INBOX":
                    self._uids = None
                    return "NO there is INBOX and no other"
                self._select()
                self._writes = name == "SELECT"
                return f"OK [READ-{'WRITE' if self._writes else 'ONLY'}] done"
            case "STATUS":
                if _text(words, 0).upper() != "INBOX":
                    return "NO there is INBOX and no other"
                self._status(words)
            case "SUBSCRIBE" | "UNSUBSCRIBE":
                pass
            case "CREATE" | "DELETE" | "RENAME" | "APPEND" | "COPY" | "MOVE":
                return "NO there is INBOX and no other"
            case _:
                return ""
        return "OK done"

    def _of_messages(self, name: str, words: Words) -> str:
        if self._uids is None:
            return "BAD no such command here"
        by_uid = name == "UID"
        if by_uid:
            name, words = _text(words, 0).upper(), words[1:]
        match name:
            case "FETCH":
                items = items_of(words[1:], by_uid=by_uid)
                for number, message in self._named(_text(words, 0), by_uid=by_uid):
                    flags = set(message.flags)
                    self._tell(b"%d FETCH (%b)" % (number, fetch(message, items)))
                    message.flags = message.flags if self._writes else flags
            case "SEARCH":
                found = search(words, self._there())
                places = {uid: number for number, uid in enumerate(self._uids, 1)}
                shown = (one.uid if by_uid else places[one.uid] for one in found)
                self._tell(" ".join(("SEARCH", *map(str, shown))).encode())
            case "STORE" if self._writes:
                self._store(words, by_uid=by_uid)
            case "EXPUNGE" if self._writes:
                chosen = self._named(_text(words, 0), by_uid=True) if by_uid else self._there()
                self._mailbox.remove(one.uid for _, one in list(chosen) if "\\Deleted" in one.flags)
            case "CLOSE" | "UNSELECT":
                if name == "CLOSE" and self._writes:
                    self._mailbox.remove(one.uid for _, one in self._there() if "\\Deleted" in one.flags)
                self._uids = None
            case "STORE" | "EXPUNGE":
                return "NO the mailbox was opened to be read"
            case "COPY" | "MOVE":
                return "NO there is INBOX and no other"
            case _:
                return "BAD no such command"
        return "OK done"

    def _store(self, words: Words, *, by_uid: bool) -> None:
        how, given = _text(words, 1).upper(), words[2:]
        listed = given[0] if given and not isinstance(given[0], str) else given
        flags = {_flag(one) for one in listed if isinstance(one, str)}
        way = how.removesuffix(".SILENT")
        if way not in {"FLAGS", "+FLAGS", "-FLAGS"}:
            raise WordsError("STORE what?")
        for number, message in self._named(_text(words, 0), by_uid=by_uid):
            kept = {"FLAGS": flags, "+FLAGS": message.flags | flags, "-FLAGS": message.flags - flags}[way]
            message.flags = kept if len(kept) <= _MAX_FLAGS else message.flags
            if way == how:
                uid = b"UID %d " % message.uid if by_uid else b""
                self._tell(b"%d FETCH (%bFLAGS (%b))" % (number, uid, " ".join(sorted(message.flags)).encode()))

    def _named(self, text: str, *, by_uid: bool) -> Iterable[tuple[int, Message]]:
        """Messages by their number here, of a set of numbers or uids."""
        assert self._uids is not None
        numbers = range(1, len(self._uids) + 1)
        chosen = set(numbers_of(text, self._uids if by_uid else numbers))
        return [(number, one) for number, one in self._there() if (one.uid if by_uid else number) in chosen]

    def _there(self) -> list[tuple[int, Message]]:
        numbered = ((number, self._mailbox.get(uid)) for number, uid in enumerate(self._uids or (), 1))
        return [(number, message) for number, message in numbered if message is not None]

    def _select(self) -> None:
        self._uids = self._mailbox.uids()
        self._tell(b"FLAGS " + _FLAGS)
        self._tell(b"%d EXISTS" % len(self._uids))
        self._tell(b"0 RECENT")
        unseen = [number for number, one in self._there() if "\\Seen" not in one.flags]
        if unseen:
            self._tell(b"OK [UNSEEN %d]" % unseen[0])
        self._tell(b"OK [UIDVALIDITY %d]" % self._mailbox.validity)
        self._tell(b"OK [UIDNEXT %d]" % self._mailbox.next_uid)
        self._tell(b"OK [PERMANENTFLAGS %b]" % _FLAGS)

    def _status(self, words: Words) -> None:
        messages = [one for one in map(self._mailbox.get, self._mailbox.uids()) if one is not None]
        known = {"MESSAGES": len(messages), "RECENT": 0, "UIDNEXT": self._mailbox.next_uid}
        known |= {"UIDVALIDITY": self._mailbox.validity}
        known |= {"UNSEEN": sum("\\Seen" not in one.flags for one in messages)}
        listed = words[1] if len(words) > 1 and not isinstance(words[1], str) else ()
        asked = [one.upper() for one in listed if isinstance(one, str)]
        if not asked or any(one not in known for one in asked):
            raise WordsError("STATUS of what?")
        self._tell(f"STATUS INBOX ({' '.join(f'{one} {known[one]}' for one in asked)})".encode())

    def _renumber(self) -> None:
        """Tell which messages went, from the last on, so that numbers hold, and how many there are now."""
        assert self._uids is not None
        now = self._mailbox.uids()
        for number in range(len(self._uids), 0, -1):
            if self._mailbox.get(self._uids[number - 1]) is None:
                del self._uids[number - 1]
                self._tell(b"%d EXPUNGE" % number)
        if len(now) != len(self._uids):
            self._uids = now
            self._tell(b"%d EXISTS" % len(now))

    async def _authenticate(self, words: Words) -> str:
        if _text(words, 0).upper() != "PLAIN":
            return "NO only PLAIN"
        first = _text(words, 1) if len(words) > 1 else ""
        if not first:
            await self._connection.send(b"+ \r\n")
            first = await self._connection.line()
        try:
            _, user, password = base64.b64decode(first, validate=True).decode().split("\0")
        except (binascii.Error, ValueError):
            return "BAD no user and password"
        return self._log_in(user, password)

    def _log_in(self, user: str, password: str) -> str:
        self._in = self._account.fits(user, password)
        return "OK done" if self._in else "NO [AUTHENTICATIONFAILED] no such account"

    def _tell(self, line: bytes) -> None:
        self._told.append(b"* " + line + b"\r\n")


def _text(words: Words, at: int) -> str:
    if at >= len(words) or not isinstance(words[at], str):
        raise WordsError("an argument is missing")
    return str(words[at])


def _flag(text: str) -> str:
    if not (0 < len(text) <= 64 and text.isascii() and text.isprintable() and not set(text) & set('(){%*"] ')):
        raise WordsError("no flag")
    return text.capitalize() if not text.startswith("\\") else "\\" + text[1:].capitalize()
