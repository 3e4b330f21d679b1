"""Screening: effects of one factor at a time, and what of them chance alone would give."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dealsim.analysis.sensitivity import morris_effects
from dealsim.errors import InputError
from tests.analysis.known import ishigami, trajectories, with_chance

NAMES = ("one", "two", "three")


def test_a_linear_function_has_its_slopes_and_no_sigma():
    unit = trajectories(12, 3)
    found = morris_effects((unit @ [3.0, -2.0, 0.0])[:, :, None], unit, NAMES).effects
    assert found["mu"].to_list() == pytest.approx([3.0, -2.0, 0.0])
    assert found["mu_star"].to_list() == pytest.approx([3.0, 2.0, 0.0])
    assert found["sigma"].to_list() == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
    assert found["mu_star_high"].to_list() == pytest.approx([3.0, 2.0, 0.0])


def test_it_gives_salibs_effects():
    from SALib.analyze import morris as analysed
    from SALib.sample import morris as drawn

    problem = {"num_vars": 3, "names": list(NAMES), "bounds": [[0.0, 1.0]] * 3}
    points = drawn.sample(problem, 40, num_levels=4, seed=1)
    theirs = analysed.analyze(problem, points, ishigami(points), num_levels=4, seed=1)
    unit = points.reshape(40, 4, 3)
    found = morris_effects(ishigami(unit)[:, :, None], unit, NAMES).effects
    for measure in ("mu", "mu_star", "sigma"):
        assert found[measure].to_list() == pytest.approx(list(theirs[measure])), measure
    half = (found["mu_star_high"] - found["mu_star_low"]) / 2.0
    assert half.to_list() == pytest.approx(list(theirs["mu_star_conf"]), rel=0.25, abs=1e-6)


def test_chance_is_told_from_effects():
    unit = trajectories(60, 3)
    values = with_chance(unit @ [4.0, 0.0, 0.0], 4, spread=1.0, shared=3.0)
    found = morris_effects(values, unit, NAMES).effects.set_index("factor")
    # an effect is a difference of two runs over a step of a half, from four replicates
    error = math.sqrt(2.0) / 0.5 / math.sqrt(4.0)
    of_chance = error * math.sqrt(2.0 / math.pi)
    assert found["mu_star_of_chance"].to_numpy() == pytest.approx(of_chance, rel=0.1)
    assert found["stands_out"].to_list() == [True, False, False]
    assert found.loc["two", "mu_star"] == pytest.approx(of_chance, rel=0.3)
    assert found["sigma"].to_numpy() == pytest.approx(error, rel=0.3)
    assert (found["sigma_of_model"] < 0.6 * found["sigma"]).all()


def test_factors_that_do_nothing_seldom_stand_out():
    false_alarms = 0
    for again in range(40):
        unit = trajectories(20, 3, seed=again)
        values = with_chance(np.zeros(unit.shape[:2]), 3, spread=1.0, seed=again)
        false_alarms += int(morris_effects(values, unit, NAMES, resamples=200).effects["stands_out"].sum())
    assert false_alarms <= 0.08 * 120, "more than chance allows for intervals of 95 %"


def test_one_replicate_cannot_be_told_from_chance():
    unit = trajectories(12, 3)
    found = morris_effects(ishigami(unit)[:, :, None], unit, NAMES)
    assert not found.is_separated and "one replicate" in found.notes[0]
    assert not found.effects["stands_out"].any()
    assert found.effects[["sigma_of_model", "mu_star_of_chance"]].isna().all(axis=None)


def test_steps_with_a_gap_are_left_out_and_counted():
    unit = trajectories(12, 3)
    values = np.repeat((unit @ [3.0, -2.0, 1.0])[:, :, None], 2, axis=2)
    values[0, 0] = math.nan  # the first step of one trajectory
    values[1, 2, 0] = math.inf  # two steps with one replicate left, which tells nothing of chance
    found = morris_effects(values, unit, NAMES)
    assert found.effects["steps_left_out"].sum() == 3
    assert "3 of 36 steps are left out" in found.notes[0]
    assert found.effects["mu"].to_list() == pytest.approx([3.0, -2.0, 1.0])


def test_a_factor_without_a_step_has_no_effect_to_show():
    unit = trajectories(12, 3)
    found = morris_effects(np.full((12, 4, 2), math.nan), unit, NAMES)
    assert found.effects["mu_star"].isna().all() and not found.is_converged


def test_wide_intervals_and_few_trajectories_are_not_converged():
    few = morris_effects(ishigami(trajectories(4, 3))[:, :, None], trajectories(4, 3), NAMES)
    assert not few.is_converged and any("4 trajectories are fewer" in note for note in few.notes)
    unit = trajectories(12, 3)
    wide = morris_effects(with_chance(np.zeros((12, 4)), 2, spread=1.0), unit, NAMES)
    assert not wide.is_converged
    many = trajectories(600, 3)
    assert morris_effects(ishigami(many)[:, :, None], many, NAMES).is_converged


def test_the_same_seed_gives_the_same_numbers():
    unit = trajectories(12, 3)
    once, again = (morris_effects(ishigami(unit)[:, :, None], unit, NAMES, seed=3) for _ in range(2))
    assert once.effects.equals(again.effects)


def test_a_step_that_changes_two_factors_is_refused():
    unit = trajectories(12, 3)
    unit[0, 1] = [0.9, 0.8, 0.7]
    with pytest.raises(InputError, match="one factor"):
        morris_effects(np.zeros((12, 4, 1)), unit, NAMES)
    with pytest.raises(InputError, match="3 factors need"):
        morris_effects(np.zeros((12, 3, 1)), unit, NAMES)
