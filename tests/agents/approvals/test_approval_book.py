"""An approval is for one exact call of one session, for a time, used once."""

from __future__ import annotations

import multiprocessing
import threading
from datetime import timedelta
from multiprocessing.synchronize import Barrier as BarrierType
from pathlib import Path
from typing import Any

import pytest
from approval_world import ALICE, BOTH, CAROL, RULES, STORE, World, asking, call

from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.approvals.book import ApprovalBook, DecisionError
from bartizan.core.approval import ApprovalError, ApprovalState
from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.core.tool import ToolCall, call_digest
from bartizan.core.verdict import Action
from bartizan.policy.approvals import ApprovalRules, Approver
from bartizan.store.database import open_database


def test_an_approved_call_runs_exactly_once(world: World) -> None:
    approval = world.ask()
    assert not world.redeem(approval)
    world.approve(approval)
    assert world.redeem(approval)
    assert not world.redeem(approval)
    assert world.noted.reasons() == ["pending", "replayed"]
    assert [kind for kind in world.noted.kinds() if kind != "ApprovalRefused"] == [
        "ApprovalRequested", "ApprovalDecided", "ApprovalRedeemed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"asked": call(to="mallory")}, "other_call"),
        ({"asked": call(amount=10.0)}, "other_call"),
        ({"asked": call(tool="Pay")}, "other_call"),
        ({"asked": call(cc="mallory")}, "other_call"),
        ({"session": "s2"}, "other_session"),
        ({"session": ""}, "other_session"),
        ({"principal": "other"}, "other_session"),
    ],
)
def test_nothing_else_can_be_run_with_it(world: World, other: dict[str, Any], reason: str) -> None:
    approval = world.ask()
    world.approve(approval)
    assert not world.redeem(approval, **other)
    assert world.noted.reasons() == [reason]
    assert world.redeem(approval)


def test_ids_cannot_be_guessed_or_swapped(world: World) -> None:
    first, second = world.ask(), world.ask(call(to="eve"))
    world.approve(first)
    for wrong in ("", "apr_", first[:-1], first + "0", second, "%", "' or 1=1 --", "\0", "x" * 10_000):
        assert not world.redeem(wrong)
    assert world.redeem(first)


def test_what_is_denied_stays_denied_until_it_expires(world: World) -> None:
    approval = world.ask()
    world.book.decide(approval, CAROL, approve=False, digest=call_digest(call()), note="no")
    assert not world.redeem(approval)
    with pytest.raises(ApprovalError, match="denied"):
        world.ask()
    with pytest.raises(DecisionError, match="denied"):
        world.approve(approval)
    world.ask(call(amount=11))
    world.clock.turn(901)
    assert world.ask() != approval


def test_the_same_call_asked_again_is_one_request(world: World) -> None:
    first = world.ask()
    assert world.ask() == first
    world.approve(first)
    assert world.ask() == first
    assert world.redeem(first)
    assert world.ask() != first
    assert world.ask(session="s2") != world.ask(session="s3")
    with pytest.raises(ApprovalError, match="somebody else"):
        world.ask(session="s2", on_behalf_of=("dora",))


def test_requests_are_listed_by_state(world: World) -> None:
    pending, approved, denied = (world.ask(call(amount=amount)) for amount in (1, 2, 3))
    world.book.decide(approved, CAROL, approve=True, digest=call_digest(call(amount=2)))
    world.book.decide(denied, CAROL, approve=False, digest=call_digest(call(amount=3)))

    def listed(state: ApprovalState | None = None) -> list[str]:
        return [one.id for one in world.book.list(state)]

    assert listed() == [pending, approved, denied]
    assert listed(ApprovalState.PENDING) == [pending]
    assert listed(ApprovalState.APPROVED) == [approved]
    assert listed(ApprovalState.DENIED) == [denied]
    world.clock.turn(901)
    assert (listed(ApprovalState.PENDING), listed(ApprovalState.APPROVED)) == ([], [])
    assert listed(ApprovalState.DENIED) == [denied]


@pytest.mark.parametrize(
    ("approver", "principal", "chain", "may"),
    [
        (ALICE, "agent", (), True),
        (ALICE, "alice", (), False),
        (ALICE, "ALICE ", (), False),
        (ALICE, "alice-laptop", (), False),
        (ALICE, "agent", ("alice",), False),
        (ALICE, "agent", ("broker", "Alice-Laptop"), False),
        (ALICE, "agent", ("spiffe://example.org/user/alice",), False),
        (ALICE, "spiffe://example.org/user/alice-laptop", (), False),
        (ALICE, "\uff41lice", (), False),
        (ALICE, "spiffe://example.org/agent/mail", ("bob",), True),
        (CAROL, "alice", ("bob",), True),
    ],
)
def test_nobody_decides_about_their_own_request(
    world: World, approver: Approver, principal: str, chain: tuple[str, ...], may: bool
) -> None:
    approval = world.ask(principal=principal, on_behalf_of=chain)
    if may:
        world.approve(approval, approver=approver)
        assert world.redeem(approval, principal=principal)
        return
    for approve in (True, False):
        with pytest.raises(DecisionError) as caught:
            world.book.decide(approval, approver, approve=approve, digest=call_digest(call()))
        assert caught.value.status == 403
    assert world.noted.reasons() == ["own_request", "own_request"]
    assert world.book.find(approval).state is ApprovalState.PENDING


