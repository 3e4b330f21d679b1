"""Designs: the right number of points, evenly spread, the same for the same seed, and longer without losing any."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealsim.levers import LEVERS
from dealsim.parameters import Parameters, every_parameter
from dealsim.scenarios import load
from dealsim.sweeps.designs import Design, count_points, points_of
from dealsim.sweeps.factors import applied, factor_names, factor_of

FACTORS = [factor_of(name) for name in ("blame_culture", "citizen.trust_gain", "fast_word", "commissioning")]


@pytest.mark.parametrize(
    "design, points",
    [
        (Design("latin_hypercube", (12,)), 12),
        (Design("latin_hypercube", (12, 5)), 17),
        (Design("quasi_random", (16,)), 16),
        (Design("sobol", (8,)), 8 * (4 + 2)),
        (Design("morris", (3,)), 3 * (4 + 1)),
        (Design("factorial", (3,)), 3 * 3 * 2 * 2),
        (Design("latin_hypercube", (4,), (6,)), 4 * (6 + 1)),
    ],
)
def test_a_design_has_its_points(design, points):
    made = points_of(design, FACTORS, 7)
    assert len(made) == points == count_points(design, FACTORS)
    assert made.unit.shape == (points, 4) and made.unit.min() >= 0 and made.unit.max() <= 1
    again = points_of(design, FACTORS, 7)
    assert again.values == made.values and np.array_equal(again.unit, made.unit)
    if design.kind != "factorial":
        assert points_of(design, FACTORS, 8).values != made.values
    for row in made.values:
        assert 0 <= row[0] <= 1 and isinstance(row[2], bool) and row[3] in ("tender", "partnership")


@pytest.mark.parametrize(
    "small, large",
    [
        (Design("quasi_random", (8,)), Design("quasi_random", (32,))),
        (Design("sobol", (8,)), Design("sobol", (16,))),
        (Design("morris", (2,)), Design("morris", (5,))),
        (Design("latin_hypercube", (6,)), Design("latin_hypercube", (6, 9))),
    ],
)
def test_a_longer_design_begins_with_the_shorter(small, large):
    one, other = points_of(small, FACTORS, 1), points_of(large, FACTORS, 1)
    assert other.values[: len(one)] == one.values


def test_a_latin_hypercube_visits_every_row_of_every_factor_once():
    unit = points_of(Design("latin_hypercube", (20,)), FACTORS, 1).unit
    for column in unit.T:
        assert sorted((column * 20).astype(int)) == list(range(20))


def test_a_factorial_design_is_every_combination():
    values = points_of(Design("factorial", (2,)), FACTORS[:3], 1).values
    assert set(values) == set(itertools.product((0.0, 1.0), (FACTORS[1].low, FACTORS[1].high), (False, True)))


def test_a_step_of_morris_moves_one_factor():
    unit = points_of(Design("morris", (4,)), FACTORS, 1).unit.reshape(4, 5, 4)
    assert ((np.diff(unit, axis=1) != 0).sum(axis=2) == 1).all()


def test_crossed_futures_begin_with_the_best_guess_and_meet_every_mix():
    made = points_of(Design("latin_hypercube", (3,), (2,)), FACTORS, 1)
    worlds = [row[1:3] for row in made.values]
    assert worlds[0] == (every_parameter()["citizen.trust_gain"][1], False)
    mixes = [(row[0], row[3]) for row in made.values]
    assert mixes[:3] == mixes[3:6] == mixes[6:9] and len(set(worlds)) == 3


@given(st.sampled_from(factor_names()), st.floats(0, 1))
def test_whatever_share_is_asked_for_the_value_is_allowed(name, share):
    factor = factor_of(name)
    value = factor.at(share)
    if factor.values:
        assert value in factor.values
    else:
        assert factor.low <= value <= factor.high and (not factor.is_whole or isinstance(value, int))
        if not factor.is_whole:
            assert factor.share_of(value) == pytest.approx(share, abs=1e-9)
    if not factor.values:
        assert factor.at(factor.share_of(value)) == pytest.approx(value)


@pytest.mark.parametrize("name", [*LEVERS, "fast_word", "citizen.trust_gain"])
def test_a_factor_at_its_usual_value_changes_nothing(name):
    factor = factor_of(name)
    base = load("old_regime")
    scenario, parameters = applied(base, [factor], [factor.usual_under(())])
    assert parameters == Parameters()
    weeks, places = 60, ("Leigh", "Wigan")
    assert all(map(np.array_equal, scenario.policy(weeks, places), base.policy(weeks, places)))


def test_a_held_lever_replaces_all_a_scenario_says_of_it():
    factor = factor_of("permission_to_innovate")
    scenario, _ = applied(load("deal"), [factor], [0.9])
    assert set(scenario.policy(520, ("Leigh",)).permission_to_innovate.ravel()) == {0.9}


def test_a_lever_held_from_a_date_is_at_its_old_value_before():
    from dataclasses import replace

    factor = replace(factor_of("permission_to_innovate"), since="2013-04-01")
    scenario, _ = applied(load("deal"), [factor], [0.9])
    table = scenario.policy(520, ("Leigh",)).permission_to_innovate
    assert set(table[:104].ravel()) == {0.15} and set(table[104:].ravel()) == {0.9}


def test_a_rival_can_be_switched_on_and_a_scenarios_own_off():
    factor = factor_of("fast_word")
    scenario, parameters = applied(load("deal"), [factor], [True])
    assert scenario.rivals == ("fast_word",) and parameters.staff.permission_peers == 0.3
    assert applied(scenario, [factor], [False])[1] == Parameters()
