"""Shared by the tests of this room: rules and events in, findings out."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from typing import Any

from bartizan.detections.hits import RuleFinding
from bartizan.detections.mapping import FieldMapping
from bartizan.detections.running import Run, Summary
from bartizan.detections.settings import EngineSettings
from bartizan.detections.sigma import read_collection
from bartizan.detections.sigma.collection import Collection


def jsonl(events: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def run(
    rules: str,
    events: list[dict[str, Any]],
    settings: EngineSettings | None = None,
    mapping: FieldMapping | None = None,
) -> tuple[list[RuleFinding], Summary]:
    work = Run(_read(rules), settings, mapping)
    findings = list(work.over(io.BytesIO(jsonl(events))))
    return findings, work.summary


@lru_cache(maxsize=16)
def _read(rules: str) -> Collection:
    return read_collection(rules)


def matching(detection: str, event: dict[str, Any]) -> bool:
    """Whether a rule with this detection section matches one event."""
    body = "\n".join("  " + line for line in detection.strip("\n").splitlines())
    condition = "" if "condition:" in detection else "\n  condition: sel"
    findings, _ = run(f"title: t\ndetection:\n{body}{condition}\n", [event])
    return bool(findings)


def at(seconds: float, **fields: Any) -> dict[str, Any]:
    return {"time": 1_700_000_000 + seconds, **fields}
