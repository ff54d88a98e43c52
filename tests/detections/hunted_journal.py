"""A journal of an ordinary day and one on which everything that hunts look for happens."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from bartizan.core.event import Event
from bartizan.detections.records import journaled, spelled_out
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.rehearsal import START, Rehearsal

DAY = START + timedelta(days=2)
"""Two days later."""
ATTACKER = "mallory"


def injection(**more: Any) -> list[dict[str, Any]]:
    return [{"detector": "signatures", "guard": "prompt_injection", "technique": "jailbreak", "score": 0.45, **more}]


def planted() -> dict[str, list[dict[str, Any]]]:
    """By hunt, the records that its answer must speak of."""
    me: dict[str, Any] = {"principal": ATTACKER, "client": "203.0.113.9", "session": "m"}
    asked = {"kind": "request.accepted", **me}
    answer = {"kind": "request.completed", **me}
    refused = {"kind": "request.refused", **me}
    tool = {"kind": "tool.decided", "principal": ATTACKER, "session": "m", "server": "mail"}
    changed = {"kind": "mcp.definition_changed", "subject": "tool", "server": "mail", "name": "send_mail"}
    pulled = {"kind": "model.pulled", "model": "chat", "source": "hub"}
    uncovered = {"uncovered": [{"path": [], "reason": "-", "kind": "image"}]}
    early = DAY - timedelta(days=1)
    return {
        "busiest-principals": [
            {**answer, "request": "v{n}", "usage": {"output_tokens": 9_000}, "repeat": 30, "every": 1}
        ],
        "prompt-variety": [{**asked, "request": "p{n}", "prompt": "p{n}", "repeat": 400, "every": 1}],
        "repeated-prompts": [{**asked, "request": "q{n}", "prompt": "again", "repeat": 12, "every": 1}],
        "shared-prompts": [
            {**refused, "request": "s{n}", "prompt": "shared", "principal": "mallory{n}", "signals": injection(),
             "repeat": 3}
        ],
        "near-misses": [{**asked, "request": "n{n}", "signals": injection(), "repeat": 3}],
        "blocked-then-passed": [
            {**refused, "request": "b{n}", "signals": injection(), "repeat": 3}, {**asked, "request": "then"},
        ],
        "techniques-over-time": [{**refused, "request": "t", "signals": injection(technique="many_shot")}],
        "disguises": [
            {**asked, "request": "d", "signals": injection(guard="obfuscation", technique="zero_width")}
        ],
        "unread-content": [{**asked, "request": "u", "coverage": uncovered}],
        "new-addresses": [
            {**asked, "request": "a0", "at": early.isoformat(), "client": "10.9.9.9"},
            {**asked, "request": "a1", "client": "203.0.113.77"},
        ],
        "odd-hours": [
            {**asked, "request": "o{n}", "at": (early + timedelta(hours=12)).isoformat(), "repeat": 110, "every": 1},
            {**asked, "request": "odd", "at": (DAY + timedelta(hours=3)).isoformat()},
        ],
        "refusal-rates": [{**refused, "request": "r{n}", "reason": "blocked", "repeat": 40, "every": 2}],
        "key-guessing": [
            {"kind": "request.refused", "request": "k{n}", "client": "203.0.113.66", "status": 401, "repeat": 6},
            {"kind": "request.refusals_counted", "client": "203.0.113.66", "count": 500},
        ],
        "model-enumeration": [
            {**refused, "request": "e{n}", "status": 404, "model": "gpt-{n}", "repeat": 4}
        ],
        "slow-answers": [{**answer, "request": "slow", "model": "m", "timing": {"total": 200_000.0}}],
        "hang-ups": [{**answer, "request": "h{n}", "error": "client_gone", "status": 499, "repeat": 3}],
        "secrets-in-answers": [
            {**answer, "request": "x{n}", "signals": injection(guard="secret", rule="github_token"), "repeat": 3}
        ],
        "sessions-that-leak": [
            {**answer, "request": "y{n}", "session": "leaky", "signals": injection(guard="secret"), "repeat": 3}
        ],
        "escaped-texts": [{**answer, "request": "esc", "escaped": 31}],
        "hostile-tools": [
            {"kind": "mcp.answered", "principal": ATTACKER, "server": "mail", "name": "read_mail", "session": "m{n}",
             "signals": injection(), "repeat": 2}
        ],
        "tainted-sends": [{**tool, "tool": "send_mail", "outward": True, "tainted": True, "effect": "send"}],
        "rare-tools": [{**tool, "tool": "wire_money", "effect": "spend"}],
        "stopped-calls": [{**tool, "tool": "send_mail", "action": "block", "policy": "forbid_leak", "repeat": 2}],
        "approvals": [
            {"kind": "approval.requested", "approval": "z{n}", "principal": ATTACKER, "repeat": 3, "every": 1},
            {"kind": "approval.decided", "approval": "z{n}", "state": "approved", "approver": "eve", "repeat": 3,
             "every": 1},
        ],
        "changed-definitions": [{**changed, "state": "changed", "digest": "d2"}],
        "new-artefacts": [
            {**pulled, "digest": "old", "at": early.isoformat()}, {**pulled, "digest": "new"},
        ],
        "loosened-policy": [
            {"kind": "configuration.changed", "snapshot": 9, "digest": "c", "accepted": True, "loosened": ["mode"]},
            {**asked, "request": "loose", "signals": injection()},
        ],
        "lost-processes": [
            {**asked, "request": "killer"},
            {"kind": "process.changed", "process": "worker2", "state": "lost", "every": 2},
        ],
        "broken-records": [{"kind": "journal.damaged", "segment": "w1-x.jsonl", "line": 3, "problem": "altered"}],
        "attacks-of-nobodys-campaign": [
            {**refused, "request": "w", "signals": injection()},
            {**refused, "request": "ours", "principal": "red-team", "signals": injection()},
            {"kind": "campaign.attempted", "campaign": "rtc-1", "attempt": "a", "case": "c", "entry_point": "chat",
             "objective": "leak_secret", "technique": "jailbreak", "outcome": "miss", "requests": ["ours"]},
        ],
    }  # fmt: skip


def events() -> list[Event]:
    """Everything, in order of time."""
    found: list[Event] = list(Rehearsal(11, START + timedelta(days=1)).days(1))
    for number, records in enumerate(planted().values()):
        base = DAY + timedelta(hours=8, minutes=11 * number)
        shift = base - datetime.fromisoformat("2026-01-01T00:00:00+00:00")
        for line, record in enumerate(spelled_out(records, "here")):
            at = datetime.fromisoformat(record["at"])
            if at < START:
                record["at"] = (at + shift).isoformat()
            document = journaled({**record, "id": f"evt_{number:03}_{line:05}"}, "here")
            found.append(msgspec.convert(document, Event))
    return sorted(found, key=lambda event: event.at)


def write(folder: Path) -> None:
    """Put them into a journal."""
    journal = Journal(folder, "test")
    for event in events():
        journal.append(event)
    journal.close()
