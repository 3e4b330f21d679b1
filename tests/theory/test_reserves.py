"""A group's money as theory has it: income that reverts to one, reserves that walk, and how often that ends."""

from __future__ import annotations

import numpy as np
import pytest

from dealsim import chance as ch
from dealsim.agents.group import GroupParameters, group_ends, own_income_after_month, reserves_after_month
from dealsim.compiled import interpreted
from dealsim.curves import inverse_normal
from tests.worlds import life, policy_with, start

P = GroupParameters()._replace(income_memory=0.85, income_noise=0.12, reserve_ceiling=36.0, crowding=0.0)
income_next, reserves_next, ends = (
    interpreted(rule) for rule in (own_income_after_month, reserves_after_month, group_ends)
)
GROUPS, MONTHS = 600, 120


def noise(group: int, month: int) -> float:
    return inverse_normal(ch.chance(3, ch.GROUP_INCOME, month, group, 0))


@pytest.fixture(scope="module")
def walks():
    """Income and reserves of groups that begin at one and at eighteen months, without grants, and never close."""
    income = np.ones((GROUPS, MONTHS + 1))
    reserves = np.full((GROUPS, MONTHS + 1), 18.0)
    for group in range(GROUPS):
        for month in range(MONTHS):
            income[group, month + 1] = income_next(income[group, month], noise(group, month), P)
            reserves[group, month + 1] = reserves_next(
                reserves[group, month], income[group, month + 1], 0.0, 0.2, P._replace(reserve_ceiling=1e9)
            )
    return income, reserves


def test_income_has_its_stationary_spread(walks):
    """SD = σ/√(1−ρ²); within four standard errors."""
    income, _ = walks
    expected = P.income_noise / np.sqrt(1.0 - P.income_memory**2)
    assert abs(income[:, -1].std() / expected - 1.0) < 4.0 / np.sqrt(2 * GROUPS)
    assert abs(income[:, -1].mean() - 1.0) < 4.0 * expected / np.sqrt(GROUPS)


def test_income_forgets_at_its_pace(walks):
    income, _ = walks
    lag = np.corrcoef(income[:, -13], income[:, -1])[0, 1]
    assert abs(lag - P.income_memory**12) < 4.0 / np.sqrt(GROUPS)


def test_reserves_walk_without_drift_and_spread_as_a_walk_does(walks):
    """The variance of a sum of reverting incomes: (12/13)²·Σ_i Σ_j cov(i, j), summed exactly."""
    _, reserves = walks
    moved = reserves[:, -1] - 18.0
    rho, n = P.income_memory, MONTHS
    weights = np.array([(1.0 - rho ** (n - k + 1)) / (1.0 - rho) for k in range(1, n + 1)])
    expected = 12.0 / 13.0 * P.income_noise * np.sqrt((weights**2).sum())
    assert abs(moved.mean()) < 4.0 * expected / np.sqrt(GROUPS)
    assert abs(moved.std() / expected - 1.0) < 4.0 / np.sqrt(2 * GROUPS)


def test_a_grant_moves_reserves_by_what_is_left_of_it():
    month = reserves_next(10.0, 1.0, 0.3, 0.2, P) - 10.0
    assert month == pytest.approx(12.0 / 13.0 * 0.3 * 0.8)


def test_the_engine_walks_as_the_rule_does():
    """Group by group and month by month, with the engine's own numbers: income and reserves are the rule's."""
    world = start()
    before = {name: column.copy() for name, column in world.borough.groups._asdict().items()}
    p = world.parameters.group
    lived = life(policy_with(1), seed=3)
    after = lived.borough.groups
    for g in np.flatnonzero((before["alive"] == 1) & (before["grant_share"] == 0.0)).tolist():
        draw = inverse_normal(ch.chance(3, ch.GROUP_INCOME, 0, int(before["id"][g]), 0))
        income = income_next(before["own_income"][g], draw, p)
        left = reserves_next(before["reserves"][g], income, 0.0, p.overhead_tender, p)
        closes = ends(left, before["volunteers"][g], 0 - before["born"][g], p)
        assert after.own_income[g] == income
        assert after.reserves[g] == (0.0 if closes else left)
        assert bool(after.alive[g]) is not closes


def test_groups_close_more_often_with_less_in_hand():
    """Ruin of a walk: without grants, of groups that begin with one, six and eighteen months."""

    def closed(months_in_hand: float) -> int:
        count = 0
        for group in range(200):
            income, reserves = 1.0, months_in_hand
            for month in range(60):
                income = income_next(income, noise(group, month), P)
                reserves = reserves_next(reserves, income, 0.0, 0.2, P)
                if ends(reserves, 10, 1000, P):
                    count += 1
                    break
        return count

    few, some, many = closed(1.0), closed(6.0), closed(18.0)
    assert few > some > many
