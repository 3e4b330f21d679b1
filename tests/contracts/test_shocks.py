"""Every declared shock is felt, in whichever week it comes, and however short it is."""

from __future__ import annotations

import pytest

from dealsim.engine import state_hash
from dealsim.levers import SHOCKS
from tests.worlds import life, policy_with

WEEKS = 60
STANDS = {"permission_to_innovate": 0.9, "leaders_holding_permission": 3.0}
STRENGTH = {"leader_leaves": 1.0, "scandal": 3.0, "demand": 5.0, "budget_shock": 0.5, "leaders_stay": 1.0}
COLUMN = {"demand_shock": "demand"}
"""Where the column of policy is named otherwise than the shock."""


def column_of(shock: str) -> str:
    return COLUMN.get(shock, shock)


def test_every_shock_has_a_strength():
    assert {column_of(shock) for shock in SHOCKS} == set(STRENGTH)


def cases():
    """Every shock in every one of these weeks; budgets are read once a quarter, which misses a shock inside one."""
    missed = pytest.mark.xfail(reason="budgets are read once a quarter", strict=True)
    for shock in SHOCKS:
        for first in (0, 5, 13, 27):
            is_missed = shock == "budget_shock" and first in (5, 27)
            yield pytest.param(shock, first, marks=missed if is_missed else ())


@pytest.mark.parametrize(("shock", "first"), list(cases()))
def test_a_shock_of_four_weeks_is_felt_whenever_it_comes(shock, first):
    name = column_of(shock)
    values = {"service.leader_exit": 0.6, "service.pressure": 2.0}
    usual = policy_with(WEEKS, **STANDS)
    shocked = policy_with(WEEKS, **STANDS)
    weeks = 40 if shock == "leaders_stay" else 4  # a spell of stable leadership shows where somebody would have left
    getattr(shocked, name)[first : first + weeks] = STRENGTH[name]
    felt = [state_hash(life(usual, values, seed)) != state_hash(life(shocked, values, seed)) for seed in (1, 2, 3)]
    assert any(felt), f"a {shock.replace('_', ' ')} in week {first} changes nothing"
