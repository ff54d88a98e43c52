"""The bench of campaigns measures what it says."""

from __future__ import annotations

import pytest

from bartizan.bench import redteam


def test_the_target_counts_and_the_floor_sends_what_it_says() -> None:
    with redteam._target(0.01) as server:
        cpu = redteam._bare(server.port, 48)
        stats = redteam._stats(server)
    assert stats.requests == 48
    assert stats.held / 48 >= 0.01
    assert stats.last - stats.first >= 3 * 0.01, "48 requests, 16 at a time"
    assert 0 < cpu < 30


@pytest.mark.slow
def test_every_figure_is_there() -> None:
    rows = redteam.run(lambda what: None, attempts=100)
    assert [row.n for row in rows][1:] == [100, 1, 100, 100]
    assert 0 < rows[0].value <= 105
