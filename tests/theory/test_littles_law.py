"""Open episodes: Little's law in a whole borough, and the exact stationary share where needs only come and go."""

from __future__ import annotations

import numpy as np
import pytest

from dealsim.engine import branch
from dealsim.levers import policy_of
from dealsim.parameters import Parameters
from tests.model.boroughs import small_world


def needs_only(**citizen: float) -> Parameters:
    """Nobody seeks help, nobody is better or worse placed: needs come and go with the same chance for everyone."""
    base = Parameters()
    return base._replace(
        citizen=base.citizen._replace(
            arrival_deprivation=0.0, arrival_older=0.0, arrival_young=0.0, arrival_condition=0.0, arrival_carer=0.0,
            arrival_wellbeing=0.0, agency_slope=0.0, support_strength=0.0, group_help_emerging=0.0,
            group_help_acute=0.0, seek_emerging=0.0, seek_acute=0.0, seek_crisis=0.0, seek_again=0.0, **citizen,
        )
    )  # fmt: skip


def test_in_a_two_state_life_the_share_in_need_is_exact():
    """λ/(λ+ρ), within four standard errors of a mean over weeks that remember each other by 1−λ−ρ."""
    arrives, ends = 0.01, 0.08 / 2.0  # without support half of the base is put right
    p = needs_only(arrival_base=arrives, resolve_emerging=0.08, escalate_emerging=0.0)
    world = branch(small_world(3000, 1, 6, weeks=104, parameters=p), policy_of(1, 1), 4, 1)
    weeks = 400
    shares = np.empty(weeks)
    for week in range(weeks):
        world.step()
        shares[week] = (world.borough.citizens.need > 0).mean()
    expected = arrives / (arrives + ends)
    memory = 1.0 - arrives - ends
    error = np.sqrt(expected * (1 - expected) / 3000 * (1 + memory) / (1 - memory) / weeks)
    assert error < 0.015 * expected, "too small to tell"
    assert abs(shares.mean() - expected) < 4.0 * error


def test_in_a_four_state_life_each_level_has_its_exact_share():
    """0 → 1 → 2 → 3 with own ends, and a crisis that nobody ends: who is not yet in one, by matrix powers."""
    lam, r1, r2, e1, e2 = 0.01, 0.03, 0.015, 0.02, 0.03
    p = needs_only(
        arrival_base=lam, resolve_emerging=2 * r1, resolve_acute=2 * r2, escalate_emerging=e1, escalate_acute=e2
    )
    world = branch(small_world(3000, 1, 6, weeks=0, parameters=p), policy_of(1, 1), 4, 1)
    world.borough.citizens.arrival[:] = lam
    steps = np.array(
        [[1 - lam, lam, 0, 0], [r1, 1 - r1 - e1, e1, 0], [r2, 0, 1 - r2 - e2, e2], [0, 0, 0, 1]]
    )  # fmt: skip
    state = np.array([1.0, 0, 0, 0])
    for week in range(1, 201):
        world.step()
        state = state @ steps
        if week % 50 == 0:
            found = np.bincount(world.borough.citizens.need, minlength=4)
            expected = state * 3000
            deviation = np.sqrt(expected * (1 - state))
            assert np.all(np.abs(found - expected) < 4.0 * deviation), f"week {week}: {found}, expected {expected}"


@pytest.fixture(scope="module")
def episodes():
    """Every episode of twenty years of the old regime: when it began, how long it lasted, how many were open."""
    weeks = 1040
    world = branch(small_world(3000, 1, 6, weeks=260), policy_of(1, 1), 5, weeks)
    c = world.borough.citizens
    begun = np.full(c.id.size, -1)  # a need there from the start counts as begun a week before
    found = []
    open_now = np.empty(weeks)
    there = int((c.need > 0).sum())
    for week in range(weeks):
        episode = c.episode.copy()
        in_need = c.need > 0
        world.step()
        new = c.episode > episode
        ended = in_need & (c.need == 0) & ~new
        found += [(at, week - max(0, at)) for at in begun[ended].tolist()]
        found += [(week, 0)] * int((new & (c.need == 0)).sum())  # begun and ended in one week
        begun[new] = week
        open_now[week] = (c.need > 0).sum()
    found += [(at, weeks - max(0, at)) for at in begun[c.need > 0].tolist()]
    return open_now, np.array(found, float), there, world.record.flows[..., 0].sum()


def test_weeks_in_need_are_the_weeks_of_the_episodes(episodes):
    """The identity behind Little's law: nobody's week of need is lost or counted twice."""
    open_now, found, there, arrivals = episodes
    assert len(found) == there + arrivals
    assert open_now.sum() == found[:, 1].sum()


def test_open_episodes_are_arrivals_times_their_length(episodes):
    """L = λ·W in a stationary borough, of those whose need arose in the first sixteen years.

    Tolerance: four standard errors of the mean length of an episode.
    """
    open_now, found, _, _ = episodes
    window = 832
    length = found[(found[:, 0] >= 0) & (found[:, 0] < window), 1]
    rate = length.size / window
    tolerance = 4.0 * length.std() / np.sqrt(length.size)
    assert tolerance < 0.06 * length.mean(), "too few episodes to tell"
    assert abs(open_now[:window].mean() / rate - length.mean()) < tolerance
