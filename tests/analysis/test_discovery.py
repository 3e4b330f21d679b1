"""Where it fails: planted boxes are found, chance is not taken for one, and extremes have their words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dealsim.analysis.discovery import discover
from dealsim.errors import InputError


def drawn(n, seed=1):
    """Points with numbers, a whole number, an on-and-off and a category."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "blame_culture": rng.random(n),
            "investment": 5.0 * rng.random(n),
            "link_workers": rng.integers(0, 20, n),
            "fast_word": rng.random(n) < 0.5,
            "scenario": rng.choice(["deal", "cuts", "bold"], n),
        }
    )


def planted(points, seed=2, inside=0.85, outside=0.06):
    """Failures that are frequent where blame is high and investment low, and rare elsewhere."""
    rng = np.random.default_rng(seed)
    is_bad = (points["blame_culture"] > 0.6) & (points["investment"] < 2.0)
    return pd.Series(rng.random(len(points)) < np.where(is_bad, inside, outside))


@pytest.fixture(scope="module")
def found():
    """What is found of planted failures in 500 points."""
    points = drawn(500)
    return discover(points, planted(points))


def test_a_planted_box_is_recovered(found):
    assert found.outcome == "box"
    limits = {limit.factor: limit for limit in found.limits}
    assert list(limits) == ["blame_culture", "investment"]
    assert limits["blame_culture"].above == pytest.approx(0.6, abs=0.05)
    assert limits["investment"].below == pytest.approx(2.0, abs=0.25)
    assert np.isnan(limits["blame_culture"].below) and np.isnan(limits["investment"].above)
    assert all(limit.quasi_p < 0.05 for limit in found.limits)


def test_what_it_reports_is_what_lies_in_the_box(found):
    points = drawn(500)
    fails = planted(points)
    limits = {limit.factor: limit for limit in found.limits}
    inside = (points["blame_culture"] >= limits["blame_culture"].above) & (
        points["investment"] <= limits["investment"].below
    )
    assert found.coverage == pytest.approx((inside & fails).sum() / fails.sum())
    assert found.density == pytest.approx(fails[inside].mean())
    assert found.mass == pytest.approx(inside.mean())
    assert found.base_rate == pytest.approx(fails.mean())
    assert found.trajectory["coverage"].iloc[0] == 1.0 and len(found.trajectory) > 10
    assert found.held_out_low < found.held_out_density < found.held_out_high


def test_what_is_held_out_shows_what_the_box_is_worth():
    """One deal in folds can send one of the searches astray, and the figure then says so; most deals do not."""
    points = drawn(500)
    densities = [discover(points, planted(points), seed=seed).held_out_density for seed in range(5)]
    assert np.median(densities) == pytest.approx(0.85, abs=0.06)


def test_it_says_so_in_words(found):
    said = found.in_words({"blame_culture": "blame culture"})
    assert said.startswith("fails when blame culture is above 0.")
    assert " and investment is below 1.9: " in said or " and investment is below 2." in said
    for part in ("of all points that fail are there (coverage)", "of what is there fails (density)", "fail overall"):
        assert part in said
    assert "points not used to find it" in said
    assert found.table()["factor"].to_list() == ["blame_culture", "investment"]


def test_a_box_that_does_not_hold_elsewhere_is_not_claimed_in_words(found):
    said = replace(found, outcome="no box", held_out_density=0.21).in_words()
    assert said.startswith("No conditions are claimed") and "21 %" in said and "fails when" not in said


@pytest.mark.parametrize("seed", range(6))
def test_chance_is_not_taken_for_a_box(seed):
    points = drawn(150, seed=seed)
    fails = pd.Series(np.random.default_rng(100 + seed).random(150) < 0.25)
    found = discover(points, fails, seed=seed)
    assert found.outcome == "no box"
    assert "No conditions" in found.in_words()


def test_an_on_and_off_and_a_category_are_told_in_words():
    points = drawn(300, seed=3)
    fails = points["fast_word"] & points["scenario"].isin(["deal", "cuts"])
    found = discover(points, fails)
    limits = {limit.factor: limit.among for limit in found.limits}
    assert limits["fast_word"] == (True,) and set(limits["scenario"]) == {"deal", "cuts"}
    assert (found.coverage, found.density) == (1.0, 1.0)
    said = found.in_words()
    assert "fast word is on" in said
    assert "scenario is one of deal, cuts" in said or "scenario is one of cuts, deal" in said
    off = discover(points, ~points["fast_word"])
    assert "fails when fast word is off" in off.in_words()


def test_lists_may_be_categories():
    points = drawn(120)[["blame_culture"]]
    points["services"] = [(), ("health", "housing")] * 60
    found = discover(points, points["services"].map(len) > 0)
    assert found.limits[0].among == (("health", "housing"),)


def test_whole_numbers_are_cut_as_numbers():
    points = drawn(300, seed=4)
    found = discover(points, points["link_workers"] < 6)
    (limit,) = found.limits
    assert limit.factor == "link_workers" and 5.0 <= limit.below < 6.0
    assert found.coverage == 1.0 and found.density == 1.0


def test_constant_factors_are_passed_over():
    points = drawn(200)
    points["nerve"], points["place"] = 0.5, "all"
    assert discover(points, planted(points)).outcome == "box"
    still = pd.DataFrame({"nerve": np.full(100, 0.5), "place": ["all"] * 100})
    found = discover(still, pd.Series(np.arange(100) % 2 == 0))
    assert found.outcome == "no box" and found.limits == ()
    assert found.in_words() == "No conditions were found under which it fails more than elsewhere; 50 % fail overall."


@pytest.mark.parametrize(("fails", "outcome"), [(False, "never fails"), (True, "always fails")])
def test_none_or_all_fail(fails, outcome):
    found = discover(drawn(100), pd.Series(np.full(100, fails)))
    assert found.outcome == outcome and found.limits == ()
    assert outcome.split()[0] in found.in_words()


@pytest.mark.parametrize("n", [0, 1, 30])
def test_few_points_cannot_tell(n):
    found = discover(drawn(n), pd.Series(np.arange(n) % 2 == 0, dtype=bool))
    assert found.outcome == "cannot tell" and "cannot be told" in found.in_words()


def test_few_failures_cannot_tell():
    assert discover(drawn(200), pd.Series(np.arange(200) < 9)).outcome == "cannot tell"
    assert discover(drawn(200), pd.Series(np.arange(200) >= 9)).outcome == "cannot tell"


def test_points_without_an_outcome_are_left_out():
    points = drawn(500)
    fails = planted(points).astype(object)
    fails[::10] = None
    found = discover(points, fails)
    assert (found.points, found.points_left_out) == (450, 50)
    assert found.outcome == "box"


def test_boxes_may_be_asked_to_be_dense():
    points = drawn(200)
    found = discover(points, planted(points, inside=0.5), least_density=0.99)
    assert found.outcome == "no box" or found.density >= 0.99


def test_it_is_silent_and_repeatable(capfd):
    points = drawn(200)
    once, again = (discover(points, planted(points), seed=4) for _ in range(2))
    assert once.in_words() == again.in_words()
    said = capfd.readouterr()
    assert said.out == "" and said.err == ""


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="do not fit"):
        discover(drawn(50), pd.Series([True]))
    with pytest.raises(InputError, match="folds"):
        discover(drawn(50), pd.Series(np.arange(50) % 2 == 0), folds=1)
