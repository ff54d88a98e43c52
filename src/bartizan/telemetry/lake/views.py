"""What questions are asked of: the lake and what is not in it yet, as views named in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from bartizan.telemetry.lake import schema
from bartizan.telemetry.lake.compactor import read_segments, sound
from bartizan.telemetry.lake.manifest import read_manifest
from bartizan.telemetry.reader import segments

VIEWS: Final[dict[str, tuple[str, str]]] = {
    "requests": (
        "one row for each request: when, who, what model, what happened, tokens and milliseconds",
        """SELECT request, min(time) AS time, any_value(principal) AS principal, any_value(route) AS route,
        any_value(model) AS model, any_value(session) AS session, any_value(client) AS client,
        max(status) AS status,
        arg_max(action, list_position(['allow', 'flag', 'redact', 'ask', 'block'], action)) AS action,
        string_agg(DISTINCT rule, ', ') AS rules, any_value(reason) AS reason, any_value(error) AS error,
        max(usage.input_tokens) AS input_tokens, max(usage.output_tokens) AS output_tokens,
        max(timing.total) AS milliseconds, bool_or(kind = 'request.completed') AS completed
        FROM events WHERE request IS NOT NULL AND kind LIKE 'request.%' GROUP BY request""",
    ),
    "signals": (
        "one row for each thing that a detector saw",
        """SELECT time, request, principal, model, action, kind, s.detector, s.guard, s.threat, s.technique, s.score,
        s.rule AS signature, s.severity, s.view FROM (SELECT *, unnest(signals) AS s FROM events)""",
    ),
    "blocked": (
        "requests and answers that were blocked, or would have been without monitor mode",
        """SELECT time, kind, request, principal, route, model, client, status, reason, rule, action, observed, signals
        FROM events WHERE action = 'block' OR observed = 'block'""",
    ),
    "unread": (
        "content that no guard read",
        """SELECT time, request, principal, model, action, u.kind AS content, u.reason
        FROM (SELECT *, unnest(coverage.uncovered) AS u FROM events)""",
    ),
    "refused": (
        "requests that no model saw",
        """SELECT time, request, principal, client, route, model, status, reason, rule FROM events
        WHERE kind = 'request.refused'""",
    ),
    "processes": (
        "starts, ends and losses of processes",
        "SELECT time, process, state, detail FROM events WHERE kind = 'process.changed'",
    ),
    "changes": (
        "changes of the configuration, accepted or not",
        "SELECT time, snapshot, digest, accepted, problem FROM events WHERE kind = 'configuration.changed'",
    ),
    "findings": (
        "what detection rules found",
        """SELECT time, id, severity, title, rule, threat, techniques, principal, session, "group", start, "end",
        measure, value, total, events, remediation FROM events WHERE kind = 'finding.raised'""",
    ),
    "integrity": (
        "seals over the journal, and damage to it",
        """SELECT time, kind, number, key, len(heads) AS heads, segment, line, problem FROM events
        WHERE kind LIKE 'journal.%'""",
    ),
}
"""Name, meaning, query; all over ``events``, which has one row for each record."""


class Sources(NamedTuple):
    """The files behind the views."""

    parquet: tuple[Path, ...]
    live: tuple[Path, ...]
    """Segments that are not in the lake yet."""
    damaged: tuple[str, ...]
    """Files of the lake that are not as the manifest says, and are left out."""
    alike: bool
    """All of the lake's files have the same columns, so that one of them says those of all."""
    current: bool
    """These are the columns of this version."""


def find_sources(journal: Path, lake: Path) -> Sources:
    """What there is to ask now. Raises JournalError."""
    live = segments(journal) if journal.is_dir() else []
    # The manifest is read after the listing: a segment that went into the lake in between is then counted once.
    manifest = read_manifest(lake)
    inside = manifest.segments
    damaged = tuple(name for name, file in manifest.files.items() if not sound(lake, name, file))
    parquet = tuple(lake / name for name in sorted(manifest.files) if name not in damaged)
    kinds = {file.columns for file in manifest.files.values()}
    alike, current = len(kinds) < 2 and "" not in kinds, kinds <= {schema.digest()}
    return Sources(parquet, tuple(path for path in live if path.name not in inside), damaged, alike, current)


def create_views(connection: duckdb.DuckDBPyConnection, sources: Sources, sql: str) -> None:
    """Make ``events`` in the connection, and those of VIEWS that ``sql`` may name: each costs a look into the files.

    Raises duckdb.Error.
    """
    create_events(connection, sources)
    text = sql.lower()
    for name, (_, query) in VIEWS.items():
        if name in text:
            connection.execute(f"CREATE VIEW {name} AS {query}")


def create_events(connection: duckdb.DuckDBPyConnection, sources: Sources) -> None:
    """Make ``events``, or make it anew over other files; views over it follow. Raises duckdb.Error."""
    parts = []
    if sources.parquet:
        parts.append(f"SELECT * FROM read_parquet([{_listed(sources.parquet)}], union_by_name = {not sources.alike})")
    if sources.live:
        live = read_segments(_listed(sources.live), ignore_errors=True)
        parts.append(f"SELECT {schema.projection()} FROM {live} WHERE kind IS NOT NULL")
    if not parts or not sources.current:
        # Files that were written before a column existed must not keep questions from naming it.
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS no_records ({schema.table()})")
        parts.append("SELECT * FROM no_records")
    records = " UNION ALL BY NAME ".join(parts)
    shown = f"SELECT * REPLACE (lower(hex(hash)) AS hash) FROM ({records})"
    connection.execute(f"CREATE OR REPLACE VIEW events AS {shown}")


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(schema.text(str(path)) for path in paths)
