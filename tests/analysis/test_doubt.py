"""Chance and doubt told apart: against hand sums, the textbook's analysis of variance, and worlds whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from dealsim.analysis.doubt import AGREEING, Doubt, by_set, doubt_of, lives_needed

VALUES = st.integers(-1000, 1000).map(lambda whole: whole / 8)
GROUPS = st.lists(st.lists(VALUES, min_size=1, max_size=5).map(np.array), min_size=2, max_size=8)


def groups_of(*lives):
    return [np.array(own, float) for own in lives]


def test_a_small_table_by_hand():
    found = doubt_of(groups_of([0, 2], [4, 6]))  # means 1 and 5; w² = 4 / 2; c = 1; between 8
    assert found.sets == 2 and found.mean == 3.0
    assert found.chance == pytest.approx(math.sqrt(1 / 2))
    assert found.doubt == pytest.approx(math.sqrt(7))
    assert found.chance_high - found.mean == pytest.approx(4.302653 * math.sqrt(1 / 2))
    assert found.high - found.mean == pytest.approx(12.706205 * 2)
    assert (found.sets_low, found.sets_high) == pytest.approx((3 - 2 * math.sqrt(7 / 8), 3 + 2 * math.sqrt(7 / 8)))
    assert found.agree == 1.0


def test_a_table_with_unequal_lives_by_hand():
    found = doubt_of(groups_of([1, 3, 5], [-4]))  # means 3 and −4; w² = 8 / 2; c = 4·(1/3 + 1)/2
    assert found.mean == -0.5
    assert found.chance == pytest.approx(math.sqrt(4 * (4 / 3) / 2 / 2))
    assert found.doubt**2 == pytest.approx(24.5 - 8 / 3)
    assert found.agree == 0.5


@given(st.integers(2, 6), st.integers(2, 5), st.data())
def test_equal_lives_give_the_textbooks_analysis_of_variance(sets, lives, data):
    groups = [np.array(data.draw(st.lists(VALUES, min_size=lives, max_size=lives))) for _ in range(sets)]
    within = float(np.mean([own.var(ddof=1) for own in groups]))
    assume(within > 1e-6)
    ratio = float(stats.f_oneway(*groups).statistic)
    assert doubt_of(groups).doubt ** 2 == pytest.approx(max(0.0, within * (ratio - 1) / lives), rel=1e-6, abs=1e-6)


@given(GROUPS)
def test_the_two_parts_add_up_to_the_variance_of_the_mean(groups):
    found = doubt_of(groups)
    assume(math.isfinite(found.doubt) and found.doubt > 0.0)
    whole = ((found.high - found.mean) / stats.t.ppf(0.975, found.sets - 1)) ** 2
    assert found.chance**2 + found.doubt**2 / found.sets == pytest.approx(whole, rel=1e-6)


@given(st.lists(VALUES, min_size=2, max_size=5), st.integers(2, 8))
def test_sets_that_all_live_the_same_leave_no_doubt(lives, sets):
    found = doubt_of([np.array(lives)] * sets)
    assert found.doubt == pytest.approx(0.0, abs=1e-6)
    assert found.sets_low == pytest.approx(found.mean, abs=1e-6) == pytest.approx(found.sets_high, abs=1e-6)


@given(st.lists(VALUES, min_size=2, max_size=8), st.integers(2, 4))
def test_lives_that_are_all_the_same_leave_no_chance(means, lives):
    found = doubt_of([np.full(lives, mean) for mean in means])
    assert found.chance == 0.0 and found.chance_low == found.mean == found.chance_high
    assert found.doubt == pytest.approx(np.std(means, ddof=1), abs=1e-9)
    assert min(means) - 1e-9 <= found.sets_low <= found.sets_high <= max(means) + 1e-9


@given(GROUPS, VALUES)
def test_a_shift_moves_the_ends_and_no_spread(groups, shift):
    before, after = doubt_of(groups), doubt_of([own + shift for own in groups])
    for name in Doubt._fields:
        if name not in ("agree", "doubt"):
            moved = 0.0 if name in ("sets", "chance") else shift
            assert getattr(after, name) == pytest.approx(getattr(before, name) + moved, abs=1e-6, nan_ok=True), name
    assert after.doubt**2 == pytest.approx(before.doubt**2, abs=1e-6, nan_ok=True)


@given(GROUPS)
def test_the_range_over_sets_is_no_wider_than_what_was_seen(groups):
    found = doubt_of(groups)
    assume(math.isfinite(found.sets_low))
    means = [own.mean() for own in groups]
    assert min(means) - 1e-9 <= found.sets_low <= found.sets_high <= max(means) + 1e-9
    assert 0.0 <= found.agree <= 1.0 and found.doubt >= 0.0


def test_one_life_of_each_set_cannot_tell_chance_from_doubt():
    found = doubt_of(groups_of([1], [2], [4]))
    assert math.isfinite(found.low) and math.isnan(found.chance) and math.isnan(found.doubt) and math.isnan(found.agree)


def test_one_set_has_chance_and_no_interval_over_sets():
    found = doubt_of(groups_of([1, 2, 4]))
    assert math.isfinite(found.chance_low) and math.isnan(found.low) and math.isnan(found.doubt)


def test_nothing_has_no_figures():
    assert doubt_of([]).sets == 0 and all(math.isnan(value) for value in doubt_of([])[1:])


def test_replicates_go_round_the_sets_and_those_without_a_value_are_left_out():
    groups = by_set({4: 4.0, 0: 0.0, 1: math.nan, 3: 3.0}, 3)
    assert [own.tolist() for own in groups] == [[0.0, 3.0], [4.0]]


@pytest.mark.parametrize(("sets", "lives", "doubt"), [(40, 4, 1.0), (100, 2, 1.0), (24, 4, 3.0)])
def test_the_range_holds_nine_in_ten_of_further_sets(sets, lives, doubt):
    """In worlds where a set's truth is normal, with chance twice as wide as nothing at all or a third of the doubt."""
    draw = np.random.default_rng(1)
    held, squares = [], []
    for _ in range(600):
        truth = draw.normal(0.0, doubt, sets)
        found = doubt_of([draw.normal(one, 1.0, lives) for one in truth])
        held.append(stats.norm.cdf(found.sets_high, 0.0, doubt) - stats.norm.cdf(found.sets_low, 0.0, doubt))
        squares.append(found.doubt**2)
    assert np.mean(held) == pytest.approx(0.9, abs=0.01)
    assert np.mean(squares) == pytest.approx(doubt**2, abs=4 * np.std(squares) / math.sqrt(600))


