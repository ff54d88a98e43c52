"""Profiles of benign rows: what they promise holds on rows that taught nothing, and attacks stand out."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bartizan.core.errors import ConfigurationError, KeeperError
from bartizan.core.query_watch import Level, WatchRules
from bartizan.core.stats.tails import beta_binomial_tail, chi_square_tail
from bartizan.inspection.tensors.calibrate import Rows, TooFewError, calibrate, digests_of, needed
from bartizan.inspection.tensors.density import fit
from bartizan.inspection.tensors.features import MOST_FEATURES, SKETCH, features_of, project
from bartizan.inspection.tensors.normality import crookedness
from bartizan.inspection.tensors.profile import Profile, dump, load
from bartizan.inspection.tensors.queries import pack, unpack
from bartizan.inspection.tensors.reading import chosen, read_rows
from bartizan.inspection.tensors.stream import FIRST_LOOK, Stream, allowance, exceeds, imbalance
from bartizan.inspection.tensors.trial import played

CHANCE = np.random.default_rng(3)
BASIS = CHANCE.normal(size=(6, 20))
WEIGHTS = CHANCE.normal(size=(20, 4))


def benign(count: int, seed: int) -> npt.NDArray[np.float64]:
    """Rows near a plane of six directions."""
    chance = np.random.default_rng(seed)
    return chance.normal(size=(count, 6)) @ BASIS + chance.normal(size=(count, 20)) * 0.3


def rows(values: npt.NDArray[np.float64]) -> Rows:
    return Rows(values, np.argmax(values @ WEIGHTS, axis=1))


@pytest.fixture(scope="module")
def profile() -> Profile:
    return calibrate(rows(benign(4_000, 1)), "x", 0.01, 0.01, 7, "d" * 64, "2026-01-01T00:00:00Z", resamples=20)


def test_false_alarms_keep_their_rate(profile: Profile) -> None:
    assert {one.guard for one in profile.measured} == {"distribution", "similarity", "extraction"}
    alarms = unlike = similar = total = 0
    for seed in range(25):
        tried = played(profile, rows(benign(400, 100 + seed)))
        alarms += bool(tried.extraction)
        unlike, similar, total = unlike + tried.unlike, similar + tried.similar, total + tried.n
    # Bounds that a true rate at its limit passes with probability 0.999.
    assert unlike <= stats.binom.ppf(0.999, total, 0.015)  # the threshold itself is an estimate from 1,000 rows
    assert similar <= stats.binom.ppf(0.999, total, 0.015)
    assert alarms <= stats.binom.ppf(0.999, 25, 0.01)


def clients(count: int, each: int, seed: int) -> Rows:
    """Each of them sends rows around a place of its own."""
    chance = np.random.default_rng(seed)
    made = [chance.normal(size=(each, 6)) * 0.4 + chance.normal(size=6) for _ in range(count)]
    values = np.concatenate(made) @ BASIS + chance.normal(size=(count * each, 20)) * 0.3
    return Rows(values, np.argmax(values @ WEIGHTS, axis=1), np.repeat(np.arange(count), each))


def test_clients_that_differ_are_not_taken_for_thieves() -> None:
    rows_of = clients(120, 130, 5)
    told = calibrate(rows_of, "x", 0.01, 0.01, 7, "", "", resamples=5)
    untold = calibrate(rows_of._replace(clients=None), "x", 0.01, 0.01, 7, "", "", resamples=5)
    assert (told.clients, untold.clients) == (120, 0)
    assert told.watch.class_spread > 0.05
    assert told.watch.near.of < untold.watch.near.of / 10
    alarms = Counter[str]()
    for seed in range(20):
        one = clients(1, 256, 900 + seed)
        alarms["told"] += bool(played(told, one).extraction)
        alarms["untold"] += bool(played(untold, one).extraction)
    assert alarms["told"] <= stats.binom.ppf(0.999, 20, 0.03)
    assert alarms["untold"] > 10
    noise = np.random.default_rng(8).uniform(-8, 8, (256, 20))
    assert played(told, rows(noise)).extraction
    assert next(one for one in told.measured if one.guard == "extraction").n >= 20
    with pytest.raises(TooFewError, match="clients"):
        calibrate(clients(30, 130, 5), "x", 0.01, 0.01, 7, "", "")


def jacobian(count: int) -> npt.NDArray[np.float64]:
    """Seeds and their augmentations along one direction of the model, as in Papernot et al., 2017."""
    made = benign(count // 8, 55)
    while len(made) < count:
        made = np.concatenate([made, made + 0.4 * np.sign(WEIGHTS[:, np.argmax(made @ WEIGHTS, axis=1)].T)])
    return made[:count]


def search(count: int) -> npt.NDArray[np.float64]:
    """A random search around one row."""
    chance = np.random.default_rng(56)
    return benign(1, 57) + 0.1 * chance.normal(size=(count, 20))


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("noise", np.random.default_rng(8).uniform(-8, 8, (256, 20))),
        ("jacobian", jacobian(512)),
        ("one class", benign(4_000, 60)[np.argmax(benign(4_000, 60) @ WEIGHTS, axis=1) == 1][:512]),
        ("mixed", np.random.default_rng(9).permutation(np.concatenate([benign(400, 61), jacobian(200) * 1.6]))),
    ],
)
def test_extraction_is_seen(profile: Profile, name: str, made: npt.NDArray[np.float64]) -> None:
    tried = played(profile, rows(made))
    assert tried.extraction, name
    assert tried.after <= 512


def test_a_search_is_seen_and_repetitions_are_not_one(profile: Profile) -> None:
    tried = played(profile, rows(search(200)))
    assert tried.similar > 180
    same = np.repeat(benign(1, 3), 300, axis=0)
    tried = played(profile, rows(same))
    assert (tried.similar, tried.extraction) == (0, "")


def test_what_a_file_holds_is_what_was_made(profile: Profile) -> None:
    name, content = dump(profile, "p")
    again = load(name, content)
    data = rows(benign(300, 12))
    assert played(again, data) == played(profile, data)
    with pytest.raises(ConfigurationError, match="digest"):
        load(name, content.replace(b'"rows"', b'"Rows"'))
    with pytest.raises(ConfigurationError, match="digest"):
        load("p.json", content)


@pytest.mark.parametrize(
    "change",
    [{"mean": ""}, {"mean": "!"}, {"scale": "AAAAAAAA"}, {"rest": 0.0}, {"width": 21}, {"width": 0}, {"width": 2**30},
     {"components": "AAAA"}, {"extra": 1}, {"schema": "other"}, {"watch": [1, 2]}, {"threshold": "x"}],
)  # fmt: skip
def test_damaged_profiles_are_refused(profile: Profile, change: dict[str, Any]) -> None:
    document = {**json.loads(msgspec.json.encode(profile)), **change}
    content = json.dumps(document).encode()
    import hashlib

    with pytest.raises(ConfigurationError):
        load(f"p-{hashlib.sha256(content).hexdigest()[:16]}.json", content)


def test_too_few_or_constant_rows_are_said() -> None:
    with pytest.raises(TooFewError, match=r"100 rows are too few.*"):
        calibrate(rows(benign(100, 1)), "x", 0.01, 0.01, 0, "", "")
    assert needed(0.001) == 4_000
    with pytest.raises(TooFewError, match="nothing can be learned"):
        calibrate(Rows(np.ones((600, 3)), None), "x", 0.01, 0.01, 0, "", "")


def test_tails_are_those_of_scipy() -> None:
    for count, n, a, b in ((3, 20, 2, 30), (64, 64, 5, 9), (70, 512, 101, 900), (0, 5, 1, 1), (6, 5, 1, 1)):
        assert beta_binomial_tail(count, n, a, b) == pytest.approx(stats.betabinom.sf(count - 1, n, a, b), rel=1e-9)
    for x, degrees in ((0.1, 1), (3.0, 2), (40.0, 9), (9.0, 9), (300.0, 100), (0, 3)):
        assert chi_square_tail(x, degrees) == pytest.approx(stats.chi2.sf(x, degrees), rel=1e-9)


def test_levels_are_exact_for_exchangeable_values() -> None:
    """A tenth of the ranks is passed by the next value with probability 0.1, and by two with that of two draws."""
    assert exceeds(1, 1, Level(0.0, 0.1, 1_000)) == pytest.approx(0.1)
    assert exceeds(2, 2, Level(0.0, 0.1, 1_000)) == pytest.approx(100 / 1_000 * 101 / 1_001)


def test_allowances_add_up() -> None:
    looks = [FIRST_LOOK * 2**number for number in range(40)]
    assert 5 * sum(allowance(0.01, look) for look in looks) < 0.01


def test_imbalance() -> None:
    assert imbalance(Counter({0: 50, 1: 50}), (500, 500)) == 1.0
    assert imbalance(Counter({0: 100}), (500, 500)) < 1e-15
    assert imbalance(Counter({7: 100}), (500, 500)) < 1e-15  # a class that benign clients never get
    table = np.array([[30, 70], [520, 480]])
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert imbalance(Counter({0: 30, 1: 70}), (520, 480)) == pytest.approx(expected)
    assert imbalance(Counter(), (5, 5)) == 1.0


def test_crookedness_is_the_statistic_of_shapiro_and_francia() -> None:
    values = np.random.default_rng(2).normal(size=60)
    (_, _), (_, _, r) = stats.probplot(values[np.abs(values - values.mean()) <= 3 * values.std()])
    assert math.exp(crookedness(values)) == pytest.approx(1 - r**2, rel=0.1)
    assert crookedness(np.exp(2 * values)) > crookedness(values)
    assert crookedness(np.ones(9)) == -math.inf


def test_wide_rows_are_folded_and_distances_kept() -> None:
    chance = np.random.default_rng(4)
    wide = chance.normal(size=(6, 5_000))
    folded = features_of(wide, 6)
    assert folded.shape == (6, MOST_FEATURES)
    sketch = project(folded)
    assert sketch.shape == (6, SKETCH)
    for one, other in ((0, 1), (2, 5)):
        true = np.linalg.norm(wide[one] - wide[other])
        assert np.linalg.norm(folded[one] - folded[other]) == pytest.approx(true, rel=0.2)
        seen = np.linalg.norm(sketch[one] - sketch[other]) * np.sqrt(MOST_FEATURES)
        assert seen == pytest.approx(true, rel=0.4)
    assert np.isfinite(features_of(np.array([[np.nan, np.inf, -np.inf]]), 1)).all()
    # Fixed for good: a profile that was made elsewhere means the same here.
    assert features_of(np.arange(2_000.0)[None], 1)[0, :3].tolist() == pytest.approx(FOLDED)


FOLDED = [-263.0, 2688.0, -184.0]


def test_density_is_mahalanobis_distance() -> None:
    values = benign(4_000, 20)
    density = fit(values)
    standard = density.standard(values[:50])
    exact = np.einsum("ij,jk,ik->i", standard, np.linalg.inv(np.cov(density.standard(values), rowvar=False)), standard)
    assert np.allclose(density.distance(standard) * 20, exact, rtol=0.02)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_hostile_queries_raise_nothing_else(data: bytes) -> None:
    with pytest.raises(KeeperError):
        unpack(data)


RULES = WatchRules(0.5, 2, 16, Level(1.0, 0.1, 100), Level(0.1, 0.1, 100))


def test_memory_of_a_stream_is_bounded() -> None:
    stream = Stream(4, 16)
    chance = np.random.default_rng(1)
    for number in range(100):
        sketches = chance.normal(size=(16, 4)).astype(np.float32)
        seen = stream.observe(RULES, pack(sketches, digests_of(sketches, 16), np.zeros(16)))
        assert seen.first == 16 * number
        stream.tell_classes(RULES, seen.first, np.arange(16, dtype="<i8").tobytes() + b"odd")
        stream.tell_classes(RULES, 10**9, b"\1" * 8)  # of queries that nobody remembers
    assert len(stream._apart) <= 512
    assert len(stream._sketches) == 16
    assert Stream(4, 10**9)._sketches.shape[0] == 1_024


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.npy", b"\x93NUMPY broken"), ("a.csv", b"1,2\nx,3\n"), ("a.csv", b"1,2\n3\n"), ("a.csv", b""),
     ("a.csv", b"nan,1\n"), ("a.jsonl", b"[1, 2]\n{}\n"), ("a.jsonl", b"[1,"), ("a.jsonl", b'["x"]'),
     ("a.jsonl", b"[[1, 2], [3]]"), ("a.txt", b"1"), ("a.csv", b"\xff\xfe"), ("a.jsonl", b"[" * 100_000)],
)  # fmt: skip
def test_files_that_are_no_tables(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError):
        read_rows(tmp_path / name)


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ConfigurationError, match="no table"):
        read_rows(path)


def test_tables_in_each_format(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    (tmp_path / "a.csv").write_text("p,q,r\n0,1,2\n3,4,5\n")
    (tmp_path / "a.jsonl").write_text("[0, 1, 2]\n\n[3, 4, 5]\n")
    for name in ("a.npy", "a.csv", "a.jsonl"):
        assert read_rows(tmp_path / name).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert len(chosen(50_000, 1)) == 20_000
    assert chosen(50_000, -1)[-1] == 19_999
