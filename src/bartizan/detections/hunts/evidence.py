"""Results of hunts kept as evidence: that somebody looked, at what, and what was there."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from bartizan.core.clock import rfc3339
from bartizan.core.control import Evidence
from bartizan.core.errors import ConfigurationError
from bartizan.core.ids import new_id
from bartizan.detections.hunts.running import HuntResult

CONTROL: Final = "BZN-RT-19"
"""The control of the catalogue that a hunt is evidence of."""
VALID: Final = timedelta(days=90)
FOLDER: Final = "hunts"
"""Below ``.bartizan``."""


def evidence_of(result: HuntResult, rows: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """The document that is kept.

    Args:
        result: of the hunt.
        rows: its rows as JSON.
        now: when it ran.

    The digest is over question, time and answer, so that a later change of the file shows.
    """
    hunt = result.hunt
    asked = {
        "hunt": hunt.id,
        "query": hunt.query,
        "since": rfc3339(result.period.start),
        "until": rfc3339(result.period.end),
        "rows": rows,
        "more": result.more,
        "left_out": list(result.damaged),
    }
    digest = hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()
    evidence = Evidence(
        id=new_id("evd"),
        control=CONTROL,
        method=f"hunt {hunt.id}: {hunt.unit} that fit {hunt.title!r}, of all {hunt.unit}",
        n=result.found.n,
        result=result.found.value if result.found.n else 0.0,
        interval=result.found.interval,
        digest=digest,
        observed_at=now,
        expires_at=now + VALID,
    )
    return {"schema": "bartizan/hunt-evidence/v1", "evidence": msgspec.to_builtins(evidence), **asked}


def keep(document: dict[str, Any], state: Path) -> Path:
    """Write it below ``state`` under a name of its own, for its owner's eyes only. Raises ConfigurationError."""
    folder = state / FOLDER
    path = folder / f"{document['hunt']}-{document['evidence']['id']}.json"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        part.rename(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
    return path
