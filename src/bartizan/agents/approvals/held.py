"""Answers that wait for a person, in the store that all workers share.

Each is sealed with a key of its own, which only the client has: it is part of the token that the client brings back.
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.engine import Connection

from bartizan.agents.approvals.tables import micros, principal_hash
from bartizan.core.approval import ApprovalError, HeldAnswer
from bartizan.core.clock import utc_now
from bartizan.core.ids import new_id
from bartizan.store.database import Database

MOST_WAITING: Final = 20
"""Answers of one principal."""
_NONCE: Final = bytes(12)  # each key seals one message
_TOKEN: Final = re.compile(r"[a-z0-9_]{1,64}\.[A-Za-z0-9_-]{43}")
_METADATA: Final = sa.MetaData()
_HELD: Final = sa.Table(
    "agents_held_answer",
    _METADATA,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("binding", sa.String(64), nullable=False),
    sa.Column("principal", sa.String(64), nullable=False, index=True),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)


def _first(connection: Connection) -> None:
    _HELD.create(connection)


class HeldAnswerBook:
    """Implements :class:`bartizan.core.approval.HeldAnswers`.

    Args:
        database: open.
        clock: for tests.

    Raises:
        StoreError, ConfigurationError: the store does not answer, or is of a newer version.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock
        database.migrate("held_answers", [_first])

    async def keep(self, answer: HeldAnswer, binding: str, principal: str, seconds: float) -> str:
        """See the Protocol."""
        return await asyncio.to_thread(self._keep, answer, binding, principal, seconds)

    async def find(self, token: str, binding: str) -> HeldAnswer | None:
        """See the Protocol."""
        return await asyncio.to_thread(self._find, token, binding)

    async def forget(self, token: str) -> None:
        """See the Protocol."""
        await asyncio.to_thread(self._forget, token)

    def _keep(self, answer: HeldAnswer, binding: str, principal: str, seconds: float) -> str:
        name, key, now, whose = new_id("ans"), secrets.token_bytes(32), self._clock(), principal_hash(principal)
        sealed = AESGCM(key).encrypt(_NONCE, msgspec.msgpack.encode(answer), binding.encode())
        with self._database.write() as connection:
            over = sa.or_(_HELD.c.expires <= micros(now), _HELD.c.binding == binding)
            connection.execute(sa.delete(_HELD).where(over))
            waiting = sa.select(sa.func.count()).where(_HELD.c.principal == whose)
            if (connection.scalar(waiting) or 0) >= MOST_WAITING:
                raise ApprovalError("too many answers of this principal wait for a person")
            expires = micros(now + timedelta(seconds=seconds))
            row = {"id": name, "binding": binding, "principal": whose, "expires": expires, "sealed": sealed}
            connection.execute(sa.insert(_HELD).values(row))
        return f"{name}.{base64.urlsafe_b64encode(key).decode().rstrip('=')}"

    def _find(self, token: str, binding: str) -> HeldAnswer | None:
        if _TOKEN.fullmatch(token) is None:
            return None
        name, _, written = token.partition(".")
        query = sa.select(_HELD.c.sealed).where(
            _HELD.c.id == name, _HELD.c.binding == binding, _HELD.c.expires > micros(self._clock())
        )
        with self._database.read() as connection:
            sealed = connection.scalar(query)
        if sealed is None:
            return None
        try:
            opened = AESGCM(base64.urlsafe_b64decode(written + "=")).decrypt(_NONCE, sealed, binding.encode())
        except InvalidTag:
            return None
        return msgspec.msgpack.decode(opened, type=HeldAnswer)

    def _forget(self, token: str) -> None:
        with self._database.write() as connection:
            connection.execute(sa.delete(_HELD).where(_HELD.c.id == token.partition(".")[0]))
