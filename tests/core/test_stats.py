"""Our statistics against scipy's, published examples and simple truths."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import example, given
from hypothesis import strategies as st

from bartizan.core.stats import (
    Rate,
    clopper_pearson,
    clustered_bootstrap,
    mcnemar,
    newcombe,
    paired_difference,
    sign_flip,
    wilson,
)
from bartizan.core.stats.beta import beta_quantile, regularised_beta
from bartizan.core.stats.tails import beta_binomial_tail, hypergeometric_tail, poisson_tail

LEVELS = st.sampled_from([0.8, 0.9, 0.95, 0.99])
COUNTS = st.integers(1, 3_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
SHAPES = st.floats(0.05, 5_000)


@given(COUNTS, LEVELS)
def test_wilson_is_scipys(counts: tuple[int, int], level: float) -> None:
    expected = scipy.stats.binomtest(*counts).proportion_ci(level, method="wilson")
    assert wilson(*counts, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(COUNTS, LEVELS)
def test_clopper_pearson_is_scipys(counts: tuple[int, int], level: float) -> None:
    expected = scipy.stats.binomtest(*counts).proportion_ci(level, method="exact")
    assert clopper_pearson(*counts, level) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.floats(0, 1), SHAPES, SHAPES)
def test_incomplete_beta_is_scipys(x: float, a: float, b: float) -> None:
    assert regularised_beta(x, a, b) == pytest.approx(float(scipy.special.betainc(a, b, x)), abs=1e-9)


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.5, 2_000), st.floats(0.5, 2_000))
@example(0.9999989999999999, 63.0, 0.5)
def test_quantile_is_the_inverse(p: float, a: float, b: float) -> None:
    assert regularised_beta(beta_quantile(p, a, b), a, b) == pytest.approx(p, abs=1e-8)


def test_beta_at_its_ends_and_outside() -> None:
    assert (regularised_beta(0, 2, 3), regularised_beta(1, 2, 3)) == (0, 1)
    assert (beta_quantile(0, 2, 3), beta_quantile(1, 2, 3)) == (0, 1)
    for x, a, b in ((-0.1, 1, 1), (1.1, 1, 1), (0.5, 0, 1), (0.5, 1, -1), (math.nan, 1, 1), (0.5, math.nan, 1)):
        with pytest.raises(ValueError, match="needs"):
            regularised_beta(x, a, b)
    with pytest.raises(ValueError, match="probability"):
        beta_quantile(1.5, 1, 1)


def test_large_samples_stay_exact() -> None:
    expected = scipy.stats.binomtest(123_456, 1_000_000).proportion_ci(0.95, method="exact")
    assert clopper_pearson(123_456, 1_000_000) == pytest.approx((expected.low, expected.high), abs=1e-8)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_binomial_test(first: int, second: int) -> None:
    result = mcnemar(first, second)
    n, k = first + second, min(first, second)
    exact = scipy.stats.binomtest(k, n, 0.5).pvalue if n else 1.0
    mid = 2 * scipy.stats.binom.cdf(k, n, 0.5) - scipy.stats.binom.pmf(k, n, 0.5) if n else 1.0
    assert result.exact == pytest.approx(float(exact), abs=1e-9)
    assert result.mid_p == pytest.approx(float(mid), abs=1e-9)
    assert result.mid_p <= result.exact + 1e-12


def test_newcombe_as_published() -> None:
    """Newcombe 1998, table II, method 10: 56/70 - 48/80 and 9/10 - 3/10."""
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)


def test_newcombe_needs_samples() -> None:
    with pytest.raises(ValueError, match="not empty"):
        newcombe(0, 0, 1, 2)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_bad_counts_and_levels_are_refused(interval: object) -> None:
    assert callable(interval)
    for bad in ((-1, 3, 0.95), (4, 3, 0.95), (1, 3, 0.0), (1, 3, 1.0)):
        with pytest.raises(ValueError):
            interval(*bad)
    assert interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("n", "changing", "apart"), [(40, 0.1, 0.0), (40, 0.3, 0.1), (200, 0.02, 0.01), (200, 0.2, -0.05)]
)
def test_the_interval_of_a_paired_difference_covers_the_truth(n: int, changing: float, apart: float) -> None:
    one, other = (changing + apart) / 2, (changing - apart) / 2
    drawn = np.random.default_rng(0).multinomial(n, [one, other, 1 - changing], size=4_000)
    intervals = [paired_difference(int(a), int(b), n) for a, b, _ in drawn]
    covered = sum(low <= apart <= high for low, high in intervals)
    assert covered / 4_000 > 0.935


def test_no_change_in_few_cases_is_no_certainty() -> None:
    low, high = paired_difference(0, 0, 30)
    assert low < -0.03
    assert high > 0.03
    assert paired_difference(30, 0, 30)[1] == 1.0
    with pytest.raises(ValueError, match="of 4"):
        paired_difference(3, 2, 4)


def test_mcnemar_refuses_negative_counts() -> None:
    with pytest.raises(ValueError, match="negative"):
        mcnemar(-1, 2)


def test_bootstrap_is_seeded_and_agrees_with_scipy_on_single_observations() -> None:
    values = [float(i % 7) for i in range(120)]
    singles = [[value] for value in values]
    ours = clustered_bootstrap(singles, seed=5, resamples=4_000)
    assert ours == clustered_bootstrap(singles, seed=5, resamples=4_000)
    assert ours != clustered_bootstrap(singles, seed=6, resamples=4_000)
    theirs = scipy.stats.bootstrap(
        (values,), lambda x, axis: x.mean(axis), method="percentile", n_resamples=4_000, rng=1
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.08)


def test_bootstrap_sees_that_clusters_hang_together() -> None:
    """Ten copies of each observation carry no more information than one."""
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    copied = clustered_bootstrap([[v] * 10 for v in values], seed=1)
    single = clustered_bootstrap([[v] for v in values], seed=1)
    naive = clustered_bootstrap([[v] for v in values for _ in range(10)], seed=1)
    assert copied == single
    assert naive[1] - naive[0] < (copied[1] - copied[0]) / 2


def test_bootstrap_leaves_out_empty_clusters_and_refuses_too_little() -> None:
    assert clustered_bootstrap([[1.0], [], [2.0]], seed=0) == clustered_bootstrap([[1.0], [2.0]], seed=0)
    for clusters in ([], [[1.0]], [[1.0], []]):
        with pytest.raises(ValueError, match="at least two"):
            clustered_bootstrap(clusters, seed=0)
    with pytest.raises(ValueError, match="finite"):
        clustered_bootstrap([[math.nan], [1.0]], seed=0)
    with pytest.raises(ValueError):
        clustered_bootstrap([[1.0], [2.0]], seed=0, level=1.0)


def test_rate_is_never_bare() -> None:
    assert str(Rate(7, 40)) == "7/40 = 17.5% (95% CI 8.7-31.9)"
    assert str(Rate(0, 40)) == "0/40: none seen, up to 8.8% not ruled out (95% CI)"
    assert str(Rate(40, 40)) == "40/40 = 100.0% (95% CI 91.2-100.0)"
    assert str(Rate(0, 0)) == "0/0: not measured"


def test_rate_refuses_nonsense() -> None:
    for bad in ((-1, 2), (3, 2), (0, -1)):
        with pytest.raises(ValueError, match="needs"):
            Rate(*bad)
    with pytest.raises(ValueError, match="nothing was measured"):
        _ = Rate(0, 0).value
    assert Rate(1, 4).value == 0.25


@given(st.lists(st.integers(-4, 4), max_size=9))
def test_sign_flip_counts_every_choice_of_signs(changes: list[int]) -> None:
    sums = [abs(sum(signs)) for signs in itertools.product(*((one, -one) for one in changes))]
    observed = abs(sum(changes))
    exact = sum(one >= observed for one in sums) / len(sums)
    found = sign_flip(changes)
    assert found.exact == pytest.approx(exact)
    assert found.mid_p == pytest.approx(
        exact - sum(one == observed for one in sums) / len(sums) / 2 if any(changes) else 1
    )


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 20))
def test_sign_flip_of_single_pairs_is_mcnemar(lost: int, gained: int, same: int) -> None:
    found, wanted = sign_flip([-1] * lost + [1] * gained + [0] * same), mcnemar(lost, gained)
    assert found.exact == pytest.approx(wanted.exact)
    if lost != gained:
        assert found.mid_p == pytest.approx(wanted.mid_p)


def test_sign_flip_holds_its_level_where_cases_decide() -> None:
    """Cases that are lucky or unlucky in all ten trials; nothing changed. Counting pairs is wrong half the time."""
    chance = random.Random(3)
    wrong = by_pairs = 0
    for _ in range(400):
        changes = [10 * chance.choice((-1, 0, 1)) for _ in range(12)]
        wrong += sign_flip(changes).mid_p < 0.05
        by_pairs += (
            mcnemar(sum(-one for one in changes if one < 0), sum(one for one in changes if one > 0)).mid_p < 0.05
        )
    assert wrong <= 32, "5% of 400 is 20; more than 32 has a chance below 1%"
    assert by_pairs > 150


@pytest.mark.parametrize("count", [1, 2, 10, 2_000, 6_554, 8_000])
def test_tails_far_below_the_mean_are_no_zero(count: int) -> None:
    a, b = 300.1, 2_700.9
    assert beta_binomial_tail(count, 65_536, a, b) == pytest.approx(
        scipy.stats.betabinom.sf(count - 1, 65_536, a, b), rel=1e-6
    )
    assert poisson_tail(count, 6_554.5) == pytest.approx(scipy.stats.poisson.sf(count - 1, 6_554.5), rel=1e-6)
    expected = scipy.stats.hypergeom.sf(count - 1, 200_000, 65_536, 20_000)
    assert hypergeometric_tail(count, 20_000, 65_536, 200_000) == pytest.approx(expected, rel=1e-6)


@given(st.integers(1, 400), st.floats(0.05, 60), st.floats(0.05, 60), st.floats(0, 1))
def test_beta_binomial_tails_are_scipys(n: int, a: float, b: float, part: float) -> None:
    count = round(part * n)
    assert beta_binomial_tail(count, n, a, b) == pytest.approx(
        scipy.stats.betabinom.sf(count - 1, n, a, b), rel=1e-6, abs=1e-9
    )