def test_the_interval_of_the_mean_carries_both_and_that_of_chance_only_its_own():
    draw = np.random.default_rng(2)
    of_all = of_chance = 0
    for _ in range(1000):
        truth = draw.normal(0.0, 1.0, 12)
        found = doubt_of([draw.normal(one, 2.0, 3) for one in truth])
        of_all += found.low <= 0.0 <= found.high
        of_chance += found.chance_low <= truth.mean() <= found.chance_high
    error = 4 * math.sqrt(0.05 * 0.95 / 1000)
    assert of_all / 1000 == pytest.approx(0.95, abs=error) and of_chance / 1000 == pytest.approx(0.95, abs=error)


@given(GROUPS)
def test_the_lives_needed_are_the_fewest_that_would_do(groups):
    needed, found = lives_needed(groups), doubt_of(groups)
    assume(math.isfinite(needed) and needed < 1e6)
    counts = np.array([len(own) for own in groups], float)
    within = found.chance**2 * found.sets / float((1 / counts).mean())

    def half(lives_of_a_set):
        spread = math.sqrt((found.doubt**2 + within / lives_of_a_set) / found.sets)
        return float(stats.t.ppf(0.975, found.sets - 1)) * spread

    each = needed / found.sets
    assert each == int(each) and each >= 2
    assert half(each) <= abs(found.mean) * (1 + 1e-9)
    assert each == 2 or half(each - 1) >= abs(found.mean) * (1 - 1e-9)


def test_where_doubt_alone_is_too_wide_no_number_of_lives_would_do():
    assert math.isnan(lives_needed(groups_of([-5, -5], [6, 6])))
    assert AGREEING == 0.9
