"""One mailbox, and what was read of each message in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bartizan.redteam.mail.message import Part, ordinary

MAX_MESSAGES = 256
FROM, SUBJECT, TEXT, FIRST, SECOND = "from", "subject", "text", "1", "2"
"""What can be read of a message: two headers, all of its text, or one part of it by number."""
WHOLE = frozenset({FROM, SUBJECT, TEXT})
MEETS = {
    Part.BODY: frozenset({TEXT, FIRST}),
    Part.SUBJECT: frozenset({SUBJECT}),
    Part.SENDER: frozenset({FROM}),
    Part.HTML: frozenset({TEXT, SECOND}),
    Part.ATTACHMENT: frozenset({TEXT, SECOND}),
}
"""Where an attack stands, and which of that shows it."""


class Message:
    """One message as it was delivered.

    Args:
        uid: unique in its mailbox for as long as that exists.
        raw: as sent, with CRLF.
        at: when it arrived.
    """

    def __init__(self, uid: int, raw: bytes, at: datetime) -> None:
        self.uid, self.raw, self.at = uid, raw, at
        self.flags: set[str] = set()
        self.read: set[str] = set()
        """What of it was fetched."""


class Mailbox:
    """Messages by their uids, oldest first."""

    def __init__(self) -> None:
        self._messages: dict[int, Message] = {}
        self._next = 1
        self.validity = int(datetime.now(UTC).timestamp())
        """Of the uids: another mailbox has another."""

    @property
    def next_uid(self) -> int:
        """Which the next message will get."""
        return self._next

    def renew(self) -> None:
        """Nothing but ordinary mail, unread, and with new uids."""
        self._messages.clear()
        now = datetime.now(UTC).replace(microsecond=0)
        letters = ordinary()
        for index, one in enumerate(letters):
            at = now - timedelta(hours=7 * (len(letters) - index))
            self.deliver(one.write(at), at)

    def deliver(self, raw: bytes, at: datetime) -> Message:
        """Put a message in. Raises OverflowError when there are too many."""
        if len(self._messages) >= MAX_MESSAGES:
            raise OverflowError
        message = Message(self._next, raw, at)
        self._messages[message.uid] = message
        self._next += 1
        return message

    def get(self, uid: int) -> Message | None:
        """None when it is gone."""
        return self._messages.get(uid)

    def uids(self) -> list[int]:
        """Of all messages, ascending."""
        return list(self._messages)

    def remove(self, uids: Iterable[int]) -> None:
        """Those that are still there."""
        for uid in uids:
            self._messages.pop(uid, None)
