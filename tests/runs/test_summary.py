"""Sums: intervals, pairs needed, verdicts and what follows from whole pairs, against hand sums."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dealsim.summary import (
    MetricInfo,
    interval,
    pair_outcomes,
    pairs_needed,
    payback_week,
    smoothed,
    summarise,
    verdict_of,
)

METRICS = {
    "mean_trust": MetricInfo("Trust", "0–1", "up"),
    "cumulative_saving": MetricInfo("Saving", "£", "up"),
}
VALUES = st.lists(st.floats(-100, 100, allow_nan=False).map(lambda v: round(v, 3)), min_size=2, max_size=12)


def table(values, scenario="base", metric="mean_trust", group="all", start=0):
    """Rows of a series: one replicate a list of weekly values."""
    return pd.DataFrame(
        [
            (scenario, replicate, start + week, metric, group, float(value))
            for replicate, lived in enumerate(values)
            for week, value in enumerate(lived)
        ],
        columns=["scenario", "replicate", "week", "metric", "group", "value"],
    )


def test_the_interval_is_students():
    mean, low, high = interval(np.array([1.0, 2.0, 3.0]))
    assert mean == 2.0
    assert high - mean == pytest.approx(4.302653 / math.sqrt(3))
    assert mean - low == pytest.approx(high - mean)


def test_one_value_has_no_interval():
    assert interval(np.array([4.0]))[0] == 4.0
    assert all(math.isnan(end) for end in interval(np.array([4.0]))[1:])


@given(VALUES)
def test_pairs_needed_is_the_smallest_number_that_would_do(values):
    differences = np.array(values)
    needed = pairs_needed(differences)
    mean, sd = abs(differences.mean()), differences.std(ddof=1)
    if mean == 0:
        assert math.isnan(needed)
        return
    assert stats.t.ppf(0.975, needed - 1) * sd / math.sqrt(needed) < mean * (1 + 1e-9)
    if needed > 2:
        assert stats.t.ppf(0.975, needed - 2) * sd / math.sqrt(needed - 1) >= mean * (1 - 1e-6)


@pytest.mark.parametrize(
    ("low", "high", "good", "said"),
    [
        (1, 2, "up", "better"),
        (1, 2, "down", "worse"),
        (-2, -1, "down", "better"),
        (-2, -1, "up", "worse"),
        (-1, 1, "up", "cannot tell"),
        (0, 1, "up", "cannot tell"),
        (0, 0, "up", "no difference"),
        (1, 2, "", "higher"),
        (-2, -1, "", "lower"),
        (math.nan, math.nan, "up", "cannot tell"),
    ],
)
def test_nothing_is_claimed_that_the_interval_does_not_show(low, high, good, said):
    assert verdict_of(low, high, good) == said


def test_outcomes_are_means_of_the_last_two_years_of_each_replicate():
    rows = table([[9.0] * 52 + [1.0] * 104, [9.0] * 52 + [3.0] * 104])
    found = summarise(rows, ["base"], 156, METRICS).iloc[0]
    assert found["mean"] == 2.0
    assert found["n"] == 2


def test_a_pair_with_one_half_missing_is_left_out_of_the_difference():
    rows = pd.concat([table([[1.0], [2.0], [4.0]]), table([[2.0], [4.0]], "new")])
    found = summarise(rows, ["base", "new"], 1, METRICS).iloc[1]
    assert found["pairs"] == 2
    assert found["difference"] == 1.5


def test_the_saving_counts_at_its_end():
    rows = pd.concat([table([[1.0] * 4] * 2), table([[1, 2, 3, 4], [3, 4, 5, 6]], "new", "cumulative_saving")])
    found = summarise(rows, ["base", "new"], 4, METRICS)
    row = found[found["metric"] == "cumulative_saving"].iloc[0]
    assert row["mean"] == row["difference"] == 5.0


@given(VALUES)
def test_it_pays_back_in_the_first_week_after_the_last_debt(values):
    saved = np.array(values)
    week = payback_week(saved)
    if math.isnan(week):
        assert saved[-1] < 0 or not (saved > 0).any()
    else:
        assert (saved[int(week) :] >= 0).all()
        assert week == 0 or saved[int(week) - 1] < 0


def test_a_smoothed_value_is_the_mean_of_twelve_weeks():
    smooth = smoothed(table([range(40)]), ["mean_trust"])["mean_trust", "all", "base"]
    assert smooth.loc[15, 0] == pytest.approx(np.mean(range(4, 16)))


def test_half_the_effect_and_the_early_dip_are_found():
    weeks = 520
    base, new = [1.0] * weeks, [1.0] * 52 + [0.5] * 26 + [1.0] * 122 + [2.0] * 320
    rows = pd.concat([table([base, base]), table([new, new], "new")])
    found = pair_outcomes(rows, ["base", "new"], weeks, METRICS, ["mean_trust"]).set_index("outcome")
    assert 200 < found.loc["half_effect_week", "mean"] <= 212
    assert found.loc["early_dip", "mean"] == pytest.approx(-0.5)


def test_one_odd_quarter_is_not_half_the_effect():
    weeks = 520
    new = [1.0] * 52 + [2.0] * 12 + [1.0] * 236 + [2.0] * 220
    rows = pd.concat([table([[1.0] * weeks]), table([new], "new")])
    found = pair_outcomes(rows, ["base", "new"], weeks, METRICS, ["mean_trust"]).set_index("outcome")
    assert 296 < found.loc["half_effect_week", "mean"] <= 316


def test_what_is_kept_two_years_after_support_stops():
    weeks = 6 * 52
    stop = 2 * 52
    effect = [4.0] * stop + [1.0] * (weeks - stop)
    both = pd.concat([table([[0.0] * weeks]), table([effect], scenario="stopped")])
    found = pair_outcomes(both, ("base", "stopped"), weeks, METRICS, ("mean_trust",), {"stopped": (0, stop)})
    kept = found[found["outcome"] == "retention"]
    assert kept["mean"].tolist() == pytest.approx([0.25])
    endless = pair_outcomes(both, ("base", "stopped"), weeks, METRICS, ("mean_trust",))
    assert "retention" not in set(endless["outcome"])


def test_the_early_dip_is_that_of_the_two_years_after_the_first_change():
    weeks = 520
    new = [1.0] * 208 + [0.4] * 26 + [1.0] * (weeks - 234)
    rows = pd.concat([table([[1.0] * weeks]), table([new], "late")])
    of_start = pair_outcomes(rows, ["base", "late"], weeks, METRICS, ["mean_trust"]).set_index("outcome")
    of_change = pair_outcomes(rows, ["base", "late"], weeks, METRICS, ["mean_trust"], {"late": (200, weeks)})
    assert of_start.loc["early_dip", "mean"] == 0.0
    assert of_change.set_index("outcome").loc["early_dip", "mean"] == pytest.approx(-0.6)
