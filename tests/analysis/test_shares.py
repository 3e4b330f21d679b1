"""First-order shares of space-filling designs, main effects of crossed ones, and the share that is chance."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import qmc

from dealsim.analysis.sensitivity import chance_share, first_order_shares, main_effects
from dealsim.errors import InputError
from tests.analysis.known import ISHIGAMI_FIRST, ishigami, with_chance

NAMES = ("one", "two", "three")


@pytest.fixture(scope="module")
def points():
    """A Latin hypercube of 500 points."""
    return qmc.LatinHypercube(3, rng=1).random(500)


@pytest.mark.parametrize(("replicates", "spread"), [(1, 0.0), (4, 3.7)])
def test_shares_of_the_ishigami_function(points, replicates, spread):
    found = first_order_shares(points, with_chance(ishigami(points), replicates, spread, shared=spread), NAMES)
    assert (found["share_low"] <= ISHIGAMI_FIRST).all() and (found["share_high"] >= ISHIGAMI_FIRST).all(), found
    assert (found["share_high"] - found["share_low"]).max() < 0.4


def test_without_the_correction_shares_would_be_too_low(points):
    from SALib.analyze import rbd_fast

    values = with_chance(ishigami(points), 2, spread=5.0)
    problem = {"num_vars": 3, "names": list(NAMES), "bounds": [[0.0, 1.0]] * 3}
    theirs = rbd_fast.analyze(problem, points, values.mean(axis=1), num_resamples=10, seed=1)["S1"]
    ours = first_order_shares(points, values, NAMES)["share"]
    assert theirs[1] < 0.75 * ISHIGAMI_FIRST[1]
    assert abs(ours[1] - ISHIGAMI_FIRST[1]) < abs(theirs[1] - ISHIGAMI_FIRST[1])


def test_the_intervals_of_shares_hold_the_truth_as_often_as_they_say():
    truth = np.array([0.9, 0.1])
    held = []
    for again in range(40):
        points = qmc.LatinHypercube(2, rng=again).random(200)
        values = with_chance(points @ [3.0, 1.0], 2, spread=0.5, seed=again)
        found = first_order_shares(points, values, ("a", "b"), seed=again, resamples=50)
        held.append((found["share_low"] <= truth) & (found["share_high"] >= truth))
    assert (np.mean(held, axis=0) >= 0.85).all(), np.mean(held, axis=0)


def test_the_direction_is_a_rank_correlation(points):
    found = first_order_shares(points, np.exp(points @ [3.0, -1.0, 0.0])[:, None], NAMES)
    assert found["direction_low"][0] > 0.5 and found["direction_high"][1] < 0.0
    assert found["direction_low"][2] < 0.0 < found["direction_high"][2]


def test_pure_chance_has_no_shares(points):
    found = first_order_shares(points, with_chance(np.zeros(500), 3, spread=1.0, shared=1.0), NAMES)
    assert found["share"].isna().all() and not found["converged"].any()


def test_an_outcome_that_never_moves_has_no_shares(points):
    found = first_order_shares(points, np.full((500, 2), 0.1), NAMES)
    assert found[["share", "direction"]].isna().all(axis=None)


@pytest.mark.parametrize("n", [0, 5, 60])
def test_few_points_are_not_converged(points, n):
    found = first_order_shares(points[:n], ishigami(points[:n])[:, None], NAMES)
    assert not found["converged"].any()


def test_points_and_values_must_fit(points):
    with pytest.raises(InputError, match="do not fit"):
        first_order_shares(points, np.zeros((3, 2)), NAMES)


def test_the_chance_share_by_hand():
    values = np.array([[0.0, 2.0], [10.0, 8.0], [5.0, 5.0]])
    found = chance_share(values)
    covariance = np.cov(values[:, 0], values[:, 1])[0, 1]
    chance = np.mean([2.0, 2.0, 0.0])
    assert found.variance_of_parameters == pytest.approx(covariance)
    assert found.variance_of_chance == pytest.approx(chance)
    assert found.share == pytest.approx(chance / (chance + covariance))


def test_the_chance_share_is_covered():
    truth = 1.0 / (1.0 + 3.0)
    held = []
    for again in range(100):
        rng = np.random.default_rng(again)
        values = with_chance(rng.normal(scale=math.sqrt(3.0), size=80), 3, spread=1.0, seed=again)
        found = chance_share(values, seed=again, resamples=200)
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.88


def test_a_push_that_seeds_share_is_chance_and_not_a_matter_of_parameters():
    rng = np.random.default_rng(1)
    values = with_chance(rng.normal(size=400), 6, spread=0.1, shared=5.0)
    assert chance_share(values).variance_of_parameters == pytest.approx(1.0, rel=0.2)


def test_the_chance_share_leaves_out_what_it_cannot_use():
    values = np.array([[0.0, 2.0], [10.0, 8.0], [math.nan, 5.0], [5.0, 5.0]])
    found = chance_share(values)
    assert (found.points, found.points_left_out) == (3, 1)
    assert math.isnan(chance_share(values[:, :1]).share)
    assert math.isnan(chance_share(np.ones((4, 2))).share)
    with pytest.raises(InputError):
        chance_share(np.ones(3))


def test_main_effects_by_hand():
    points = pd.DataFrame({"blame": ["low", "low", "high", "high"], "nerve": [False, True, False, True]})
    values = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 5.0], [4.0, math.nan]])
    whole = main_effects(points, np.nan_to_num(values, nan=6.0)).set_index(["factor", "level"])
    assert whole.loc[("blame", "high"), "effect"] == pytest.approx((1.0 + 1.5) / 2)
    assert whole.loc[("nerve", True), "mean"] == pytest.approx((3.0 + 4.5) / 2)
    assert whole.loc[("blame", "low"), "effect_high"] < 50.0
    assert main_effects(points, values)["failed"].to_list() == [0, 1, 0, 1]
    assert main_effects(points, values[:, :1])["effect_low"].isna().all()


@pytest.mark.parametrize("n", range(36, 48))
def test_few_points_give_no_share_and_no_error(n):
    points = np.random.default_rng(n).random((n, 2))
    table = first_order_shares(points, points.sum(axis=1)[:, None], ("one", "two"))
    assert not table["converged"].any()