@pytest.mark.parametrize(
    ("approvers", "principal"),
    [
        (Approvers(()), "agent"),
        (Approvers((ALICE,)), "alice"),
        (Approvers((Approver("carol", CAROL.sha256, disabled=True),)), "agent"),
    ],
)
def test_without_an_independent_approver_nothing_is_asked(world: World, approvers: Approvers, principal: str) -> None:
    with pytest.raises(ApprovalError, match="nobody"):
        world.ask(approvers=approvers, principal=principal)
    assert world.book.list() == ()
    assert world.noted.events == []


def test_keys_of_clients_and_namesakes_are_no_approvers() -> None:
    with pytest.raises(ConfigurationError, match="client"):
        Approvers((CAROL,), clients=[CAROL.sha256.upper()])
    with pytest.raises(ConfigurationError, match="same name"):
        Approvers((CAROL, Approver("Carol", ALICE.sha256)))
    with pytest.raises(ConfigurationError, match="twice"):
        Approvers((CAROL, Approver("eve", CAROL.sha256)))


def test_it_expires_before_and_after_the_decision(world: World) -> None:
    late, decided = world.ask(), world.ask(call(to="eve"))
    world.clock.turn(890)
    world.approve(decided, call(to="eve"))
    world.clock.turn(11)
    with pytest.raises(DecisionError, match="expired"):
        world.approve(late)
    assert not world.redeem(decided, call(to="eve"))
    assert world.book.list(ApprovalState.PENDING) == ()
    assert world.book.list(ApprovalState.APPROVED) == ()
    assert world.book.sweep() == 2
    assert world.book.sweep() == 0
    assert [event.state for event in world.noted.events if hasattr(event, "state")] == [
        "approved", "expired", "expired",
    ]  # fmt: skip


def test_a_clock_that_is_turned_back_revives_nothing(world: World) -> None:
    approval = world.ask()
    world.approve(approval)
    world.clock.turn(1_000)
    world.book.sweep()
    world.clock.turn(-950)
    assert not world.redeem(approval)
    with pytest.raises(DecisionError, match="expired"):
        world.approve(approval)


def test_a_request_from_the_future_does_not_count(world: World) -> None:
    world.clock.turn(86_400)
    approval = world.ask()
    world.approve(approval)
    world.clock.turn(-86_400)
    assert not world.redeem(approval)
    assert world.ask() != approval
    assert world.book.find(approval).state is ApprovalState.EXPIRED


def test_clocks_of_two_machines_may_differ_a_little(world: World) -> None:
    approval = world.ask()
    world.clock.turn(-30)
    world.approve(approval)
    assert world.redeem(approval)


def test_what_was_shown_is_the_call_and_is_erased_afterwards(world: World) -> None:
    approval = world.ask(call(note="grüße\u202e\0"))
    found = world.book.find(approval)
    assert found.arguments == {"to": "bob", "amount": 10, "note": "grüße\u202e\0"}
    assert (found.reason, found.policy) == ("The recipient came from an e-mail.", "ask_spend")
    assert found.expires - found.created == timedelta(seconds=900)
    world.approve(approval, call(note="grüße\u202e\0"))
    assert world.book.find(approval).arguments
    assert world.redeem(approval, call(note="grüße\u202e\0"))
    assert world.book.find(approval).arguments == {}


def test_the_approver_decides_about_the_call_they_saw(world: World) -> None:
    approval = world.ask()
    with pytest.raises(DecisionError, match="another call"):
        world.approve(approval, call(to="mallory"))
    with pytest.raises(DecisionError) as caught:
        world.book.decide("apr_0", CAROL, approve=True, digest="")
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("decision", "asked"),
    [
        (asking(call()), call(to="mallory")),
        (asking(call(), digest=""), call()),
        (asking(call(), action=Action.ALLOW), call()),
        (asking(call(), action=Action.BLOCK), call()),
    ],
)
def test_a_decision_about_something_else_is_not_asked(world: World, decision: Any, asked: ToolCall) -> None:
    with pytest.raises(ApprovalError, match="not about"):
        world.book.request(RULES, BOTH, decision, asked, "s1", "agent")


@pytest.mark.parametrize("arguments", [{"a": float("nan")}, {"a": object()}, {"a": "x" * 30_000}])
def test_what_nobody_can_read_is_not_asked(world: World, arguments: dict[str, Any]) -> None:
    asked = ToolCall(id="1", tool="pay", arguments=arguments)
    with pytest.raises(ApprovalError):
        world.book.request(RULES, BOTH, asking(asked, digest=_digest(asked)), asked, "s1", "agent")


