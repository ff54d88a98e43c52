"""Streams of queries on a Valkey server: who judges a query fetches the stream, and puts it back."""

from __future__ import annotations

import asyncio
import importlib
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from bartizan.core.errors import KeeperError
from bartizan.core.query_watch import Watched, WatchRules
from bartizan.keeper.watch_book import IDLE_SECONDS

if TYPE_CHECKING:
    from bartizan.inspection.tensors.stream import Stream

T = TypeVar("T")
Run = Callable[[str, Sequence[str], Sequence[Any]], Awaitable[Any]]

_EDITION: Final = 16
"""Bytes before a stream that no two editions of it share: a deleted and begun one is another, too."""
_TRIES: Final = 32
_KNOWN: Final = 200
"""Streams that a worker holds beside the server's."""

FETCH: Final = """
-- KEYS: streams of a principal. ARGV: stream, edition that is known
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held then return {'', ''} end
local edition = string.sub(held, 1, 16)
if edition == ARGV[2] then return {edition, ''} end
return {edition, string.sub(held, 17)}
"""

PUT_BACK: Final = """
-- KEYS: streams of a principal. ARGV: stream, edition it was made from, new edition, content, seconds
local held = redis.call('HGET', KEYS[1], ARGV[1])
local edition = held and string.sub(held, 1, 16) or ''
if edition ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""

SCRIPTS: Final = (FETCH, PUT_BACK)


class _Copy(NamedTuple):
    """Of a stream, as this worker saw it last; the edition is that of the server, empty where it has none."""

    edition: bytes
    content: bytes


class ValkeyWatch:
    """The streams, each a field of its principal's hash, which expires when no query comes for a week.

    Queries of one stream wait for each other within a worker; between workers the later one begins anew from what the
    earlier one put back. Nothing is judged on a stream that somebody else has changed meanwhile.

    Args:
        run: a script with its keys and arguments.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: OrderedDict[tuple[str, str], _Copy] = OrderedDict()
        self._turns: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}

    async def observe(self, key: str, name: str, rules: WatchRules, queries: bytes) -> Watched:
        """See :class:`bartizan.core.query_watch.QueryWatch`; ``key`` is the principal's on the server."""
        await asyncio.to_thread(importlib.import_module, "bartizan.inspection.tensors.stream_state")
        from bartizan.inspection.tensors.queries import unpack
        from bartizan.inspection.tensors.stream import Stream

        width = unpack(queries).sketches.shape[1]

        def seen(stream: Stream | None) -> tuple[Stream, Watched]:
            held = stream if stream is not None and stream.width == width else Stream(width, rules.window)
            return held, held.observe(rules, queries)

        return await self._changed(key, name, seen)

    async def tell_classes(self, key: str, name: str, rules: WatchRules, first: int, classes: bytes) -> None:
        """See :class:`bartizan.core.query_watch.QueryWatch`."""
        await asyncio.to_thread(importlib.import_module, "bartizan.inspection.tensors.stream_state")

        def told(stream: Stream | None) -> tuple[Stream | None, None]:
            if stream is not None:
                stream.tell_classes(rules, first, classes)
            return stream, None

        await self._changed(key, name, told)

    async def _changed(self, key: str, name: str, change: Callable[[Stream | None], tuple[Stream | None, T]]) -> T:
        lock, waiting = self._turns.get((key, name), (asyncio.Lock(), 0))
        self._turns[key, name] = lock, waiting + 1
        try:
            async with lock:
                return await self._retried(key, name, change)
        finally:
            _, waiting = self._turns.pop((key, name))
            if waiting > 1:
                self._turns[key, name] = lock, waiting - 1

    async def _retried(self, key: str, name: str, change: Callable[[Stream | None], tuple[Stream | None, T]]) -> T:
        from bartizan.inspection.tensors.stream_state import frozen, thawed

        copy = self._known.get((key, name)) or await self._fetched(key, name)
        for number in range(_TRIES):
            made, found = change(thawed(copy.content) if copy.edition else None)
            if made is None:
                return found
            after = _Copy(secrets.token_bytes(_EDITION), frozen(made))
            arguments = [name, copy.edition, after.edition, after.content, IDLE_SECONDS]
            if await self._run(PUT_BACK, [key], arguments):
                self._remember(key, name, after)
                return found
            await asyncio.sleep(secrets.randbelow(1 + 2 * number) / 1_000)
            copy = await self._fetched(key, name)
        raise KeeperError("a stream of queries changes faster than it can be judged")

    async def _fetched(self, key: str, name: str) -> _Copy:
        known = self._known.get((key, name), _Copy(b"", b""))
        edition, content = await self._run(FETCH, [key], [name, known.edition])
        found = known if edition and edition == known.edition else _Copy(edition, content)
        self._remember(key, name, found)
        return found

    def _remember(self, key: str, name: str, copy: _Copy) -> None:
        self._known[key, name] = copy
        self._known.move_to_end((key, name))
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)
