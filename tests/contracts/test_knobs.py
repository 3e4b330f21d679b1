"""Every declared number does something: no dead parameter, no dead lever, no dead rival; every metric is whole."""

from __future__ import annotations

import numpy as np
import pytest

from dealsim.engine import branch, live, state_hash
from dealsim.levers import LEVERS, PAID_LEVERS, SERVICE_KINDS, policy_of
from dealsim.metrics import HEADLINE, METRICS, series
from dealsim.parameters import RIVALS, Parameters, every_parameter, with_rivals, with_values
from dealsim.scenarios import load, scenario_from, shipped_names
from tests.model.boroughs import BUSY, every_lever_moving, small_world

WEEKS = 105
SIZE = 1200
OF_THE_START = (
    "network.",
    "citizen.trust_home",
    "citizen.trust_start",
    "citizen.agency_home",
    "citizen.wellbeing_home",
    "citizen.volunteer_start",
    "citizen.weight_",
    "staff.fear_start",
    "staff.hope_start",
    "staff.credibility_start",
    "staff.norm_start",
    "staff.start_spread",
    "staff.bridging",
    "staff.planned_use",
    "service.know_how_start",
    "group.groups_per_1000",
    "group.slots_per_group",
)
"""Parameters that shape a borough before its first week: they are tried with a borough of their own."""
NEEDS_ROOM = ("group.groups_per_1000",)
"""Parameters that round away in neighbourhoods of a hundred people."""
RARE = {"service.handoff_joint": (1, 2, 3, 4, 5)}
"""Parameters that seldom decide anything in a small borough: other lives are tried as well."""
ONLY_WATCHED = ("citizen.occasion_noise",)
"""Parameters of observation: they change what a survey says, and must not change a life."""


RESTLESS = BUSY | {
    "citizen.volunteer_start": 0.1,
    "citizen.volunteer_leaving": 0.01,
    "citizen.joining_base": 0.001,
    "group.income_noise": 0.4,
    "group.grace": 4.0,
    "group.groups_per_1000": 10.0,
}
"""Values under which groups lose their people, and close."""


@pytest.fixture(scope="module")
def start():
    return small_world(SIZE, n_places=2, parameters=with_values(Parameters(), RESTLESS))


@pytest.fixture(scope="module")
def usual(start):
    return lived(start, start.parameters)


def lived(start, parameters, richer=1.0, seed=9):
    """The state and record after two rich years; `richer` multiplies every service's budget."""
    policy = every_lever_moving(WEEKS, 2, every=12)
    half = WEEKS // 2
    # leaders who leave take permission with them, until it is decided anew
    policy.leaders_stay[:] = policy.leader_leaves[:] = 0.0
    policy.leaders_holding_permission[:] = 4.0
    policy.permission_to_innovate[8:] = 0.8
    policy.permission_to_innovate[half:] = 0.5
    # grants by tender, then in partnership; later no programmes, no cuts and no new needs, so that capacity grows
    policy.partnership[:] = np.arange(WEEKS) >= 20
    policy.community_investment[:60] = 12.0
    for name in PAID_LEVERS:
        getattr(policy, name)[60:] = 0.0
    for name in ("budget_cut", "budget_shock", "demand"):
        getattr(policy, name)[40:] = 0.0
    world = branch(start, policy, seed, WEEKS, parameters)
    world.borough.services.budget[:] *= richer
    live(world)
    return state_hash(world), world.record


def differs(one, other) -> bool:
    """Whether two lives differ in any column or any count."""
    return one[0] != other[0] or any(not np.array_equal(a, b) for a, b in zip(one[1], other[1], strict=True))


@pytest.mark.parametrize("name", every_parameter())
def test_no_parameter_is_a_dead_knob(start, usual, name):
    spec, _ = every_parameter()[name]
    kind, _, field = name.partition(".")
    now = getattr(getattr(start.parameters, kind), field)
    moved = []
    for value in {spec.low, spec.high} - {now}:
        parameters = with_values(start.parameters, {name: value})
        if name.startswith(NEEDS_ROOM):
            usual_start = small_world(6000, weeks=1, parameters=start.parameters)
            moved.append(state_hash(small_world(6000, weeks=1, parameters=parameters)) != state_hash(usual_start))
        elif name.startswith(OF_THE_START):
            world = small_world(SIZE, n_places=2, parameters=parameters)
            moved.append(state_hash(world) != state_hash(start))
        else:
            richer = 3.0 if name == "service.capacity_high" else 1.0  # a ceiling shows only under plenty
            found = lived(start, parameters, richer)
            moved.append(differs(found, lived(start, start.parameters, richer) if richer != 1.0 else usual))
            for seed in RARE.get(name, ()):
                moved.append(differs(lived(start, parameters, 1.0, seed), lived(start, start.parameters, 1.0, seed)))
            if name in ONLY_WATCHED:
                assert found[0] == usual[0]
    assert any(moved), f"{name} ({spec.label}) changes nothing at {spec.low} or {spec.high}"


@pytest.mark.parametrize("name", RIVALS)
def test_no_rival_is_a_dead_switch(start, usual, name):
    parameters = with_rivals(start.parameters, [name])
    starts_anew = any(f"{kind}.{field}".startswith(OF_THE_START) for kind, field, _ in RIVALS[name].changes)
    found = lived(small_world(SIZE, n_places=2, parameters=parameters) if starts_anew else start, parameters)
    assert differs(found, usual), RIVALS[name].meaning


def lever_values(lever):
    if lever.name == "services_in_deal":
        return [list(SERVICE_KINDS[:1])]
    return list(lever.choices) or [lever.low, lever.high]


SUPPORT = {
    "permission_to_innovate": 0.8,
    "place_based_working": 0.6,
    "community_investment": 6.0,
    "public_communications": 0.3,
    "asset_based_training": 20.0,
}


@pytest.mark.parametrize("name", LEVERS)
def test_no_lever_is_dead(start, name):
    """Each lever beside others that give it something to work on, from the first week."""

    def ends(levers):
        policy = scenario_from({"name": "a", "levers": levers}).policy(WEEKS, start.borough.place_names)
        world = branch(start, policy, 9, WEEKS)
        if name in ("nerve",):
            world.borough.services.salience[:] = 4.0  # nerve shows only under pressure
        return state_hash(live(world))

    found = {ends({**SUPPORT, name: value}) for value in lever_values(LEVERS[name])}
    found.add(ends(SUPPORT))
    assert len(found) > 1


def test_every_metric_is_recorded_labelled_and_finite(start):
    world = live(branch(start, every_lever_moving(WEEKS, 2), 9, WEEKS))
    found = {metric: values for metric, group, _, values in series(world) if group == "all"}
    assert set(found) == set(METRICS)
    for name, values in found.items():
        assert METRICS[name].label and METRICS[name].unit, name
        assert METRICS[name].good in ("up", "down", ""), name
        assert np.isfinite(values).any() and not np.isinf(values).any(), name
    assert set(HEADLINE) <= set(METRICS)


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_scenario_runs_small(start, name):
    scenario = load(name)
    world = live(branch(start, scenario.policy(8, start.borough.place_names), 1, 8))
    assert world.week == 8


def test_the_old_regime_is_what_no_scenario_says(start):
    silent = live(branch(start, policy_of(WEEKS, 2), 9, WEEKS))
    named = live(branch(start, load("old_regime").policy(WEEKS, start.borough.place_names), 9, WEEKS))
    assert state_hash(silent) == state_hash(named)
