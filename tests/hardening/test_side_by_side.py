"""Controls that touch the same settings stand beside each other, and go in any order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.hardening.shop import POLICY, finding, other

from bartizan.app.hardening import Workbench, approve_candidate, roll_back, sign_snapshot, verify_controls
from bartizan.core.errors import ConfigurationError
from bartizan.hardening.approving import approve
from bartizan.hardening.book import Book
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.hardening.change import Change, Setting
from bartizan.hardening.holding import lost
from bartizan.hardening.record import ControlRecord
from bartizan.trust.signing import SigningKey
from bartizan.workspace.snapshot import read_files

HOSTS = ("links", "allow")


def policy_of(*values: Any, path: tuple[str, ...] = ("surfaces", "output", "personal_data")) -> dict[str, bytes]:
    settings = tuple(Setting(path, value) for value in values)
    return Change(settings=settings).apply({"policy.yaml": POLICY.encode()})


@pytest.mark.parametrize("turned", [False, True])
def test_two_canaries_hold_together_and_are_undone_in_any_order(
    proposed: Callable[..., Candidate], root: Path, key: Path, turned: bool
) -> None:
    before = read_files(root)
    ids = []
    for each in (finding(), other()):
        ids.append(proposed(Kind.CANARY, of=each).id)
        approve_candidate(root, ids[-1], key, "ann", enforce=False)
    public = [key.with_name("approver.pub")]
    assert [one.state for one in verify_controls(root, public)] == ["verified", "verified"]
    first, second = reversed(ids) if turned else ids
    roll_back(root, first, key, "ann")
    assert [(one.id, one.state) for one in verify_controls(root, public)] == [(second, "verified")]
    roll_back(root, second, key, "ann")
    after = read_files(root)
    after.pop("snapshot.json")
    assert after == before


def changed(
    proposed: Callable[..., Candidate], root: Path, key: Path, number: int, *settings: Setting
) -> ControlRecord:
    """Approve a control of other settings than its proposer would make, as the workspace is now."""
    proposed(Kind.CANARY)
    signer = SigningKey.parse(key.read_text().strip())
    bench = Workbench(root)
    (proposal,) = Book(bench.workspace.state).all()
    candidate = msgspec.structs.replace(
        proposal.tried.candidate, id=f"hc-{number:012}", change=Change(settings=settings), secrets={}
    )
    proposal = msgspec.structs.replace(proposal, tried=msgspec.structs.replace(proposal.tried, candidate=candidate))
    (bench.workspace.state / "hardening" / f"{proposed(Kind.CANARY).id}.json").unlink()

    def retry(*_: object) -> Any:
        raise AssertionError("nothing changed since")

    return approve(
        bench.workspace, proposal, signer, "ann", enforce=False, stack_of=bench.stack, sound=bench.check, retry=retry
    )


def row(action: str, threshold: float = 0.5) -> Setting:
    return Setting(("surfaces", "output", "personal_data"), {"action": action, "threshold": threshold})


@pytest.mark.parametrize(("now", "then"), [(("block",), ("redact",)), (("block", 0.3), ("block", 0.4))])
def test_a_second_control_that_would_weaken_the_first_is_refused(
    proposed: Callable[..., Candidate], root: Path, key: Path, now: Any, then: Any
) -> None:
    changed(proposed, root, key, 1, row(*now))
    before = read_files(root)
    with pytest.raises(ConfigurationError, match="hc-000000000001 would be lost or weaker: surfaces"):
        changed(proposed, root, key, 2, row(*then))
    assert read_files(root) == before


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_stricter_rows_and_longer_lists_are_undone_in_any_order(
    proposed: Callable[..., Candidate], root: Path, key: Path, order: tuple[int, ...]
) -> None:
    (root / "policy.yaml").write_text(POLICY + 'links: {allow: ["ours.example"]}\n')
    sign_snapshot(root, key, "first")
    before = read_files(root)["policy.yaml"]
    controls = {
        1: (row("redact"), Setting(HOSTS, ["a.example", "b.example"], add=True)),
        2: (row("block"), Setting(HOSTS, ["b.example", "c.example"], add=True)),
        3: (row("block", 0.3), Setting(HOSTS, ["ours.example", "d.example"], add=True)),
    }
    for number, settings in controls.items():
        changed(proposed, root, key, number, *settings)
    left = dict(controls)
    for number in order:
        roll_back(root, f"hc-{number:012}", key, "ann")
        del left[number]
        files = read_files(root)
        for settings in left.values():
            assert not lost(Change(settings=settings), files)
        hosts = {host for _, listed in left.values() for host in listed.value} | {"ours.example"}
        shown = [host for host in ("ours", "a", "b", "c", "d") if f"{host}.example".encode() in files["policy.yaml"]]
        assert {f"{host}.example" for host in shown} == hosts
    assert read_files(root)["policy.yaml"] == before


def test_a_second_control_under_which_the_firsts_cases_pass_is_refused(
    proposed: Callable[..., Candidate], root: Path, key: Path
) -> None:
    one = proposed(Kind.CANARY)
    approve_candidate(root, one.id, key, "ann", enforce=False)
    with pytest.raises(ConfigurationError, match=f"{one.id} would be weaker: the finding f-1 passes again"):
        changed(proposed, root, key, 2, Setting(("mode",), "monitor"))


@pytest.mark.parametrize(
    ("value", "stands"),
    [
        ({"action": "redact"}, True),
        ({"action": "redact", "threshold": 0.2}, True),
        ({"action": "block"}, True),
        ({"action": "flag"}, False),
        ({"action": "block", "threshold": 0.6}, False),
        ({"action": "block", "mode": "monitor"}, False),
        ("block", False),
    ],
)
def test_a_row_stands_as_it_was_or_stricter(value: Any, stands: bool) -> None:
    change = Change(settings=(Setting(("surfaces", "output", "personal_data"), {"action": "redact"}),))
    assert (not lost(change, policy_of(value))) is stands
