"""One POP3 session (RFC 1939 with the commands that clients use, and CAPA of RFC 2449)."""

from __future__ import annotations

from bartizan.redteam.mail.mailbox import WHOLE, Mailbox, Message
from bartizan.redteam.mail.session import MAX_FAILURES, Account, Connection

_CAPABILITIES = "USER\r\nUIDL\r\nTOP\r\nRESP-CODES\r\nIMPLEMENTATION mail"


class Pop3:
    """The session.

    Args:
        connection: to one client.
        mailbox: what it reads.
        account: which it must name.
    """

    def __init__(self, connection: Connection, mailbox: Mailbox, account: Account) -> None:
        self._connection, self._mailbox, self._account = connection, mailbox, account
        self._user = ""
        self._uids: list[int] | None = None
        """As numbered for this session, from its login on."""
        self._deleted: set[int] = set()

    async def run(self) -> None:
        """Until QUIT. Raises ClosedError when the client goes without."""
        await self._connection.send(b"+OK ready\r\n")
        failures = 0
        while failures < MAX_FAILURES:
            name, _, rest = (await self._connection.line()).partition(" ")
            answer = self._answer(name.upper(), rest)
            failures = failures + 1 if answer.startswith(b"-ERR") else 0
            if name.upper() == "QUIT":
                self._mailbox.remove(self._deleted)
            await self._connection.send(answer)
            if name.upper() == "QUIT":
                return

    def _answer(self, name: str, rest: str) -> bytes:
        match name:
            case "QUIT":
                return b"+OK bye\r\n"
            case "CAPA":
                return _many(_CAPABILITIES.encode())
            case "USER":
                self._user = rest
                return b"+OK\r\n"
            case "PASS":
                if self._uids is None and self._account.fits(self._user, rest):
                    self._uids = self._mailbox.uids()
                    return b"+OK\r\n"
                return b"-ERR [AUTH] no such account\r\n"
        if self._uids is None:
            return b"-ERR log in first\r\n"
        return self._reading(name, rest.split())

    def _reading(self, name: str, arguments: list[str]) -> bytes:
        there = self._there()
        match name:
            case "NOOP":
                return b"+OK\r\n"
            case "STAT":
                return f"+OK {len(there)} {sum(len(one.raw) for one in there.values())}\r\n".encode()
            case "RSET":
                self._deleted.clear()
                return b"+OK\r\n"
            case "LIST" | "UIDL" if not arguments:
                return _many("\r\n".join(f"{number} {_told(name, one)}" for number, one in there.items()).encode())
            case "LIST" | "UIDL" | "RETR" | "DELE" | "TOP":
                number = _number(arguments[0]) if arguments else 0
                if number not in there:
                    return b"-ERR no such message\r\n"
                return self._one(name, number, there[number], arguments[1:])
        return b"-ERR no such command\r\n"

    def _one(self, name: str, number: int, message: Message, more: list[str]) -> bytes:
        match name:
            case "RETR":
                message.read |= WHOLE
                return _many(message.raw.removesuffix(b"\r\n"))
            case "TOP":
                lines = _number(more[0]) if more else -1
                if lines < 0:
                    return b"-ERR TOP message lines\r\n"
                head, _, body = message.raw.partition(b"\r\n\r\n")
                message.read |= WHOLE if lines else {"from", "subject"}
                return _many(head + b"\r\n\r\n" + b"\r\n".join(body.split(b"\r\n")[:lines]))
            case "DELE":
                self._deleted.add(message.uid)
                return b"+OK\r\n"
        return f"+OK {number} {_told(name, message)}\r\n".encode()

    def _there(self) -> dict[int, Message]:
        """By number: what was there at the login, is there still, and was not deleted in this session."""
        out = {}
        for number, uid in enumerate(self._uids or (), 1):
            message = self._mailbox.get(uid)
            if message is not None and uid not in self._deleted:
                out[number] = message
        return out


def _told(name: str, message: Message) -> str:
    return str(len(message.raw)) if name == "LIST" else f"u{message.uid}"


def _number(text: str) -> int:
    """-1 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _many(lines: bytes) -> bytes:
    """Lines that begin with a dot get another, and a dot ends them."""
    stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines.split(b"\r\n"))
    return b"+OK\r\n" + (stuffed + b"\r\n" if lines else b"") + b".\r\n"
