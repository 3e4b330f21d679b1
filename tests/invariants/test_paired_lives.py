"""More relations between paired lives, beside those of `test_relations`: what must change nothing, and which way
the rest must go.

Each relation states its scope. Where nothing may change, every column of the people named is compared bit for
bit. Where chance plays, twelve paired lives must all agree (by chance once in 4,096).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from dealsim.engine import World, branch, live, state_hash
from dealsim.levers import LEVERS
from dealsim.scenarios import scenario_from
from tests.model.boroughs import copied, small_world
from tests.worlds import (
    RICH,
    SEEDS,
    at_services,
    flow,
    last,
    life,
    policy_with,
    rich_policy,
    start,
    told_apart,
    total,
)  # fmt: skip

WEEKS = 78
OUTSIDE = {"paid_from_outside": 1.0}
"""Programmes paid with new money, so that their price moves no service's capacity."""


def differing(one: World, other: World, kinds: tuple[str, ...] = ("citizens",), but: tuple[str, ...] = ()) -> list[str]:
    """Columns of some kinds that differ in any bit."""
    return [
        f"{kind}.{name}"
        for kind in kinds
        for name, column in getattr(one.borough, kind)._asdict().items()
        if f"{kind}.{name}" not in but and column.tobytes() != getattr(getattr(other.borough, kind), name).tobytes()
    ]


EVERYTHING = ("citizens", "staff", "teams", "services", "places", "leadership", "neighbourhoods", "groups")


class Same(NamedTuple):
    """Two policies, or two sets of values, between which nothing of some kinds may differ."""

    said: str
    one: dict[str, Any]
    other: dict[str, Any]
    raw: dict[str, float] = {}  # noqa: RUF012  (never changed)
    raw_other: dict[str, float] = {}  # noqa: RUF012
    kinds: tuple[str, ...] = ("citizens", "staff", "teams", "groups", "neighbourhoods")
    but: tuple[str, ...] = ()
    ties: bool = True


SAMES = [
    Same("without incidents, blame changes nobody: blame enters through events only",
         {**RICH, "blame_culture": 0.0}, {**RICH, "blame_culture": 1.0}, {"service__incident_base": 0.0}),
    Same("a scandal without pressure changes nobody", {"scandal": 0.0}, {"scandal": 3.0}, {"service__pressure": 0.0}),
    Same("a scandal changes nobody where leaders hold their nerve", {"scandal": 0.0, "nerve": 1.0},
         {"scandal": 3.0, "nerve": 1.0}),
    Same("champions among people without ties change nobody", {**OUTSIDE, "citizen_leadership": 0.0},
         {**OUTSIDE, "citizen_leadership": 100.0}, ties=False),
    Same("programmes that cost nothing may be paid by anyone", {**RICH, "paid_from_outside": 0.0,
         "community_investment": 0.0}, {**RICH, "paid_from_outside": 1.0, "community_investment": 0.0},
         {"service__communications_cost": 0.0, "service__champion_cost": 0.0, "service__link_worker_cost": 0.0}),
    Same("prices change nobody within a quarter's budget that is given from outside", {"budget_cut": 0.0},
         {"budget_cut": 0.5}, {"service__capacity_low": 1.0, "service__capacity_high": 1.0}),
    Same("the mood of the day changes answers and no life", RICH, RICH, raw_other={"citizen__occasion_noise": 0.5},
         kinds=EVERYTHING),
    Same("wellbeing that neither protects nor is taken changes nothing but itself", RICH, RICH,
         {"citizen__arrival_wellbeing": 0.0}, raw_other={"citizen__wellbeing_noise": 0.7, "citizen__cost_acute": 0.5},
         but=("citizens.wellbeing",)),
    Same("hope that moves nobody is only an indicator", RICH, RICH,
         {"staff__by_hope": 0.0, "staff__turnover_hope": 0.0}, raw_other={"staff__hope_base": 0.2, "staff__hope_fear": 0.6},
         but=("staff.hope",)),
    Same("expectation that is fixed hears no message", RICH, {**RICH, "communications_clarity": 0.1},
         {"citizen__expectation_gain": 0.0, "citizen__expectation_drift": 0.0, "citizen__message_gain": 0.0}),
    Same("a menu that never learns forgets nothing", RICH, RICH, {"service__menu_learning": 0.0},
         raw_other={"service__menu_forgetting": 0.01}, but=(), kinds=("citizens", "staff")),
]  # fmt: skip


@pytest.mark.parametrize("same", SAMES, ids=lambda same: same.said)
def test_nothing_changes(same):
    world = start() if same.ties else without_ties()
    if "service__menu_forgetting" in same.raw_other:
        world = copied(world)
        world.borough.services.menu_fit[:] = world.parameters.service.menu_fits
    one = life(policy_with(WEEKS, **same.one), world=world, **same.raw)
    other = life(policy_with(WEEKS, **same.other), world=world, **{**same.raw, **same.raw_other})
    assert differing(one, other, same.kinds, same.but) == [], same.said


