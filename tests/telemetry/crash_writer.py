"""A process that writes to a journal until it is killed; imports little, so that it starts fast."""

from __future__ import annotations

import asyncio
import random
from multiprocessing.connection import Connection
from pathlib import Path

from journal_events import accepted

from bartizan.telemetry.journal import Journal
from bartizan.workspace.deployment import Journal as Settings


def write_until_killed(directory: Path, writer: str, settings: Settings, acknowledge: Connection) -> None:
    async def request(journal: Journal, name: str) -> None:
        journal.append(accepted(name, route="x" * random.randrange(3000)))
        await journal.commit()
        acknowledge.send_bytes(name.encode())

    async def run() -> None:
        journal = Journal(directory, writer, settings)
        acknowledge.send_bytes(b"")
        count = 0
        while True:
            await asyncio.gather(*(request(journal, f"{writer}.{count}.{task}") for task in range(4)))
            count += 1

    asyncio.run(run())
