"""Writes imported cases as case files, one an objective, which the strict loader reads again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bartizan.core.errors import DocumentError
from bartizan.redteam.cases.importing.read import Imported
from bartizan.redteam.cases.loader import load_cases
from bartizan.redteam.cases.schema import Row
from bartizan.redteam.errors import CaseError


def write_cases(imported: Imported, folder: Path) -> list[Path]:
    """Write ``TOOL-OBJECTIVE.yaml`` files. Raises CaseError: one is there, or cannot be written or read again."""
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for objective, rows in sorted(imported.rows.items()):
            document: dict[str, Any] = {
                "entry_point": "chat",
                "objective": str(objective),
                "severity": "medium",
                "licence": imported.licence,
                "source": imported.tool,
                "oracles": [_oracle(rows[0])],
                "cases": [_plain(row) for row in rows],
            }
            path = folder / f"{imported.tool}-{objective}.yaml"
            with path.open("x", encoding="utf-8") as file:
                yaml.safe_dump(document, file, sort_keys=False, width=118)
            written.append(path)
    except OSError as error:
        raise CaseError(f"{error.filename}: {error.strerror}", "name another folder with --to") from None
    try:
        load_cases(written)
    except DocumentError as error:
        raise CaseError(f"what was written cannot be read again: {error.cause}") from error
    return written


def _plain(row: Row) -> dict[str, Any]:
    out: dict[str, Any] = {"id": row.id, "title": row.title, "technique": row.technique, "language": row.language}
    return out | {"oracles": [_oracle(row)], "turns": list(row.turns)}


def _oracle(row: Row) -> dict[str, str]:
    (one,) = row.oracles
    return {"kind": one.kind, "value": one.value} if one.value else {"kind": one.kind}
