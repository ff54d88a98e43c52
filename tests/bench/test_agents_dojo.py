"""AgentDojo replayed against simple guards."""

from __future__ import annotations

import pytest

from bartizan.bench.agents import baselines, dojo
from bartizan.bench.agents.replay import Approver, replay

pytestmark = pytest.mark.skipif(not dojo.installed(), reason="AgentDojo is not installed")


@pytest.fixture(scope="module")
def banking() -> dojo.Suite:
    return dojo.Suite("banking")


def test_counts(banking: dojo.Suite) -> None:
    cases = list(banking.cases())
    assert (sum(not case.injection_task for case in cases), sum(bool(case.injection_task) for case in cases)) == (
        16,
        144,
    )


def test_without_a_guard_tasks_are_done_and_attacks_succeed(banking: dojo.Suite) -> None:
    benign = banking.benign("user_task_0")
    assert benign.useful(replay(benign.script, baselines.allow_all(), Approver.NONE))
    attacked = banking.attacked("user_task_0", "injection_task_0")
    assert attacked.breached(replay(attacked.script, baselines.allow_all(), Approver.NONE))


def test_with_everything_refused_nothing_happens(banking: dojo.Suite) -> None:
    refuse = baselines.listed(())
    benign = banking.benign("user_task_0")
    assert not benign.useful(replay(benign.script, refuse, Approver.NONE))
    attacked = banking.attacked("user_task_0", "injection_task_0")
    assert not attacked.breached(replay(attacked.script, refuse, Approver.NONE))


def test_injection_is_read_before_it_is_obeyed(banking: dojo.Suite) -> None:
    for user_task in banking.user_tasks:
        case = banking.attacked(user_task, "injection_task_0")
        read = ""
        for step in case.script.steps:
            if step.hostile:
                break
            read += case.script.execute(step)[0]
        assert "Emma Johnson, to you" in " ".join(read.split())


def test_cases_do_not_share_their_world(banking: dojo.Suite) -> None:
    first = banking.attacked("user_task_0", "injection_task_0")
    replay(first.script, baselines.allow_all(), Approver.NONE)
    second = banking.attacked("user_task_0", "injection_task_0")
    assert second.environment == second.before
    assert first.environment != first.before
