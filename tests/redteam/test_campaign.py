"""Campaigns end to end over HTTP on loopback: run, kill, resume, limits, failing targets, findings, comparison."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from campaigns import ran, scope
from leaky import SECRET, Leaky
from pypdf import PdfReader
from tests.reporting.test_oscal import check as oscal_checked
from typer.testing import CliRunner

from bartizan.cli.main import app as cli
from bartizan.core.errors import BartizanError
from bartizan.redteam import journal
from bartizan.redteam.campaign import Campaign
from bartizan.redteam.compare import Comparison, compare
from bartizan.redteam.errors import ConverterError, RunError, ScopeError
from bartizan.redteam.findings import export, find, findings_of
from bartizan.redteam.interface import Brief, Move, Observation
from bartizan.redteam.journal import ATTEMPTS, PLAN, Journal, TrialEnded, read_records, write_plan
from bartizan.redteam.playing import TrialPlayer
from bartizan.redteam.replaying import replay
from bartizan.redteam.reports import render
from bartizan.redteam.results import Run
from bartizan.redteam.statistics import table
from bartizan.redteam.taxonomy import Adaptivity, Outcome
from bartizan.redteam.verdicts import exit_code


def test_a_campaign_finds_what_is_there_and_nothing_on_the_fixed_twin(tmp_path: Path) -> None:
    async def both() -> None:
        plan = {"cases": ["cases"], "converters": ["", "base64"], "repeats": 2}
        async with Leaky().running() as app:
            run, ended = await ran(scope(tmp_path, app.url, plan=plan), tmp_path / "a")
            assert not ended
            assert (run.plan.trials, len(run.trials), run.missing, app.requests) == (16, 16, 0, 16)
            found = findings_of(run)
            assert [one.case for one in found] == ["rag", "ask", "ask-base64"]
            assert [one.severity for one in found] == ["critical", "high", "high"]
            assert [message.role for message in found[0].request] == ["rag_document", "user"]
            assert SECRET in found[1].response
            assert exit_code(run, found, run.plan.thresholds)[0] == 1
        async with Leaky(fixed=True).running() as app:
            run, ended = await ran(scope(tmp_path, app.url, plan=plan), tmp_path / "b")
            assert run.count(Outcome.MISS) == 16
            assert findings_of(run) == []
            assert exit_code(run, [], run.plan.thresholds)[0] == 0

    asyncio.run(both())


def test_a_run_is_for_its_owner_alone(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            folder = tmp_path / "a"
            folder.mkdir()
            (folder / ".plan.json.part").touch(0o666)
            await ran(scope(tmp_path, app.url), folder)
            modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
            assert modes == {PLAN: 0o600, ATTEMPTS: 0o600}

    asyncio.run(go())


def test_rates_are_by_trial_with_both_intervals(tmp_path: Path) -> None:
    async def go() -> Run:
        async with Leaky().running() as app:
            return (await ran(scope(tmp_path, app.url, plan={"repeats": 5}), tmp_path / "a"))[0]

    run = asyncio.run(go())
    (total,) = table(run, ()).cells
    assert (total.any.successes, total.any.n, total.cases) == (15, 20, 4)
    assert total.clustered is not None
    low, high = total.any.interval
    assert total.clustered[1] - total.clustered[0] > high - low, "cases hang together, so the interval is wider"
    assert {cell.name for cell in table(run, ("entry_point", "technique")).cells} == {
        ("chat", "secret_extraction"),
        ("chat", "social_pressure"),
        ("rag_document", "indirect_injection"),
    }


def test_a_target_outside_the_scope_and_an_old_authorisation_are_refused(tmp_path: Path) -> None:
    path = scope(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(ScopeError, match="not in the scope"):
        Campaign(path, "another")
    old = {"statement": "This machine is ours and may be tested.", "by": "us", "expires": "2020-01-01"}
    with pytest.raises(ScopeError, match="authorisation ended"):
        Campaign(scope(tmp_path, "http://127.0.0.1:9", authorisation=old))
    with pytest.raises(ScopeError, match="converter"):
        Campaign(scope(tmp_path, "http://127.0.0.1:9", plan={"converters": ["no-such"]}))
    with pytest.raises(ConverterError, match="a chain of 9 converters"):
        Campaign(scope(tmp_path, "http://127.0.0.1:9", plan={"converters": ["+".join(["base64"] * 9)]}))


def test_a_run_is_replayed_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scope(tmp_path, "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    assert Campaign(Path(path.name)).record().scope == str(path.resolve())


def test_a_record_too_long_to_be_read_is_cut_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> Run:
        async with Leaky(raw="no JSON " * 4_000).running() as app:
            return (await ran(scope(tmp_path, app.url), tmp_path / "a"))[0]

    monkeypatch.setattr(journal, "MAX_LINE", 10_000)
    run = asyncio.run(go())
    assert (run.missing, run.count(Outcome.INCONCLUSIVE)) == (0, 4)
    remains = {turn.reply.remains for trial in run.trials for one in run.attempts(trial) for turn in one.turns}
    assert remains == {("no JSON " * 4_000)[:6_000] + " … (cut)"}
    ended = {"trial": "t", "case": "c", "strategy": "s", "outcome": Outcome.MISS, "first": Outcome.MISS}
    ended |= {"attempts": 1, "reason": ""}
    with Journal(tmp_path / "b") as opened, pytest.raises(RunError, match="longer than 10000 bytes"):
        opened.add(journal.TrialEnded(**ended, converters=("x" * 600,) * 20))
    (tmp_path / "a" / ATTEMPTS).write_bytes(b"[" * 20_000 + b"\n")
    with pytest.raises(RunError, match="line 1: longer"):
        Run(tmp_path / "a")


def test_what_cannot_be_tested_is_named(tmp_path: Path) -> None:
    path = scope(tmp_path, "http://127.0.0.1:9", facts={"secrets": [], "hosts": []}, plan={"techniques": []})
    planned = Campaign(path).planned
    assert {one.case: one.reason for one in planned.untested}["ask"] == "the scope file says nothing about: goal"
    assert len(planned.untested) == 4


@pytest.mark.parametrize("raw", ["<html>Sign in</html>", "{}", '{"choices":[{"message":{"content":""}}]}'])
def test_answers_that_are_none_are_inconclusive(tmp_path: Path, raw: str) -> None:
    async def go() -> Run:
        async with Leaky(raw=raw).running() as app:
            return (await ran(scope(tmp_path, app.url), tmp_path / "a"))[0]

    run = asyncio.run(go())
    assert run.count(Outcome.INCONCLUSIVE) == len(run.trials) == 4
    assert exit_code(run, findings_of(run), run.plan.thresholds)[0] == 2


@pytest.mark.parametrize("listed", [[], [403]], ids=["default", "listed"])
def test_a_wrong_key_is_no_clean_campaign(tmp_path: Path, listed: list[int]) -> None:
    async def go() -> Run:
        app = Leaky(statuses=(403,) * 100)
        app.error = {"message": "invalid api key", "code": "permission_error"}
        async with app.running():
            target = {"id": "shop", "kind": "openai", "url": f"{app.url}/v1", "model": "m", "blocked_statuses": listed}
            path = scope(tmp_path, app.url, targets=[target])
            run, _ = await ran(path, tmp_path / "a")
            again, _ = await replay(Campaign(path), run.attempts(run.trials[0])[0], run.plan.cases[0])
            assert again.outcome is Outcome.INCONCLUSIVE
            return run

    run = asyncio.run(go())
    assert run.count(Outcome.INCONCLUSIVE if not listed else Outcome.MISS) == len(run.trials) == 4
    code, why = exit_code(run, findings_of(run), run.plan.thresholds)
    assert (code, "no attempt got a readable reply" in why) == (2, True)


def test_a_guard_that_says_what_it_blocks_is_a_clean_campaign(tmp_path: Path) -> None:
    async def go() -> Run:
        app = Leaky(statuses=(400,) * 100)
        app.error = {"message": "no", "code": "content_filter"}
        async with app.running():
            return (await ran(scope(tmp_path, app.url), tmp_path / "a"))[0]

    run = asyncio.run(go())
    assert run.count(Outcome.MISS) == len(run.trials)
    assert exit_code(run, findings_of(run), run.plan.thresholds)[0] == 0


def test_limits_end_a_campaign_and_more_let_it_go_on(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            path = scope(tmp_path, app.url, limits={"in_flight": 1, "requests": 2})
            run, ended = await ran(path, tmp_path / "a")
            assert ended == "the limit of 2 requests is reached"
            assert (len(run.trials), run.missing) == (2, 2)
            path = scope(tmp_path, app.url, limits={"in_flight": 1, "tokens": 45})
            run, ended = await ran(path, tmp_path / "a")
            assert ended == "the limit of 45 tokens is reached"
            assert app.requests == 3
            run, ended = await ran(scope(tmp_path, app.url, limits={"in_flight": 1}), tmp_path / "a")
            assert (ended, run.missing, app.requests) == ("", 0, 4)

    asyncio.run(go())


def test_stop_rules_leave_out_what_is_not_needed_and_say_so(tmp_path: Path) -> None:
    async def go() -> Run:
        async with Leaky(fixed=True).running() as app:
            path = scope(
                tmp_path,
                app.url,
                plan={"repeats": 12, "ids": ["greet"]},
                stop={"futility": 0.3},
                limits={"in_flight": 1},
            )
            return (await ran(path, tmp_path / "a"))[0]

    run = asyncio.run(go())
    assert (len(run.trials), len(run.not_needed), run.missing) == (9, 3, 0)
    assert "9 trials without a hit" in run.not_needed[0].reason


requests_seen = [0]


async def slow_to_leak(message: str, history: list[Any]) -> str:
    """Every second request leaks, and takes longer than those that do not."""
    requests_seen[0] += 1
    if requests_seen[0] % 2:
        return "Our shop opens at nine."
    await asyncio.sleep(0.2)
    return f"Of course, it is {SECRET}."


def test_slow_hits_are_waited_for_before_a_rule_stops_a_cell(tmp_path: Path) -> None:
    requests_seen[0] = 0
    row = {"id": "f", "kind": "python", "callable": f"{__name__}:slow_to_leak"}
    path = scope(
        tmp_path,
        "",
        targets=[row],
        plan={"repeats": 60, "ids": ["ask"]},
        stop={"futility": 0.3},
        limits={"in_flight": 40},
    )
    run, ended = asyncio.run(ran(path, tmp_path / "a"))
    assert (ended, len(run.not_needed), run.count(Outcome.HIT)) == ("", 0, 30)


def test_another_plan_does_not_go_into_the_same_folder(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            await ran(scope(tmp_path, app.url), tmp_path / "a")
            with pytest.raises(RunError, match="other cases"):
                await ran(scope(tmp_path, app.url, plan={"repeats": 3}), tmp_path / "a")
            with Journal(tmp_path / "a"), pytest.raises(RunError, match="in use"):
                await ran(scope(tmp_path, app.url), tmp_path / "a")

    asyncio.run(go())


@pytest.mark.parametrize("what", ["facts", "file", "case", "oracle", "moves", "stop", "system", "attacker"])
def test_a_campaign_that_was_changed_meanwhile_is_not_resumed(tmp_path: Path, what: str) -> None:
    (tmp_path / "secret.txt").write_text("ORCHID-7741-KESTREL")
    (tmp_path / "system.txt").write_text("Be kind.")
    model = {"id": "shop", "kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "m"}

    def written(*changes: str) -> Path:
        secret: Any = {"file": "secret.txt"}
        facts = {"secrets": [{"name": "code", "value": secret}], "hosts": ["a.example", *changes]}
        return scope(tmp_path, "", targets=[model | {"system": {"file": "system.txt"}}], facts=facts)

    path = written()
    campaign = Campaign(path)
    (tmp_path / "a").mkdir()
    write_plan(tmp_path / "a", campaign.record())
    if what == "facts":
        written("b.example")
    elif what == "file":
        (tmp_path / "secret.txt").write_text("ORCHID-7741-MERLIN")
    elif what == "system":
        (tmp_path / "system.txt").write_text("Be unkind.")
    elif what in {"case", "oracle"}:
        old, new = {"case": ("Good morning!", "Good evening!"), "oracle": ("kind: secret", "kind: system_prompt")}[what]
        cases = tmp_path / "cases" / "chat.yaml"
        cases.write_text(cases.read_text().replace(old, new))
        if what == "oracle":
            cases.write_text(cases.read_text().replace("system_prompt}", "system_prompt, value: kind}"))
    else:
        document = json.loads(path.read_text())
        change = {"moves": ("plan", {"moves": 3}), "stop": ("stop", {"futility": 0.5}), "attacker": ("attacker", model)}
        name, value = change[what]
        document[name] = document.get(name, {}) | value
        path.write_text(json.dumps(document))
    with pytest.raises(RunError, match="holds a campaign with other facts"):
        asyncio.run(Campaign(path).run(tmp_path / "a"))
    assert list(read_records(tmp_path / "a")) == [], "nothing was sent"


def test_new_limits_let_a_campaign_go_on_and_are_noted(tmp_path: Path) -> None:
    async def go() -> Run:
        async with Leaky().running() as app:
            await ran(scope(tmp_path, app.url, limits={"in_flight": 1, "requests": 1}), tmp_path / "a")
            return (await ran(scope(tmp_path, app.url, limits={"in_flight": 2}), tmp_path / "a"))[0]

    run = asyncio.run(go())
    assert run.missing == 0
    assert sum("edited" in note.text for note in run.notes) == 1


def test_a_change_of_the_model_is_noted(tmp_path: Path) -> None:
    async def go() -> Run:
        async with Leaky().running() as app:
            campaign = Campaign(scope(tmp_path, app.url, limits={"in_flight": 1}))

            def changed(_: object) -> None:
                app.model = "leaky-2"

            await campaign.run(tmp_path / "a", changed)
        return Run(tmp_path / "a")

    assert any("leaky-1 answered before, now leaky-2" in note.text for note in asyncio.run(go()).notes)


@pytest.mark.parametrize(("names", "notes"), [(("a", "b" * 5_000), 2), (tuple(map(str, range(99))), 20)])
def test_a_target_does_not_fill_the_notes_with_its_names(tmp_path: Path, names: tuple[str, ...], notes: int) -> None:
    async def go() -> Run:
        async with Leaky().running() as app:
            path = scope(tmp_path, app.url, limits={"in_flight": 1}, plan={"repeats": 10})
            turns = itertools.cycle(names)

            def changed(_: object) -> None:
                app.model = next(turns)

            await Campaign(path).run(tmp_path / "a", changed)
            (tmp_path / "a" / ATTEMPTS).write_bytes(cut(tmp_path / "a", 30))
            await Campaign(path).run(tmp_path / "a", changed)
        return Run(tmp_path / "a")

    def cut(folder: Path, lines: int) -> bytes:
        return b"".join((folder / ATTEMPTS).read_bytes().splitlines(keepends=True)[:-lines])

    found = asyncio.run(go()).notes
    assert 1 <= len(found) <= notes
    assert all(len(note.text) < 500 for note in found)


def test_a_full_disk_ends_a_campaign_with_a_reason_and_it_goes_on(tmp_path: Path) -> None:
    """The limit on the size of files is the disk here."""

    async def go() -> None:
        async with Leaky().running() as app:
            path = scope(tmp_path, app.url, plan={"repeats": 4}, limits={"in_flight": 2})
            await Campaign(path).run(tmp_path / "other")
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            size = (tmp_path / "other" / ATTEMPTS).stat().st_size // 2
            (tmp_path / "a").mkdir()
            (tmp_path / "a" / "plan.json").write_bytes((tmp_path / "other" / "plan.json").read_bytes())
            try:
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
                with pytest.raises(RunError, match="record"):
                    await Campaign(path).run(tmp_path / "a")
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
                signal.signal(signal.SIGXFSZ, handler)
            assert 0 < len(Run(tmp_path / "a").trials) < 16
            run, ended = await ran(path, tmp_path / "a")
            assert (ended, run.missing, run.count(Outcome.HIT)) == ("", 0, 12)

    asyncio.run(go())


def test_replay_and_compare(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            path = scope(tmp_path, app.url)
            before, _ = await ran(path, tmp_path / "a")
            attempt, case = find(before, findings_of(before)[0].id)
            judgement, turns = await replay(Campaign(path), attempt, case)
            assert judgement.outcome is Outcome.HIT
            assert [turn.sent for turn in turns] == [turn.sent for turn in attempt.turns]
            app.fixed = True
            judgement, _ = await replay(Campaign(path), attempt, case)
            assert judgement.outcome is Outcome.MISS
            after, _ = await ran(path, tmp_path / "b")
        found = compare(before, after)
        assert (found.before.successes, found.after.successes, found.before.n) == (3, 0, 4)
        assert set(found.only_before) == {"rag", "ask", "ask-base64"}
        assert found.test.exact == pytest.approx(0.25)
        assert compare(after, before).only_after

    asyncio.run(go())


def compared(before: dict[str, list[str]], after: dict[str, list[str]], planned: int) -> Comparison:
    """Runs that never were: outcomes of the trials of each case."""

    def run(cases: dict[str, list[str]]) -> Any:
        rows = [
            TrialEnded(
                trial=f"{case}-{number}",
                case=case,
                strategy="single",
                outcome=Outcome(outcome),
                attempts=1,
                first=Outcome(outcome),
                reason="",
            )
            for case, outcomes in cases.items()
            for number, outcome in enumerate(outcomes)
        ]
        return SimpleNamespace(trials=rows, not_needed=[], missing=planned - len(rows))

    return compare(run(before), run(after))


def test_a_comparison_of_almost_nothing_is_inconclusive() -> None:
    before = {"a": ["hit"] * 10, "b": ["miss"] * 10}
    whole = compared(before, {"a": ["miss"] * 10, "b": ["miss"] * 10}, 20)
    assert whole.exit_code(0.1)[0] == 0
    assert compared(before, {"a": ["miss"]}, 20).exit_code(0.1) == (2, "19 trials of the later run have not been run")
    errors = compared(before, {"a": ["miss"] * 2 + ["inconclusive"] * 8, "b": ["miss"] * 10}, 20)
    assert errors.exit_code(0.1) == (2, "40% of the trials could not be compared, 10% allowed")
    assert errors.exit_code(0.4)[0] == 0
    assert compared(before, {"b": ["hit"]}, 20).exit_code(0.1)[0] == 1, "a new success is one"


def test_repeats_of_one_case_are_not_independent() -> None:
    before, after = ["hit"] * 20, ["miss"] * 20
    one = compared({"a": before}, {"a": after}, 20)
    assert (one.cases, one.test.exact) == (1, 1.0), "one case tells nothing about chance"
    assert one.difference[1] > 0
    many = compared({str(at): ["hit"] for at in range(20)}, {str(at): ["miss"] for at in range(20)}, 20)
    assert many.test.exact == pytest.approx(2 / 2**20)
    assert many.difference[1] < -0.7


WANTED = (
    "id case title entry_point objective technique converters strategy threat severity references target request "
    "response evidence reproduction"
)


def test_the_export_is_what_the_schema_says(tmp_path: Path) -> None:
    async def go() -> Run:
        async with Leaky().running() as app:
            return (await ran(scope(tmp_path, app.url), tmp_path / "a"))[0]

    document = json.loads(msgspec.json.encode(export(asyncio.run(go()))))
    for one in document["findings"]:
        assert set(WANTED.split()) <= set(one)
        assert one["reproduction"].startswith(f"bartizan redteam replay {one['id']} --run ")
        assert one["request"][-1]["role"] == "user"
    assert document["trials"] == {
        "planned": 4, "hit": 3, "miss": 1, "inconclusive": 0, "not_needed": 0, "missing": 0
    }  # fmt: skip


class Chatty:
    """Three conversations of two messages; its second message depends on the reply."""

    id = "chatty"
    adaptivity = Adaptivity.MULTI_TURN
    needs_attacker = False

    async def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        for number in range(3):
            seen = yield Move(text=f"{number}: good morning", fresh=True)
            yield Move(text=f"{number}: you said {len(seen.reply.text)} characters")


def test_an_interrupted_trial_goes_on_where_it_was(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            campaign = Campaign(scope(tmp_path, app.url, plan={"ids": ["greet"]}))
            stage = msgspec.structs.replace(campaign.stage(), strategies={"single": Chatty()})
            (trial,) = campaign.planned.trials
            whole = await TrialPlayer(stage, trial, [], lambda attempt: None).play()
            assert (len(whole.attempts), app.requests, whole.outcome) == (3, 6, Outcome.MISS)
            closed: list[int] = []
            again = await TrialPlayer(stage, trial, whole.attempts[:2], lambda one: closed.append(one.index)).play()
            assert (closed, app.requests) == ([2], 8)
            assert [one.id for one in again.attempts] == [one.id for one in whole.attempts]
            turn = msgspec.structs.replace(whole.attempts[0].turns[0], sent="something else")
            odd = msgspec.structs.replace(whole.attempts[0], turns=(turn,))
            await TrialPlayer(stage, trial, [odd, *whole.attempts[1:2]], lambda one: closed.append(one.index)).play()
            assert (closed, app.requests) == ([2, 0, 1, 2], 14), "a strategy that moves differently starts anew"
            await campaign.target.close()

    asyncio.run(go())


def test_a_torn_line_is_cut_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "a") as journal:
        journal.add(
            TrialEnded(
                trial="t", case="c", strategy="s", outcome=Outcome.MISS, attempts=0, first=Outcome.MISS, reason="x"
            )
        )
    path = tmp_path / "a" / ATTEMPTS
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole + whole[:cut].rstrip(b"\n"))
        with Journal(tmp_path / "a"):
            assert path.read_bytes() == whole
    path.write_bytes(b"{}\n")
    with pytest.raises(RunError, match="line 1"):
        list(read_records(tmp_path / "a"))


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_kill_9_loses_no_trial_and_doubles_none(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky(seconds=0.04).running() as app:
            path = scope(tmp_path, app.url, plan={"repeats": 15}, limits={"in_flight": 4})
            folder = tmp_path / "run"
            command = [sys.executable, "-m", "bartizan", "redteam", "run", str(path), "--out", str(folder)]
            killed = 0
            for at_least in (20,):
                child = start(command)
                deadline = time.monotonic() + 40
                while app.requests < at_least and child.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                if child.poll() is None:
                    os.kill(child.pid, signal.SIGKILL)
                    killed += 1
                child.wait()
            assert killed == 1
            seen = Run(folder)
            assert 0 < len(seen.trials) < 60
            run, ended = await ran(path, folder)
            assert (ended, len(run.trials), run.missing) == ("", 60, 0)
            assert run.count(Outcome.HIT) == 45
            lines = [record for record in read_records(folder) if isinstance(record, TrialEnded)]
            assert len(lines) == len({record.trial for record in lines}) == 60
            assert app.requests <= 60 + 4, "what was in flight is sent again, nothing else"

    asyncio.run(go())


def test_the_commands(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            path, folder = scope(tmp_path, app.url), tmp_path / "a"

            async def bartizan(*words: str) -> Any:
                return await asyncio.to_thread(CliRunner().invoke, cli, ["redteam", *words])

            done = await bartizan("plan", str(path))
            assert done.exit_code == 0
            assert "4 trials of 4 cases" in done.stdout
            assert app.requests == 0
            done = await bartizan("run", str(path), "--out", str(folder), "--format", "json")
            assert done.exit_code == 1, done.stdout
            document = json.loads(done.stdout)
            assert document["schema"] == "bartizan/redteam-summary/v1"
            assert document["total"]["hit_at_k"]["hits"] == 3
            done = await bartizan("findings", str(folder), "--format", "json")
            assert done.exit_code == 1
            document = json.loads(done.stdout)
            assert document["schema"] == "bartizan/redteam-findings/v1"
            name = document["findings"][0]["id"]
            done = await bartizan("replay", name, "--run", str(folder))
            assert done.exit_code == 1
            assert "hit:" in done.stdout
            done = await bartizan("compare", str(folder), str(folder))
            assert done.exit_code == 0
            few = tmp_path / "few"
            await bartizan(
                "run", str(scope(tmp_path, app.url, limits={"requests": 1, "in_flight": 1})), "--out", str(few)
            )
            done = await bartizan("compare", str(folder), str(few))
            assert done.exit_code == 2
            assert "3 trials of the later run have not been run" in done.stdout
            for form, start in (
                ("sarif", "{"),
                ("junit", "<?xml"),
                ("html", "<!doctype"),
                ("jsonl", "{"),
                ("oscal", "{"),
                ("text", ""),
            ):
                done = await bartizan("report", str(folder), "--format", form)
                assert done.exit_code == 1
                assert done.stdout.startswith(start)
            pages = tmp_path / "shop.pdf"
            done = await bartizan("report", str(folder), "--format", "pdf", "--out", str(pages))
            assert done.exit_code == 1
            said = " ".join(page.extract_text() for page in PdfReader(pages).pages)
            document = oscal_checked(render(Run(folder), "oscal"))
            (result,) = document["results"]
            assert {one["target"]["target-id"] for one in result["findings"]} == {"BZN-RT-06", "BZN-RT-08"}
            assert result["attestations"][0]["parts"][0]["prose"].startswith("us: This machine is ours")
            assert all(each in said for each in ("Findings, the worst first", SECRET, name, "What was not tested"))
            done = await bartizan("report", str(tmp_path / "none"))
            assert isinstance(done.exception, BartizanError)

    asyncio.run(go())
