"""The bench of campaigns measures what it says."""

from __future__ import annotations

from pathlib import Path

from bartizan.bench import redteam


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
    assert 0.1 < cpu < 60