def _digest(asked: ToolCall) -> str:
    try:
        return call_digest(asked)
    except ValueError:
        return ""


def test_a_principal_cannot_weary_the_approvers(world: World) -> None:
    rules = ApprovalRules(max_pending=3, max_per_hour=5)
    for number in range(3):
        world.ask(call(amount=number), rules=rules)
    with pytest.raises(ApprovalError, match="wait"):
        world.ask(call(amount=3), rules=rules)
    world.ask(call(amount=3), principal="other", rules=rules)
    world.clock.turn(901)
    for number in range(2):
        world.ask(call(amount=10 + number), rules=rules)
    with pytest.raises(ApprovalError, match="too often"):
        world.ask(call(amount=12), rules=rules)
    world.clock.turn(3_000)
    world.ask(call(amount=12), rules=rules)


def test_what_the_journal_cannot_take_does_not_happen(world: World) -> None:
    approval = world.ask()
    world.noted.full = True
    with pytest.raises(JournalError):
        world.ask(call(to="eve"))
    with pytest.raises(JournalError):
        world.approve(approval)
    world.noted.full = False
    assert [one.id for one in world.book.list()] == [approval]
    assert world.book.find(approval).state is ApprovalState.PENDING
    world.approve(approval)
    world.noted.full = True
    with pytest.raises(JournalError):
        world.redeem(approval)
    world.noted.full = False
    assert world.redeem(approval)


def test_old_requests_are_deleted(world: World) -> None:
    approval = world.ask()
    world.clock.turn(1_000)
    world.book.sweep()
    world.clock.turn(31 * 86_400)
    world.book.sweep()
    with pytest.raises(DecisionError, match="no such"):
        world.book.find(approval)


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "'; drop table x", "ü" * 500])
def test_hostile_names_are_names(world: World, name: str) -> None:
    approval = world.ask(session=name, principal=name)
    world.approve(approval)
    assert not world.redeem(approval, session=name + "x", principal=name)
    assert world.redeem(approval, session=name, principal=name)
    assert world.book.find(approval).principal == name


def test_of_many_threads_and_workers_one_redeems(world: World) -> None:
    for round_ in range(10):
        asked = call(amount=round_)
        approval = world.ask(asked)
        world.approve(approval, asked)
        books = [world.another() for _ in range(4)]
        won: list[bool] = []
        barrier = threading.Barrier(8)

        def run(
            book: ApprovalBook,
            approval: str = approval,
            asked: ToolCall = asked,
            won: list[bool] = won,
            barrier: threading.Barrier = barrier,
        ) -> None:
            barrier.wait()
            won.append(book.redeem(approval, call_digest(asked), "s1", "agent"))

        threads = [threading.Thread(target=run, args=(books[number % 4],)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False] * 7 + [True]


class _Quiet:
    def append(self, event: object) -> None: ...

    async def commit(self) -> None: ...


def _redeem_until_killed(root: Path, approvals: list[str], start: BarrierType, log: Path) -> None:
    book = ApprovalBook(open_database(STORE, root), _Quiet())
    start.wait()
    with log.open("w", buffering=1) as file:
        for number, approval in enumerate(approvals):
            if book.redeem(approval, call_digest(call(amount=number)), "s1", "agent"):
                file.write(f"{approval}\n")


def test_kill_nine_never_lets_a_call_run_twice(tmp_path: Path) -> None:
    """Two real processes redeem the same approvals while one of them is killed; then the rest is redeemed here."""
    book = ApprovalBook(open_database(STORE, tmp_path), _Quiet())
    rules = ApprovalRules(max_pending=100, max_per_hour=100)
    approvals = []
    for number in range(60):
        asked = call(amount=number)
        approvals.append(book.request(rules, BOTH, asking(asked), asked, "s1", "agent"))
        book.decide(approvals[-1], CAROL, approve=True, digest=call_digest(asked))
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    logs = [tmp_path / "a.log", tmp_path / "b.log"]
    workers = [context.Process(target=_redeem_until_killed, args=(tmp_path, approvals, start, log)) for log in logs]
    for worker in workers:
        worker.start()
    start.wait(30)
    while sum(len(log.read_text().splitlines()) for log in logs if log.exists()) < 5:
        assert any(worker.is_alive() for worker in workers)
    workers[0].kill()
    workers[1].join(30)
    ran = [line for log in logs for line in log.read_text().splitlines() if len(line) == len(approvals[0])]
    ran += [
        approval
        for number, approval in enumerate(approvals)
        if book.redeem(approval, call_digest(call(amount=number)), "s1", "agent")
    ]
    assert len(ran) == len(set(ran))
    assert len(approvals) - 1 <= len(ran) <= len(approvals)  # at most the one that was killed in between is lost
