"""A target that meets hostile content in its mail: it reads the campaign's own mailbox."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from bartizan.redteam.attempt import Reply
from bartizan.redteam.case import Planted
from bartizan.redteam.errors import TargetError
from bartizan.redteam.interface import Conversation, Target
from bartizan.redteam.mail.mailbox import MEETS, Message
from bartizan.redteam.mail.message import Part, part_of, poisoned
from bartizan.redteam.mail.server import MailServer
from bartizan.redteam.taxonomy import EntryPoint


class MailedTarget:
    """Wraps a target.

    Args:
        inner: what is spoken to.
        server: of the mailbox that it reads.
        entry_points: whose content becomes an e-mail; at others the inner target plants it itself.
        part: where in an e-mail every attack stands; None: where its form says.
    """

    shared_plants = True
    """There is one mailbox."""

    def __init__(
        self, inner: Target, server: MailServer, entry_points: frozenset[EntryPoint], part: Part | None = None
    ) -> None:
        self.id = inner.id
        self.entry_points = inner.entry_points | entry_points
        self.shared_trace = inner.shared_trace
        self._inner = inner
        self._server = server
        self._mailed = entry_points
        self._part = part

    async def open(self, entry_point: EntryPoint) -> Conversation:
        """The mailbox can be read from now on, at every entry point. Raises TargetError as the inner target does."""
        await self._server.start()
        conversation = await self._inner.open(entry_point)
        if entry_point not in self._mailed:
            return conversation
        return MailedConversation(conversation, self._server, self._part)

    async def close(self) -> None:
        """Idempotent."""
        await self._inner.close()
        await self._server.close()


class MailedConversation:
    """The mailbox holds ordinary mail, and what is planted, for as long as it lasts."""

    def __init__(self, inner: Conversation, server: MailServer, part: Part | None) -> None:
        self._inner = inner
        self._mailbox = server.mailbox
        self._part = part
        self._new: list[tuple[Message, Part]] = []
        self._mailbox.renew()

    async def plant(self, planted: Planted) -> None:
        """It is the newest message from now on. Raises TargetError when the mailbox is full."""
        part, now = part_of(planted, self._part), datetime.now(UTC).replace(microsecond=0)
        try:
            self._new.append((self._mailbox.deliver(poisoned(planted, part, now), now), part))
        except OverflowError:
            raise TargetError("too many messages in the mailbox") from None

    async def say(self, text: str) -> Reply:
        """The message. An attack of which nothing was fetched shows nothing."""
        reply = await self._inner.say(text)
        new, self._new = self._new, []
        if new and not reply.error and not reply.blocked and not any(one.read & MEETS[part] for one, part in new):
            reply = msgspec.structs.replace(reply, error="the application did not read the message")
        return reply

    async def close(self) -> None:
        """Nothing but ordinary mail is left."""
        self._mailbox.renew()
        await self._inner.close()
