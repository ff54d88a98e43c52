"""Requests like this one: sketches of the vault, and the records that name them."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from bartizan.app.places import committer_of, journal_of, lake_of, vault_folder
from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.telemetry.lake.query import Lake
from bartizan.telemetry.vault.entry import EntryDamaged, read_entry
from bartizan.telemetry.vault.erasing import records_of
from bartizan.telemetry.vault.reader import WHOLE, VaultFiles
from bartizan.telemetry.vault.similar import find_alike
from bartizan.workspace.workspace import Workspace

_QUESTION: Final = """SELECT c.kept AS kept, time, prompt = c.mac[:16] AS asked, id, kind, request, principal, action
FROM (SELECT *, unnest(content) AS c FROM events WHERE content IS NOT NULL) WHERE list_contains(?, c.kept)"""


class SimilarRequest(NamedTuple):
    """A record one of whose texts is like the one that was asked about."""

    score: float
    time: datetime
    event: str
    kind: str
    request: str
    principal: str
    action: str
    asked: bool
    """It was the last text that the user wrote, and not one of the others."""


class SimilarRequests(NamedTuple):
    """What a search brought back."""

    rows: list[SimilarRequest]
    compared: int
    """Sketches that could be compared; those under other commitment keys cannot."""
    damaged: tuple[str, ...]
    """Files of the lake that were left out."""


def similar_requests(workspace: Workspace, question: str, least: float, most: int) -> SimilarRequests:
    """Records with texts like this one.

    Args:
        workspace: the workspace.
        question: a text, or the id of a record or request (``evt_…``, ``req_…``), whose own sketch is then used.
        least: estimated similarity from which on a text counts, 0 to 1.
        most: texts to find.

    Raises:
        ConfigurationError: the text has no words, or no sketch of the record is left.
        JournalError: journal, vault or lake cannot be read.
    """
    with VaultFiles(vault_folder(workspace)) as files:
        own = ""
        if question.startswith(("evt_", "req_")) and " " not in question:
            own = question
            queries = _of_record(workspace, files, question)
        else:
            queries = committer_of(workspace).sketches(question)
        if not any(queries.values()):
            raise ConfigurationError("there is nothing in that to compare", "give some words, or an id with a sketch")
        found, compared = find_alike(files, queries, least, most + bool(own))
    scores = {one.kept: one.score for one in found}
    answer = Lake(journal_of(workspace), lake_of(workspace)).ask(_QUESTION, [list(scores)], rows=most * 20)
    rows = []
    for kept, time, asked, *texts in answer.rows:
        event, kind, request, principal, action = (text or "" for text in texts)
        rows.append(SimilarRequest(scores[kept], time, event, kind, request, principal, action, bool(asked)))
    others = [row for row in rows if own not in (row.event, row.request)]
    return SimilarRequests(sorted(others, key=lambda row: (-row.score, row.time))[:most], compared, answer.damaged)


def _of_record(workspace: Workspace, files: VaultFiles, identifier: str) -> dict[str, bytes]:
    """The sketch of what the user asked in that record; of its last text if none is marked."""
    chosen: dict[str, bytes] = {}
    for kept in records_of(journal_of(workspace), [identifier]):
        for reference in kept.references:
            looked = files.look(reference)
            try:
                entry = read_entry(looked.line) if looked.state == WHOLE else None
            except EntryDamaged:
                entry = None
            if entry is not None and entry.sketch is not None:
                chosen = {entry.under: entry.sketch}
                if kept.facts.prompt and entry.mac.startswith(kept.facts.prompt):
                    return chosen
    if not chosen:
        raise JournalError(f"no sketch of {identifier[:80]!r} is left", "set content.sketches in policy.yaml")
    return chosen
