"""Every declared shock is felt, in whichever week it comes, and however short it is."""

from __future__ import annotations

import pytest

from dealsim import tally as ta
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


@pytest.mark.parametrize("first", [0, 5, 13, 27])
@pytest.mark.parametrize("shock", SHOCKS)
def test_a_shock_of_four_weeks_is_felt_whenever_it_comes(shock, first):
    name = column_of(shock)
    values = {"service.leader_exit": 0.6, "service.pressure": 2.0}
    usual = policy_with(WEEKS, **STANDS)
    shocked = policy_with(WEEKS, **STANDS)
    weeks = 40 if shock == "leaders_stay" else 4  # a spell of stable leadership shows where somebody would have left
    getattr(shocked, name)[first : first + weeks] = STRENGTH[name]
    felt = [state_hash(life(usual, values, seed)) != state_hash(life(shocked, values, seed)) for seed in (1, 2, 3)]
    assert any(felt), f"a {shock.replace('_', ' ')} in week {first} changes nothing"


@pytest.mark.parametrize("first", [5, 13, 24])
def test_a_budget_shock_takes_staff_for_exactly_its_weeks(first):
    shocked = policy_with(WEEKS)
    shocked.budget_shock[first : first + 4] = 0.2
    usual, struck = (
        life(policy, seed=1).record.money[:, :, ta.M_CAPACITY].mean(axis=1) for policy in (policy_with(WEEKS), shocked)
    )
    struck_weeks = struck < usual - 0.05
    assert struck_weeks.nonzero()[0].tolist() == list(range(first, first + 4))
