"""Small steps from earlier queries: what counts as one, how rare they are among benign queries, and who is seen."""

from __future__ import annotations

import hashlib
import json

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError, KeeperError
from bartizan.core.query_watch import Level, WatchRules
from bartizan.inspection.tensors.calibrate import Rows, calibrate
from bartizan.inspection.tensors.profile import Profile, load, marks_of
from bartizan.inspection.tensors.queries import pack, unpack
from bartizan.inspection.tensors.step_level import level_of, nearest_steps
from bartizan.inspection.tensors.steps import MARKS, REMEMBERED, choose, largest
from bartizan.inspection.tensors.stream import Stream
from bartizan.inspection.tensors.trial import played

WIDTH = 200


def sent(count: int, client: int) -> npt.NDArray[np.float64]:
    """A client's rows in [0, 1], around a place of its own."""
    chance = np.random.default_rng([9, client])
    return np.clip(chance.uniform(0.3, 0.7, WIDTH) + chance.normal(0, 0.2, (count, WIDTH)), 0, 1)


def stepping(count: int, client: int, thief: int, step: float) -> npt.NDArray[np.float64]:
    """A client's rows, every fifth of which moves all values of an earlier fifth by one step up or down."""
    chance, rows = np.random.default_rng([8, client]), sent(count, client)
    own = list(range(0, count, 5))
    for number, place in enumerate(own[thief:], start=thief):
        start = rows[own[chance.integers(0, number)]]
        rows[place] = np.clip(start + step * chance.choice([-1.0, 1.0], WIDTH), 0, 1)
    return rows


@pytest.fixture(scope="module")
def profile() -> Profile:
    values = np.concatenate([sent(100, client) for client in range(100)])
    return calibrate(Rows(values, None, np.repeat(np.arange(100), 100)), "x", 0.01, 0.01, 5, "", "", resamples=5)


def test_a_fifth_of_steps_is_seen_and_clients_are_not(profile: Profile) -> None:
    assert profile.watch.steps is not None
    assert len(profile.marked) == MARKS
    seen = [played(profile, Rows(stepping(512, 500 + one, 8, 0.1), None)).extraction for one in range(4)]
    assert seen == ["steps"] * 4
    assert [played(profile, Rows(sent(512, 700 + one), None)).extraction for one in range(12)].count("steps") == 0


def test_steps_that_lie_far_apart_are_still_seen(profile: Profile) -> None:
    """The profile's window is half of what clients sent; a thief's steps are looked for in 512 queries."""
    assert profile.watch.window < 100
    rows = sent(512, 801)
    rows[300::4] = np.clip(rows[: 4 * len(rows[300::4]) : 4] + 0.1, 0, 1)
    assert played(profile, Rows(rows, None)).extraction == "steps"


def test_an_older_profile_does_not_ask(profile: Profile) -> None:
    older = msgspec.structs.replace(profile, marked=())
    assert marks_of(older) is None
    assert played(older, Rows(stepping(512, 500, 8, 0.1), None)).extraction == ""


@pytest.mark.parametrize(
    "marked",
    [[[0, 0.0, 1.0], [0, 0.0, 1.0]], [[-1, 0.0, 1.0]], [[WIDTH, 0.0, 1.0]], [[0, 0.0, 0.0]], [[0, 0.0, -1.0]],
     [[0, None, 1.0]], [[0, 0.0]], [[n, 0.0, 1.0] for n in range(MARKS + 1)], [[0, 1e400, 1.0]]],
)  # fmt: skip
def test_marks_that_are_none_are_refused(profile: Profile, marked: list[list[float]]) -> None:
    document = {**json.loads(msgspec.json.encode(profile)), "marked": marked}
    content = json.dumps(document).encode()
    with pytest.raises(ConfigurationError):
        load(f"p-{hashlib.sha256(content).hexdigest()[:16]}.json", content)


def test_marks_are_shares_of_the_range() -> None:
    values = np.array([[0.0, 5.0, 7.0], [2.0, 5.0, 9.0]])
    marks = choose(values, 2, 0)
    assert set(marks.places.tolist()) <= {0, 2}  # the second value never varies
    assert marks.of(values, 2).min() == 0
    assert marks.of(values, 2).max() == 255
    assert marks.of(np.array([[np.nan, 5.0, np.inf], [-np.inf, 5.0, 1e30]]), 2).shape == (2, len(marks.places))
    constant = choose(np.ones((4, 3)), 4, 0)
    assert constant.of(np.ones((2, 3)), 2).shape == (2, 0)


def test_the_largest_difference() -> None:
    earlier = np.array([[0, 255], [10, 20]], np.uint8)
    assert largest(np.array([255, 0], np.uint8), earlier).tolist() == [255, 245]


def test_the_very_same_row_and_other_clients_are_no_step() -> None:
    marks = np.array([[1], [1], [9], [4]], np.uint8)
    digests = np.array([5, 5, 6, 7], np.uint64)
    assert nearest_steps(marks, digests, None, 0, 4, 4).tolist() == [256, 256, 8, 3]
    assert nearest_steps(marks, digests, np.array([0, 1, 1, 2]), 0, 4, 4).tolist() == [256, 256, 8, 256]


def test_a_level_holds_for_a_longer_memory() -> None:
    chance = np.random.default_rng(3)
    steps = chance.integers(50, 200, 5_000)
    level = level_of(steps, None, 128, 0)
    assert level is not None
    assert level.share <= 0.0101
    assert (steps < level.value).mean() * REMEMBERED / 128 <= level.share
    assert level_of(steps[:40], None, 64, 0) is None  # too few to tell what is rare
    assert level_of(np.zeros(5_000, np.int64), None, 512, 0) is None  # all benign rows are alike
    assert level_of(np.full(5_000, 256, np.int64), None, 512, 0) is None


def test_clients_that_differ_weaken_the_level() -> None:
    chance = np.random.default_rng(4)
    owners = np.repeat(np.arange(50), 100)
    alike = chance.integers(50, 200, 5_000)
    unlike = alike - 40 * (owners % 5 == 0)
    same, other = level_of(alike, owners, 512, 0), level_of(unlike, owners, 512, 0)
    assert same is not None
    assert other is not None
    assert other.of < same.of / 2


RULES = WatchRules(0.5, 2, 16, Level(1.0, 0.1, 100), Level(0.1, 0.1, 100), steps=Level(50.0, 0.01, 500.0))


def packed(rows: int, marks: int) -> bytes:
    chance = np.random.default_rng(rows)
    return pack(
        chance.normal(size=(rows, 4)).astype(np.float32), chance.integers(1, 2**60, rows).astype(np.uint64),
        np.zeros(rows), chance.integers(0, 255, (rows, marks)).astype(np.uint8),
    )  # fmt: skip


def test_queries_with_other_marks_than_before_are_refused() -> None:
    stream = Stream(4, 16)
    stream.observe(RULES, packed(3, 5))
    for other in (0, 4, 6):
        with pytest.raises(KeeperError):
            stream.observe(RULES, packed(4, other))
    stream.observe(RULES, packed(5, 5))


@given(st.integers(1, 8), st.integers(0, MARKS))
def test_what_travels_arrives(rows: int, marks: int) -> None:
    found = unpack(packed(rows, marks))
    assert found.marks.shape == (rows, marks)
    assert pack(*found) == packed(rows, marks)
    for cut in (1, marks + 1):
        with pytest.raises(KeeperError):
            unpack(packed(rows, marks)[:-cut])
