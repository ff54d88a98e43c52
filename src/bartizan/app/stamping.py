"""Asking a time stamping authority about the newest seal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from bartizan.app.places import journal_of
from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.core.event import JournalStamped
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.sealing import read_seals
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import SinkError
from bartizan.telemetry.stamping import WRITER, read_stamps, request_for, stamped
from bartizan.trust.timestamp import read_roots
from bartizan.workspace.deployment import Stamping
from bartizan.workspace.workspace import DEPLOYMENT, Workspace


def stamping_of(workspace: Workspace) -> Stamping | None:
    """The settings, if there are any. Raises ConfigurationError if they cannot work."""
    signing = workspace.deployment.journal.signing
    settings = signing.timestamps if signing is not None else None
    if settings is None:
        return None
    place = f"{DEPLOYMENT}: journal.signing.timestamps"
    if urlsplit(settings.url).scheme not in ("http", "https"):
        raise ConfigurationError(f"{place}: url is neither http nor https")
    return settings


def roots_of(workspace: Workspace, given: Path | None = None) -> Path | None:
    """The file of trusted certificates: the one given, else that of the deployment."""
    if given is not None or not (workspace.root / DEPLOYMENT).exists():
        return given
    settings = stamping_of(workspace)
    return workspace.root / settings.roots if settings is not None else None


def stamp(workspace: Workspace) -> JournalStamped | None:
    """Have the newest seal stamped, and record it; None if it has a stamp already, or there is no seal.

    Raises:
        ConfigurationError: no authority is named, or the library is not installed.
        JournalError: the authority does not answer, or the journal cannot be written.
        StampInvalid: its answer does not hold.
    """
    settings = stamping_of(workspace)
    if settings is None:
        raise ConfigurationError(f"{DEPLOYMENT} names no time stamping authority", "set journal.signing.timestamps")
    roots = read_roots(workspace.root / settings.roots)
    directory = journal_of(workspace)
    newest = max(read_seals(directory), key=lambda seal: seal.number, default=None)
    if newest is None or any(one.number >= newest.number for one in read_stamps(directory)):
        return None
    asked = request_for(newest)
    answer = asyncio.run(_asked(settings, asked.body))
    record = stamped(newest, asked, answer, roots)
    journal = Journal(directory, WRITER, workspace.deployment.journal)
    try:
        journal.append(record)
    finally:
        journal.close()
    return record


async def _asked(settings: Stamping, body: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    poster = Poster(settings.url, headers, None, compress=False)
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            answer = await poster.post(body)
    except (SinkError, TimeoutError) as error:
        cause = str(error) or "no answer in time"
        raise JournalError(f"the time stamping authority does not answer: {cause}", "it is asked again") from None
    finally:
        await poster.close()
    if answer.status != 200:
        raise JournalError(f"the time stamping authority answers with status {answer.status}", "it is asked again")
    return answer.body
