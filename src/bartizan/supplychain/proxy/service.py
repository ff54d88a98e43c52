"""Fetch, hash, scan, decide, and only then hand out: once for all who ask for the same file at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Final

from bartizan.core.artefact import Admission
from bartizan.supplychain.proxy.interface import Held, NotAdmittedError, ProxyLimits, UnavailableError, Wanted
from bartizan.supplychain.proxy.judging import Judge
from bartizan.supplychain.proxy.store import Incoming, QuarantineStore

Fetch = Callable[[Incoming], Awaitable[None]]
"""Writes the whole file. Raises UnavailableError."""
_PLACES: Final = 10_000


class ProxyService:
    """What the protocols share.

    Args:
        store: where files lie.
        judge: decides about them.
        limits: of what is under way.
    """

    def __init__(self, store: QuarantineStore, judge: Judge, limits: ProxyLimits) -> None:
        self.store, self.judge, self.limits = store, judge, limits
        self._jobs: dict[Wanted, asyncio.Task[Held]] = {}
        self._downloads = asyncio.Semaphore(limits.downloads)
        self._digests: OrderedDict[Wanted, str] = OrderedDict()
        self.fetched = 0
        """Downloads so far."""

    async def close(self) -> None:
        """Stop what is under way."""
        for job in list(self._jobs.values()):
            job.cancel()
        await asyncio.gather(*self._jobs.values(), return_exceptions=True)
        await self.judge.close()
        self.store.close()

    async def admitted(self, wanted: Wanted, fetch: Fetch, expected: str = "", view: Path | None = None) -> Held:
        """The file, if policy admits it.

        Whoever asks while it is under way waits for the same job; who stops waiting does not stop it.

        Args:
            fetch: called where the file is not in the store.
            expected: SHA-256 that the registry promises; another content is not handed out. Empty: none.
            view: where it would lie among the signatures of its repository.

        Raises:
            NotAdmittedError: policy does not admit it.
            UnavailableError: it cannot be had, is not what was promised, or too much is under way.
            JournalError: the decision cannot be recorded.
        """
        job = self._jobs.get(wanted)
        if job is None:
            if len(self._jobs) >= self.limits.under_way:
                raise UnavailableError("too many files are under way", status=503)
            place = view or self.store.views / "file" / (wanted.path.rpartition("/")[2] or "file")
            job = asyncio.create_task(self._job(wanted, fetch, expected, place))
            self._jobs[wanted] = job
            job.add_done_callback(lambda done: self._over(wanted, done))
        return await asyncio.shield(job)

    async def opened(self, held: Held) -> IO[bytes]:
        """The bytes that were admitted. Raises UnavailableError where they are gone meanwhile."""
        file = await asyncio.to_thread(self.store.open, held.sha256)
        if file is None:
            raise UnavailableError("it was dropped from the store meanwhile; ask again", status=503)
        return file

    def _over(self, wanted: Wanted, job: asyncio.Task[Held]) -> None:
        self._jobs.pop(wanted, None)
        if not job.cancelled():
            job.exception()  # somebody who left before does not leave it unread

    async def _job(self, wanted: Wanted, fetch: Fetch, expected: str, view: Path) -> Held:
        sha256 = expected or self._digests.get(wanted, "")
        fetched = not await self._there(sha256)
        if fetched:
            sha256 = await self._fetched(fetch, expected)
            self._digests[wanted] = sha256
            if len(self._digests) > _PLACES:
                self._digests.popitem(last=False)
        held = Held(sha256, self.store.size(sha256))
        try:
            decision = await self.judge.decide(self.store.path(sha256), held, view, wanted, fetched=fetched)
        except OSError as error:
            raise UnavailableError(f"it vanished from the store: {error.strerror}", status=503) from None
        if decision.admission is not Admission.ALLOW:
            self.store.drop(sha256)
            raise NotAdmittedError(decision)
        return held

    async def _there(self, sha256: str) -> bool:
        if not sha256 or not self.store.has(sha256):
            return False
        file = await asyncio.to_thread(self.store.open, sha256)
        if file is not None:
            file.close()
        return file is not None

    async def _fetched(self, fetch: Fetch, expected: str) -> str:
        async with self._downloads:
            self.fetched += 1
            with self.store.incoming() as incoming:
                await fetch(incoming)
                if expected and incoming.sha256() != expected:
                    raise UnavailableError("the registry sent other bytes than their digest promises")
                return self.store.keep(incoming)

    async def beside(self, view: Path, fetch: Fetch) -> None:
        """Put a signature where it would lie; where there is none, or it cannot be had, nothing is there."""
        most = self.limits.document_bytes
        with contextlib.suppress(UnavailableError, OSError), self.store.incoming(most) as incoming:
            await fetch(incoming)
            view.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copyfile(incoming.path, view)
