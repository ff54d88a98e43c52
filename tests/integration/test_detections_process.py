"""Detection rules as ``bartizan up`` runs them."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from fake_upstream import answer, fake_upstream
from processes import up
from test_sdk_clients import chat_reply

from bartizan.core.clock import utc_now
from bartizan.core.event import FindingRaised, ProcessChanged, RuleAlarmed, RulesChanged
from bartizan.core.ids import new_id
from bartizan.detections.live import LiveRules
from bartizan.detections.rulebook import rules_in_force
from bartizan.detections.times import to_microseconds
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.merging import Merged
from bartizan.telemetry.reader import read_journal
from bartizan.telemetry.tailing import Cursor

RULES = """title: Odd
id: odd
level: high
logsource: {product: bartizan}
detection: {sel: {kind: process.changed, 'detail|endswith': ['1', '3', '5', '7', '9']}, condition: sel}
---
title: Five of one
id: five
correlation: {type: event_count, rules: [odd], group-by: [process], timespan: 1s, condition: {gte: 5}, generate: true}
"""
DEPLOYMENT = """version: 1
detections:
  shipped: false
  lateness_seconds: 2
  suppress_seconds: 0
  checkpoint_seconds: 0.02
  findings_per_minute: 100000
"""


def test_a_killed_process_neither_misses_nor_doubles_a_finding(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yml").write_text(RULES)
    (tmp_path / "bartizan.yaml").write_text(DEPLOYMENT)
    folder = tmp_path / ".bartizan" / "journal"
    writers = [Journal(folder, f"w{number}") for number in range(2)]
    chance = random.Random(11)
    written = 0
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("detecting_child.py")), str(tmp_path)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            end = time.monotonic() + chance.random() * 0.5
            while time.monotonic() < end:
                name = chance.choice("abc")
                event = ProcessChanged(id=new_id("evt"), at=utc_now(), process=name, state="x", detail=str(written))
                writers[written % 2].append(event)
                written += 1
                time.sleep(0.001)
            child.kill()
    for writer in writers:
        writer.close()
    rules = LiveRules(
        rules_in_force({"rules/own.yml": RULES.encode()}, shipped=False), lateness=2, suppress=0, per_minute=100_000
    )
    merged, wanted, complete = Merged(folder, Cursor()), set(), False
    now = to_microseconds(utc_now())
    while not complete:
        records, complete = merged.read(100)
        wanted |= {one.id for record in records for one in rules.judge(record.event, record.time, now)}
    wanted |= {one.id for one in rules.quiet(now + 10**7)}
    assert len(wanted) > written // 2
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("detecting_child.py")), str(tmp_path)], stderr=subprocess.DEVNULL
    ) as child:
        end = time.monotonic() + 15
        while True:
            found = Counter(event.id for event in read_journal(folder) if isinstance(event, FindingRaised))
            if found.keys() == wanted or time.monotonic() > end:
                break
            time.sleep(0.1)
        child.kill()
    assert found.keys() == wanted
    assert set(found.values()) == {1}


async def test_findings_come_at_once_and_a_broken_rule_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    (root / "rules").mkdir(parents=True)
    rule = root / "rules" / "own.yml"
    text = "title: Any request\nid: any\nlevel: low\ndetection: {sel: {kind: request.accepted}, condition: sel}\n"
    rule.write_text(text)
    async with (
        fake_upstream(answer(chat_reply("hello"))) as upstream,
        up(root, upstream) as gateway,
    ):

        async def found(kind: type, count: int, seconds: float = 20) -> list[object]:
            end = time.monotonic() + seconds
            while len(some := [event for event in gateway.events() if isinstance(event, kind)]) < count:
                assert time.monotonic() < end, (root / "log").read_text()
                await asyncio.sleep(0.05)
            return some

        (first,) = await found(RulesChanged, 1)
        assert isinstance(first, RulesChanged)
        assert first.count > 31
        assert (await gateway.post())[0] == 200
        (finding,) = await found(FindingRaised, 1)
        assert isinstance(finding, FindingRaised)
        assert (finding.rule, finding.principal, finding.total) == ("any", "app", 1)
        assert finding.end is not None
        rule.write_text(text.replace("condition: sel", "condition: sell"))
        end = time.monotonic() + 20
        while not any("rules/own.yml:4" in getattr(event, "problem", "") for event in gateway.events()):
            assert time.monotonic() < end
            await asyncio.sleep(0.1)
        assert (await gateway.post())[0] == 200
        await found(FindingRaised, 3)  # the last good rules are in force
        gateway.kill("detections")
        rule.write_text(text.replace("id: any", "id: other"))
        end = time.monotonic() + 20  # a restarted process may begin with the rules before
        while not any(
            isinstance(event, RulesChanged) and event.accepted and event.digest != first.digest
            for event in gateway.events()
        ):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
        for _ in range(5):
            assert (await gateway.post())[0] == 200
        await found(FindingRaised, 8)
        findings = [event for event in gateway.events() if isinstance(event, FindingRaised)]
        rules = [event.rule for event in findings if event.rule in ("any", "other")]
        assert rules == ["any"] * 2 + ["other"] * 5
        assert not [event for event in gateway.events() if isinstance(event, RuleAlarmed)]
        metrics = (await gateway.get("/metrics"))[1]
        assert 'bartizan_findings_total{severity="low"}' in metrics
        listed = subprocess.run(  # noqa: ASYNC221
            [sys.executable, "-m", "bartizan", "findings", "list", "--workspace", str(root), "--format", "json"],
            stdout=subprocess.PIPE, check=False,
        )  # fmt: skip
        assert listed.returncode == 1
        assert len(json.loads(listed.stdout)["findings"]) >= 8