@lru_cache
def without_ties() -> World:
    return small_world(800, 2, 6, 3, 78, ties=False)


@pytest.mark.parametrize("name", [name for name, lever in LEVERS.items() if lever.is_number])
def test_a_lever_at_its_old_value_after_the_horizon_or_later_changes_nothing_before(name):
    lever = LEVERS[name]
    changed = lever.high if lever.default != lever.high else lever.low
    world = start()
    old = live(branch(world, policy_with(30), 7, 26))
    later = live(branch(world, policy_with(30, first=26, **{name: changed}), 7, 26))
    written = live(branch(world, policy_with(30, **{name: lever.default}), 7, 26))
    assert state_hash(old) == state_hash(later) == state_hash(written)


def test_a_ramp_of_one_week_is_a_step():
    where = start().borough.place_names
    entry = {"lever": "permission_to_innovate", "from": "2012-01-02"}
    step = scenario_from({"name": "step", "schedule": [{**entry, "value": 0.8}]}).policy(60, where)
    ramp = scenario_from({"name": "ramp", "schedule": [{**entry, "to": "2012-01-09", "ramp": [0.8, 0.8]}]})
    assert np.array_equal(step.permission_to_innovate, ramp.policy(60, where).permission_to_innovate)


def test_a_rich_life_differs_in_nearly_every_metric():
    """The relations above prove something only if policy reaches what is measured."""
    told = told_apart(life(policy_with(WEEKS)), life(rich_policy(WEEKS)))
    assert len(told) >= 50, told


class Goes(NamedTuple):
    """A measure that is higher under `more` than under `less`, in every paired life."""

    said: str
    measure: Callable[[World], float]
    less: dict[str, Any]
    more: dict[str, Any]
    less_values: dict[str, float] = {}  # noqa: RUF012  (never changed)
    more_values: dict[str, float] = {}  # noqa: RUF012


def of(name: str) -> Callable[[World], float]:
    return lambda world: total(world, name)


def end(name: str) -> Callable[[World], float]:
    return lambda world: last(world, name)


FREE = {"permission_to_innovate": 1.0, "blame_culture": 0.0, "staff_communications": 1.0, **OUTSIDE}
"""Staff who may, know it, and need not be afraid."""

GOES = [
    Goes("permission frees", end("mean_willingness"), {"permission_to_innovate": 0.0}, FREE),
    Goes("a rush of need brings crises", of("crisis_onsets_per_1000"), {"demand": 1.0}, {"demand": 15.0}),
    Goes("off-loading gives services less to try", lambda w: -at_services(w, "tried"), {"offloading": 0.0},
         {"offloading": 0.5}),
    Goes("investment puts more right with groups", lambda w: flow(w, "resolved_by_group"),
         {"community_investment": 0.0}, {"community_investment": 20.0, **OUTSIDE}),
    Goes("champions pass on confidence", end("mean_agency"), {"citizen_leadership": 0.0},
         {"citizen_leadership": 100.0, **OUTSIDE}),
    Goes("many leaders decide slowly", lambda w: -total(w, "permission_in_force"),
         {"permission_to_innovate": 0.8, "leaders_stay": 1.0},
         {"permission_to_innovate": 0.8, "leaders_stay": 1.0, "leaders_holding_permission": 10.0}),
    Goes("a better menu fails less", lambda w: -flow(w, "failure_contacts"), {}, {}, {"service.solve_menu": 0.6},
         {"service.solve_menu": 0.9}),
    Goes("listening that helps solves more", of("solved_share"), FREE, FREE, {}, {"service.solve_listening": 0.3}),
    Goes("solved parts that stay solved bring fewer contacts", lambda w: -flow(w, "contacts"), {}, {},
         {"citizen.reopening": 0.1}, {"citizen.reopening": 0.0}),
    Goes("more need arises where more arises", of("need_share"), {}, {}, {"citizen.arrival_base": 0.003},
         {"citizen.arrival_base": 0.009}),
    Goes("trust that brings people forward hides less need", lambda w: -total(w, "hidden_need_share"), {}, {},
         {"citizen.seek_emerging": 0.015}, {"citizen.seek_emerging": 0.06}),
]  # fmt: skip


@pytest.mark.parametrize("goes", GOES, ids=lambda goes: goes.said)
def test_it_goes_the_way_it_should_in_twelve_paired_lives(goes):
    less, more = (
        [goes.measure(life(policy_with(WEEKS, **levers), values, seed)) for seed in range(SEEDS)]
        for levers, values in ((goes.less, goes.less_values), (goes.more, goes.more_values))
    )
    wrong = [seed for seed in range(SEEDS) if not more[seed] > less[seed]]
    assert not wrong, f"{goes.said}: not so in lives {wrong}: {np.round(less, 4)} against {np.round(more, 4)}"


def test_people_in_need_fare_worse_than_people_are_on_average():
    """In every paired life, whatever the policy."""
    for seed in range(SEEDS):
        world = life(rich_policy(WEEKS), seed=seed)
        assert total(world, "wellbeing_in_need") < total(world, "mean_wellbeing")
