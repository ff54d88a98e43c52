"""Runs the trained model: texts take turns on a few threads, principal by principal, window by window."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter
from typing import Final

from bartizan.core.inference import Learned
from bartizan.core.passage import Surface
from bartizan.inspection.classifier import ClassifierDetector
from bartizan.inspection.inspector import gather
from bartizan.keeper.inference.cache import Answer, AnswerCache
from bartizan.keeper.inference.fair_queue import FairQueue
from bartizan.keeper.inference.gaps import Gap, unread
from bartizan.keeper.inference.turns import Ticket
from bartizan.telemetry.metrics import Registry
from bartizan.workspace.deployment import Inference as Settings

MOST_TEXTS: Final = 16_384
"""Texts of one principal that may wait."""
SHARES: Final = 8
"""All principals together may have this many times as much waiting as one."""

_log = logging.getLogger("bartizan.inference")


class Engine:
    """Belongs to one event loop.

    Args:
        detector: the model.
        settings: bounds.
        registry: where it counts.
    """

    def __init__(self, detector: ClassifierDetector, settings: Settings, registry: Registry) -> None:
        self._detector = detector
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="inference")
        self._free = settings.threads
        self._free_long = max(1, settings.threads - 1)
        most = settings.queue_characters
        self._queue: FairQueue[Ticket] = FairQueue(most, MOST_TEXTS, SHARES * most)
        self._cache = AnswerCache(settings.cache_bytes)
        self._closed = False
        texts = registry.counter(
            "bartizan_inference_texts_total", "Texts that the model was asked about.", ("outcome",)
        )
        self._outcomes = {
            name: texts.labels(name) for name in ("read", "cached", *(gap for gap in Gap if gap is not Gap.AWAY))
        }
        self._windows = registry.counter("bartizan_inference_windows_total", "Windows that the encoder read.").labels()
        self._seconds = registry.histogram("bartizan_inference_text_seconds", "From question to answer.").labels()
        self._waiting = registry.gauge("bartizan_inference_texts_waiting", "Texts that wait for a turn.").labels()

    def submit(
        self,
        principal: str,
        text: bytes,
        surfaces: tuple[Surface, ...],
        deadline: float,
        done: Callable[[Answer], None],
        *,
        harm: bool = False,
    ) -> None:
        """Read a text, and say so by ``done``: at once if it is known or cannot wait, later in this loop otherwise.

        Args:
            principal: who causes the work.
            text: UTF-8 with surrogates passed.
            surfaces: user, content, or both.
            deadline: loop time after which it is not begun any more.
            done: called once.
            harm: judge a request for harm, too.

        Raises:
            UnicodeDecodeError: the text is not UTF-8.
        """
        digest = self._cache.digest(principal, text, (*surfaces, *(("harm",) if harm else ())))
        known = self._cache.find(digest)
        if known is not None:
            self._outcomes["cached"].inc()
            done(known)
            return
        ticket = Ticket(principal, text.decode("utf-8", "surrogatepass"), surfaces, deadline, digest, done, harm=harm)
        for turned in self._queue.push(ticket):
            self._give_up(turned, Gap.BUSY)
        self._begin()

    def close(self) -> None:
        """Begin no more turns; what has begun ends by itself."""
        self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _begin(self) -> None:
        now = self._loop.time()
        while self._free and not self._closed and (ticket := self._queue.pop(long=self._free_long > 0)) is not None:
            if now > ticket.deadline:
                self._queue.end(ticket)
                self._give_up(ticket, Gap.LATE)
                continue
            self._free -= 1
            took_long = ticket.long
            self._free_long -= took_long
            self._threads.submit(ticket.turn, self._detector).add_done_callback(
                lambda turn, ticket=ticket, took_long=took_long: self._ended(turn, ticket, took_long)  # type: ignore[misc]
            )
        self._waiting.set(self._queue.waiting)

    def _ended(self, turn: Future[bool], ticket: Ticket, took_long: bool) -> None:
        if not turn.cancelled() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._after, turn, ticket, took_long)

    def _after(self, turn: Future[bool], ticket: Ticket, took_long: bool) -> None:
        self._free += 1
        self._free_long += took_long
        error = turn.exception()
        if error is None and not turn.result():
            self._queue.put_back(ticket)
            self._begin()
            return
        self._queue.end(ticket)
        self._begin()
        if error is None:
            self._finish(ticket)
        else:
            _log.error("a text could not be read: %s", type(error).__name__)
            self._give_up(ticket, Gap.FAILED)

    def _finish(self, ticket: Ticket) -> None:
        views, gaps = ticket.views, ticket.gaps
        answer = tuple(Learned(*gather(found, views, (*gaps, *found.unread))) for found in ticket.found)
        self._cache.keep(ticket.digest, answer)
        self._windows.inc(ticket.windows)
        self._seconds.observe(perf_counter() - ticket.began)
        self._outcomes[Gap.WINDOWS if any(learned.unread for learned in answer) else "read"].inc()
        ticket.done(answer)

    def _give_up(self, ticket: Ticket, gap: Gap) -> None:
        self._outcomes[gap].inc()
        self._seconds.observe(perf_counter() - ticket.began)
        ticket.done(unread(gap, ticket.surfaces))
