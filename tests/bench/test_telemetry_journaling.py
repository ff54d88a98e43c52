"""What the journal costs the gateway, measured on two small gateways; and the interval that is printed."""

from __future__ import annotations

import math
from pathlib import Path

from bartizan.bench.telemetry.journaling import Load, interval, measure
from bartizan.bench.telemetry.recorded import METER
from bartizan.telemetry.reader import read_journal


def test_both_gateways_answer_and_one_of_them_records(tmp_path: Path) -> None:
    without, own, share, added = measure(tmp_path, Load(rounds=2, requests=20), lambda what: None)
    assert without.value > own.value > 0
    assert 0 < share.value < 100
    assert added.n == 40
    assert added.low is not None
    assert added.high is not None
    assert added.low <= added.value <= added.high
    kinds = [event.__struct_config__.tag for event in read_journal(tmp_path / "kept" / ".bartizan" / "journal")]
    assert kinds.count("request.accepted") == kinds.count("request.completed") == 340
    assert not (tmp_path / "dropped" / ".bartizan" / "journal").exists()
    spent = int.from_bytes((tmp_path / "kept" / METER).read_bytes(), "little")
    assert own.value * 40 * 1e3 < spent < 1e10


def test_the_interval_is_student_s() -> None:
    # Of 1, 2, 3: mean 2, standard deviation 1, and 4.3027 is the quantile for two degrees of freedom (Student, 1908).
    low, high = interval([1.0, 2.0, 3.0])
    assert math.isclose(low, 2 - 4.302653 / math.sqrt(3), abs_tol=1e-4)
    assert math.isclose(high, 2 + 4.302653 / math.sqrt(3), abs_tol=1e-4)
    assert interval([5.0]) == (5.0, 5.0)
