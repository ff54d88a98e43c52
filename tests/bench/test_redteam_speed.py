"""The bench of campaigns measures what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.bench import redteam, redteam_garak
from bartizan.bench.redteam_target import Stats
from bartizan.core.errors import BartizanError


def test_the_target_counts_and_the_floor_sends_what_it_says() -> None:
    with redteam._target(0.01) as server:
        cpu = redteam._bare(server.port, 48)
        stats = redteam._stats(server)
    assert stats.requests == 48
    assert stats.held / 48 >= 0.01
    assert stats.last - stats.first >= 3 * 0.01, "48 requests, 16 at a time"
    assert 0 < cpu < 30


def test_a_campaign_is_run_as_a_user_would(tmp_path: Path) -> None:
    with redteam._target(0.0) as server:
        cpu = redteam._campaign(tmp_path / "run", server.port, 40)
        stats = redteam._stats(server)
    assert 40 <= stats.requests < 40 + 4 * redteam.IN_FLIGHT, "trials in flight are played to their end"
    assert 0 < redteam._share(stats) <= 105
    assert stats.flying == 0
    assert 0 < redteam._while_full(stats) <= 100
    assert 0.1 < cpu < 60


def test_the_share_while_all_slots_have_work_leaves_the_end_out() -> None:
    stats, now = Stats(first=100.0), 100.0
    for _ in range(redteam.IN_FLIGHT):
        stats.take(1, now)
    for _ in range(10):  # one slot is empty for a second in ten
        stats.take(-1, now + 9)
        stats.take(1, now + 10)
        now += 10
    for _ in range(redteam.IN_FLIGHT - 1):
        stats.take(-1, now)
    stats.take(-1, now + 50)  # one conversation alone
    share = 100 * (1 - 1 / (10 * redteam.IN_FLIGHT))
    assert abs(redteam._while_full(stats) - share) < 1e-6
    assert stats.area > stats.full_area


def test_a_peer_that_fails_or_is_missing_is_said_so(tmp_path: Path) -> None:
    program = tmp_path / "garak"
    program.write_text("#!/bin/sh\n[ $1 = --version ] && echo 'garak LLM vulnerability scanner v0.17.1' || exit 3\n")
    program.chmod(0o755)
    assert redteam_garak.version(str(program), tmp_path) == "0.17.1"
    with pytest.raises(BartizanError, match="garak ended with 3"):
        redteam_garak.ran(str(program), tmp_path / "run", 9, redteam_garak.FEW, 1)
    with pytest.raises(BartizanError, match="cannot be started"):
        redteam_garak.version(str(tmp_path / "none"), tmp_path)


def test_a_peer_counts_by_requests_and_cpu() -> None:
    theirs = [redteam._Cost(first=9.0, each=each, requests=769) for each in (0.02, 0.03, 0.02)]
    *_, ratio = redteam._beside(
        "garak 0.17.1", [redteam._Cost(0.5, each, 960) for each in (0.002, 0.002, 0.004)], theirs
    )
    assert [round(one or 0, 6) for one in (ratio.low, ratio.value, ratio.high)] == [5.0, 10.0, 15.0]
    assert (ratio.n, ratio.missed) == (769, False)
    *_, ratio = redteam._beside("garak 0.17.1", [redteam._Cost(0.5, 0.005, 960)] * 3, theirs)
    assert ratio.missed
