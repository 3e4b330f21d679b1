"""The ends of everything: levers, parameters, size, ties, time. Nothing breaks, and what must vanish vanishes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dealsim import tally as ta
from dealsim.compiled import interpreted
from dealsim.engine import World, branch, live, state_hash
from dealsim.errors import InputError
from dealsim.levers import Policy, policy_of
from dealsim.metrics import series
from dealsim.network import Ties, ties_from_edges
from dealsim.parameters import Parameters, every_parameter, with_values
from tests.invariants.test_invariants import broken_by
from tests.model.boroughs import BUSY, RANGES, WHOLE, small_world
from tests.worlds import at_services, busy_start, flow, life, policy_with, rich_policy, start, total


def survives(world: World, weeks: int) -> None:
    """Lives so many weeks with every invariant checked each quarter, and measures finite or empty."""
    assert broken_by(world, weeks, 13) == {}
    for metric, group, _, values in series(world):
        assert not np.isinf(values).any(), f"{metric} of {group}"


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("name", RANGES)
def test_a_column_of_policy_at_its_end(name, end):
    low, high = RANGES[name]
    value = low if end == "low" else high
    survives(branch(busy_start(), rich_policy(30, **{name: round(value) if name in WHOLE else value}), 3, 30), 30)


@pytest.mark.parametrize("end", [0, 1])
def test_every_column_of_policy_at_its_end_at_once(end):
    values = {name: RANGES[name][end] for name in RANGES}
    survives(branch(busy_start(), policy_with(60, **values), 3, 60), 60)


def test_every_week_is_a_demand_shock_of_ten():
    world = life(policy_with(60, demand=10.0))
    assert total(world, "turned_away_share") > 0.6
    survives(branch(start(), policy_with(60, demand=10.0), 3, 60), 60)


def test_without_demand_need_dies_out():
    world = branch(start(), policy_with(520, demand=0.0), 3, 520)
    survives(world, 520)
    assert flow(world, "arrivals") == 0
    assert (world.borough.citizens.need > 0).mean() < 0.01


@pytest.mark.parametrize("blame", [0.0, 1.0])
def test_blame_at_its_ends_from_the_start(blame):
    begun = branch(busy_start(), policy_with(104, blame_culture=blame, nerve=1.0), 3, 104)
    begun.borough.services.blame[:] = blame
    world = live(begun)
    sanctioned, departed = at_services(world, "sanctions"), at_services(world, "departures")
    visible = at_services(world, "visible")
    assert visible > 20 and departed > 20
    if blame == 0.0:
        assert sanctioned == 0
    else:
        assert sanctioned > 0 and at_services(world, "backed") == 0, "every visible departure is sanctioned"


def test_half_the_budget_gone_leaves_a_working_borough():
    world = branch(start(), policy_with(104, budget_cut=0.5), 3, 104)
    survives(world, 104)
    services = world.borough.services
    assert services.capacity.min() >= world.parameters.service.capacity_low
    assert services.capacity.max() < 1.0


def test_all_the_budget_gone_and_no_floor_serves_nobody():
    policy = policy_with(60, budget_cut=0.5, budget_shock=0.5)
    world = life(policy, {"service.capacity_low": 0.0})
    assert world.record.services[14:, :, ta.SERVICE_FLOWS.index("served")].sum() == 0
    assert world.record.services[14:, :, ta.SERVICE_FLOWS.index("turned_away")].sum() > 0


@pytest.mark.parametrize("name", [name for name in every_parameter() if "weight_" not in name])
def test_a_parameter_at_either_end_breaks_nothing(name):
    spec, _ = every_parameter()[name]
    for value in (spec.low, spec.high):
        world = live(branch(busy_start(), rich_policy(14), 3, 14, with_values(busy_start().parameters, {name: value})))
        for kind in ("citizens", "staff", "services", "groups", "neighbourhoods"):
            for column in getattr(world.borough, kind):
                assert np.all(np.isfinite(column))


@pytest.mark.parametrize("end", ["low", "high"])
def test_every_parameter_at_its_end_at_once(end):
    values = {name: getattr(spec, end) for name, (spec, _) in every_parameter().items() if "weight_" not in name}
    world = small_world(300, 2, 5, parameters=with_values(Parameters(), values))
    survives(branch(world, rich_policy(60), 3, 60), 60)


@pytest.mark.parametrize("kind", range(6))
def test_all_needs_of_one_kind(kind):
    names = [name for name in every_parameter() if "weight_" in name]
    values = {name: float(at == kind) for at, name in enumerate(names)} | {
        "citizen.two_parts": 0.5,
        "citizen.three_parts": 0.4,
    }
    survives(branch(small_world(300, 2, 6, parameters=with_values(Parameters(), values)), rich_policy(30), 3, 30), 30)


def test_a_need_has_no_more_parts_than_there_are_services_with_needs():
    """Two kinds of need and three parts wished for: two parts, each of another service, and no contact is lost."""
    names = [name for name in every_parameter() if "weight_" in name]
    values = {name: float(at in (1, 4)) for at, name in enumerate(names)} | {
        "citizen.two_parts": 0.5,
        "citizen.three_parts": 0.4,
        "citizen.arrival_base": 0.012,
    }
    world = branch(small_world(800, 2, 6, parameters=with_values(Parameters(), values)), policy_with(30), 3, 30)
    survives(world, 30)
    c = world.borough.citizens
    in_need = c.need > 0
    assert set(c.parts[in_need].tolist()) == {1, 2}
    assert np.all(c.part_service[in_need & (c.parts == 2), 0] != c.part_service[in_need & (c.parts == 2), 1])
    assert flow(world, "contacts") == at_services(world, "contacts") > 0


def test_needs_about_nothing_are_refused():
    names = [name for name in every_parameter() if "weight_" in name]
    with pytest.raises(InputError, match="must be above 0"):
        with_values(Parameters(), dict.fromkeys(names, 0.0))
    empty = Parameters()._replace(citizen=Parameters().citizen._replace(**{name.split(".")[1]: 0.0 for name in names}))
    with pytest.raises(InputError, match="must be above 0"):
        small_world(300, 1, 6, parameters=empty)


def test_a_cell_of_many_places_does_not_run_over():
    """Columns are small whole numbers; the row of a count is not."""
    assert interpreted(ta.cell_of)(np.int8(4), np.int8(49), 50) == 249


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_borough_of_hardly_anyone(size):
    values = with_values(Parameters(), BUSY)
    survives(branch(small_world(size, 1, 6, parameters=values, weeks=60), rich_policy(120, 1), 3, 120), 120)


def test_one_service_for_everything():
    survives(branch(small_world(200, 1, 1), rich_policy(60, 1), 3, 60), 60)


@pytest.mark.parametrize("trust", [0.0, 1.0])
def test_everyone_trusts_or_nobody_does(trust):
    world = branch(start(), rich_policy(60), 3, 60)
    c = world.borough.citizens
    for column in (c.trust, c.expectation, c.trust_home):
        column[:] = trust
    survives(world, 60)


def test_everyone_in_one_fifth():
    begun = branch(start(), rich_policy(60), 3, 60)
    begun.borough.citizens.fifth[:] = 0
    world = branch(begun, rich_policy(60), 3, 60)
    survives(world, 60)
    assert world.record.flows.reshape(60, 5, -1)[:, 1:].sum() == 0


def test_everyone_in_crisis_at_once():
    world = branch(start(), rich_policy(60), 3, 60)
    c = world.borough.citizens
    well = c.need == 0
    c.parts[well] = 1
    c.part_open[well, 0] = 1
    c.need[:] = 3
    live(world, 1)
    assert world.tally.needs[:, ta.CRISIS].sum() > 0.9 * c.id.size
    survives(world, 59)


def test_no_group_and_no_volunteer():
    world = branch(start(), policy_with(60), 3, 60, with_values(start().parameters, {"group.births": 0.0}))
    b = world.borough
    b.groups.alive[:] = 0
    b.groups.volunteers[:] = 0
    b.citizens.volunteer[:] = 0
    b.citizens.group[:] = -1
    b.neighbourhoods.coverage[:] = 0.0
    b.neighbourhoods.met_share[:] = 0.0
    b.citizens.known_to_groups[:] = 0
    survives(world, 60)
    assert flow(world, "joined") == 0, "there is nothing to join"
    assert flow(world, "resolved_by_group") == 0, "no group can have helped"


N = 60
NETWORKS: dict[str, list[tuple[int, int]]] = {
    "nobody knows anybody": [],
    "everybody knows everybody": [(i, j) for i in range(N) for j in range(i)],
    "a ring": [(i, (i + 1) % N) for i in range(N)],
    "a star": [(0, i) for i in range(1, N)],
}


def tied(ties: Ties, policy: Policy, seed: int = 3) -> World:
    """A borough of sixty in which people know whom the network says."""
    base = small_world(N, 1, 6, parameters=with_values(Parameters(), BUSY))
    world = branch(base, policy, seed, policy.demand.size)
    world.borough = world.borough._replace(ties=ties)
    return world


@pytest.mark.parametrize("said", NETWORKS)
def test_a_borough_in_which(said):
    survives(tied(ties_from_edges(N, NETWORKS[said]), rich_policy(60, 1)), 60)


def test_in_a_star_news_goes_through_the_middle():
    """After one month everyone at the edge has moved towards the middle, and by the same rule."""
    world = tied(ties_from_edges(N, NETWORKS["a star"]), policy_of(1, 1))
    c = world.borough.citizens
    c.volunteer[:] = 0
    c.group[:] = -1
    world.borough.groups.volunteers[:] = 0
    c.need[:] = 0
    c.parts[:] = 0
    c.part_open[:] = 0
    c.speaks_for[:] = np.arange(N)
    c.trust[:] = c.trust_home[:] = 0.4
    c.trust[0] = 1.0
    c.arrival[:] = 0.0
    world.step()
    omega, home = world.parameters.citizen.trust_contagion, 4 * world.parameters.citizen.trust_return
    assert c.trust[1:] == pytest.approx(0.4 + omega * 0.6, abs=1e-6)
    assert float(c.trust[0]) == pytest.approx(1.0 - omega * 0.6 - home * 0.6, abs=1e-6)


def test_in_a_complete_network_trust_draws_together():
    together = tied(ties_from_edges(N, NETWORKS["everybody knows everybody"]), policy_with(208, 1))
    apart = tied(ties_from_edges(N, []), policy_with(208, 1))
    for world in (together, apart):
        world.borough.citizens.arrival[:] = 0.0
        live(world)
    spread = [float(w.borough.citizens.trust.std()) for w in (together, apart)]
    assert spread[0] < spread[1]


def test_a_life_of_no_weeks_is_the_start():
    world = branch(start(), rich_policy(1), 3, 0)
    assert state_hash(live(world)) == state_hash(start())
    assert world.record.flows.shape[0] == 0


def test_a_life_of_one_week_has_one_week_of_counts():
    world = life(policy_with(1))
    assert world.week == 1 and world.record.flows.shape[0] == world.record.stocks.shape[0] == 1
    for metric, group, weeks, values in series(world):
        assert len(weeks) == len(values) == 1, f"{metric} of {group}"


def test_a_hundred_years_of_a_tiny_borough():
    world = branch(small_world(30, 1, 3), policy_of(1, 1), 3, 5200)
    survives_every = 260
    for _ in range(0, 5200, survives_every):
        live(world, survives_every - 1)
        assert broken_by(world, 1) == {}
    assert world.week == 5200
    assert math.isfinite(total(world, "mean_trust"))
    assert np.unique(world.borough.staff.id).size == world.borough.staff.id.size
