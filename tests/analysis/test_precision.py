"""How many replicates are enough: hand sums, and sequences in which the rule must keep its promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from dealsim.analysis.precision import LEAST, half_width, replicates_needed, stop_at, variance_ratio
from dealsim.errors import InputError


def test_half_the_interval_is_students():
    values = np.array([1.0, 2.0, 3.0, math.nan])
    assert half_width(values) == pytest.approx(4.302653 / math.sqrt(3))
    assert math.isnan(half_width(np.array([1.0])))


@pytest.mark.parametrize("error", [0.05, 0.3, 1.0, 5.0])
def test_replicates_needed_is_the_smallest_number_that_would_do(error):
    values = np.array([3.0, 4.0, 6.0, 5.5, 4.5])
    needed, spread = int(replicates_needed(values, error)), values.std(ddof=1)

    def half(n):
        return stats.t.ppf(0.975, n - 1) * spread / math.sqrt(n)

    assert half(needed) < error
    assert needed == 2 or half(needed - 1) >= error


def test_replicates_needed_of_too_few_is_not_known():
    assert math.isnan(replicates_needed(np.array([1.0]), 1.0))
    assert replicates_needed(np.array([2.0, 2.0]), 0.1) == 2.0


@pytest.mark.parametrize("error", [0.0, -1.0, math.nan])
def test_an_error_must_be_above_nothing(error):
    with pytest.raises(InputError, match="error"):
        replicates_needed(np.ones(3), error)
    with pytest.raises(InputError, match="error"):
        stop_at(np.ones(3), error)


def test_no_stop_before_the_least_number():
    alike = np.full(LEAST - 1, 3.0)
    assert not stop_at(alike, 0.1).is_enough
    assert stop_at(alike, 0.1).needed == LEAST
    assert stop_at(np.full(LEAST, 3.0), 0.1).is_enough
    assert stop_at(np.full(4, 3.0), 0.1, least=4).is_enough
    with pytest.raises(InputError, match="least"):
        stop_at(alike, 0.1, least=1)


def test_the_rule_by_hand():
    values = np.array([1.0, 2.0, 6.0, 3.0])
    half = stats.t.ppf(0.975, 3) * values.std(ddof=1) / 2.0 * (1.0 + 2.0 * abs(stats.skew(values)) / 2.0)
    assert stop_at(values, half * 1.001, least=4).is_enough
    assert not stop_at(values, half * 0.999, least=4).is_enough


def test_what_was_once_enough_stays_enough():
    values = np.concatenate([np.tile([1.0, 2.0], 6), [50.0]])
    first = stop_at(values[:12], 0.4)
    assert first.is_enough
    later = stop_at(values, 0.4)
    assert later.is_enough and later.needed == first.needed
    assert later.half_width > 0.4


def test_the_forecast_is_what_the_rule_will_ask():
    values = np.tile([1.0, 2.0, 3.0], 4)
    found = stop_at(values, 0.2)
    assert not found.is_enough and found.n == 12
    n = int(found.needed)  # these are not skewed
    assert stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n) <= 0.2
    assert stats.t.ppf(0.975, n - 2) * values.std(ddof=1) / math.sqrt(n - 1) > 0.2
    assert math.isnan(stop_at(values, 1e-9).needed)
    assert math.isnan(stop_at(np.array([1.0]), 1.0).needed)


def test_failed_runs_do_not_count():
    values = np.array([1.0, math.nan, 2.0, math.nan] * 6)
    assert stop_at(values, 0.5) == stop_at(np.array([1.0, 2.0] * 6), 0.5)


DRAWS = {
    "normal": (lambda rng, n: rng.normal(size=n), 0.0, 1.0),
    "skewed": (lambda rng, n: rng.exponential(size=n), 1.0, 1.0),
    "somewhat skewed": (lambda rng, n: rng.gamma(4.0, size=n), 4.0, 2.0),
}


@pytest.mark.parametrize("fixed", [20, 50])
@pytest.mark.parametrize("name", DRAWS)
def test_looking_after_every_replicate_keeps_the_promise(name, fixed):
    # an error that so many replicates would reach if their spread were known; it must hold the mean in 93 % of 2,000
    # sequences, less what as many leave to chance
    draw, mean, spread = DRAWS[name]
    rng = np.random.default_rng(fixed)
    error = 1.96 * spread / math.sqrt(fixed)
    held = 0
    for _ in range(2000):
        sequence = draw(rng, 8 * fixed)
        found = stop_at(sequence, error)
        stopped = int(found.needed) if found.is_enough else len(sequence)
        held += abs(sequence[:stopped].mean() - mean) <= error
    assert held / 2000 >= 0.93 - 2.0 * math.sqrt(0.93 * 0.07 / 2000)


def test_the_plain_rule_would_not_keep_it():
    draw, mean, _ = DRAWS["skewed"]
    rng = np.random.default_rng(1)
    error, held = 1.96 / math.sqrt(50), 0
    n = np.arange(LEAST, 401)
    t = stats.t.ppf(0.975, n - 1)
    for _ in range(1000):
        sequence = draw(rng, 400)
        means = np.cumsum(sequence)[LEAST - 1 :] / n
        spread = np.sqrt((np.cumsum(sequence**2)[LEAST - 1 :] / n - means**2) * n / (n - 1))
        stopped = int(np.argmax(t * spread / np.sqrt(n) <= error))
        held += abs(means[stopped] - mean) <= error
    assert held / 1000 < 0.91


def test_the_ratio_by_hand():
    base, other = np.array([[1.0, 2.0, 3.0], [4.0, 4.0, 7.0]]), np.array([[2.0, 3.0, 5.0], [4.0, 5.0, 8.0]])
    unpaired = 1.0 + 7.0 / 3.0 + 3.0 + 13.0 / 3.0
    paired = 1.0 / 3.0 + 1.0 / 3.0
    found = variance_ratio(base, other)
    assert found.ratio == pytest.approx(unpaired / paired)
    assert (found.points, found.pairs) == (2, 6)


@pytest.mark.parametrize(("points", "replicates"), [(1, 40), (40, 4)])
def test_the_ratio_is_covered(points, replicates):
    # other = base + own chance: (σ² + σ² + τ²) / τ² = 9 with σ = 1 and τ = 0.5
    held = []
    for again in range(60):
        rng = np.random.default_rng(again)
        base = rng.normal(size=(points, replicates))
        found = variance_ratio(base, base + rng.normal(scale=0.5, size=base.shape), seed=again, resamples=200)
        held.append(found.low <= 9.0 <= found.high)
    assert np.mean(held) >= 0.85


def test_pairs_with_a_gap_do_not_count():
    base, other = np.array([[1.0, 2.0, 3.0, math.nan]]), np.array([[2.0, 3.0, 5.0, 9.0]])
    assert variance_ratio(base, other).ratio == pytest.approx(10.0)
    assert variance_ratio(np.where(np.isnan(base), np.inf, base), other).ratio == pytest.approx(10.0)
    assert variance_ratio(base[:, 2:], other[:, 2:]).points == 0
    with pytest.raises(InputError):
        variance_ratio(base, other[:, :2])


def test_pairs_that_do_not_differ_at_all():
    base = np.array([[1.0, 2.0, 3.0]])
    assert variance_ratio(base, base + 1.0).ratio == math.inf
    assert math.isnan(variance_ratio(base * 0.0, base * 0.0).ratio)
