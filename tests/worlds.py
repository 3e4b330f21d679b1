"""Worlds that the tests of properties share: burnt in once, lived many times, and told apart by what they count."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from dealsim import tally as ta
from dealsim.engine import World, branch, live
from dealsim.levers import PAID_LEVERS, Policy, policy_of
from dealsim.metrics import METRICS, series
from dealsim.parameters import Parameters, with_values
from tests.model.boroughs import BUSY, small_world

PEOPLE, PLACES, SERVICES = 800, 2, 6
SEEDS = 12
"""Paired lives of a sign test: if chance alone decided, all twelve would agree once in 4,096 times."""

RICH = {
    "blame_culture": 0.4,
    "permission_to_innovate": 0.7,
    "community_investment": 6.0,
    "asset_based_training": 16.0,
    "place_based_working": 0.7,
    "staff_communications": 0.6,
    "public_communications": 0.6,
    "communications_clarity": 0.7,
    "citizen_leadership": 20.0,
    "nerve": 0.5,
    "leaders_holding_permission": 3.0,
    "devolution": 0.5,
    "partnership": 1.0,
    "budget_cut": 0.15,
    "offloading": 0.1,
    "link_workers": 10.0,
}
"""A policy in which every lever is on, so that whatever a rule reads can show."""


def policy_with(weeks: int, places: int = PLACES, first: int = 0, **values: Any) -> Policy:
    """The old regime, but for some columns of the policy table from a week on."""
    policy = policy_of(weeks, places)
    for name, value in values.items():
        getattr(policy, name)[first:] = value
    return policy


def rich_policy(weeks: int, places: int = PLACES, **values: Any) -> Policy:
    """Every lever on, and in the middle of the run a scandal, a leader who leaves and a rush of demand."""
    policy = policy_with(weeks, places, **{**RICH, **values})
    policy.paid_from_outside[:] = 0.5
    if "scandal" not in values:
        policy.scandal[weeks // 2] = 1.5
    if "leader_leaves" not in values:
        policy.leader_leaves[weeks // 3] = 1.0
    if "demand" not in values:
        policy.demand[weeks // 4 : weeks // 4 + 4] = 1.5
    return policy


@lru_cache(maxsize=256)
def start(values: tuple[tuple[str, float], ...] = (), weeks: int = 78, people: int = PEOPLE, **build: Any) -> World:
    """A borough at week 0 under some parameters; 78 weeks of burn-in, so that most of what moves has moved."""
    parameters = with_values(Parameters(), dict(values))
    return small_world(people, PLACES, SERVICES, 3, weeks, parameters, **build)


def busy_start() -> World:
    """A borough in which a great deal happens every week."""
    busy = BUSY | {
        "group.groups_per_1000": 10.0,
        "group.income_noise": 0.4,
        "group.income_memory": 0.9,
        "group.births_seed": 0.2,
    }
    return start(tuple(sorted(busy.items())))


def life(
    policy: Policy,
    values: Mapping[str, float] | None = None,
    seed: int = 7,
    world: World | None = None,
    **raw: float,
) -> World:
    """A life from a world under a policy; `values` move parameters within their ranges, `raw` past them.

    Raw names are written `kind__name`.
    """
    world = start() if world is None else world
    parameters = with_values(world.parameters, values or {})
    for name, value in raw.items():
        kind, _, short = name.partition("__")
        parameters = parameters._replace(**{kind: getattr(parameters, kind)._replace(**{short: value})})
    return live(branch(world, policy, seed, policy.demand.size, parameters))


def total(world: World, name: str) -> float:
    """The mean over a life of a metric for everyone, weeks without a value left out."""
    for metric, group, _, values in series(world, ("all",)):
        if (metric, group) == (name, "all"):
            return float(np.nanmean(values))
    raise KeyError(name)


def last(world: World, name: str, weeks: int = 26) -> float:
    """The mean over the end of a life of a metric for everyone."""
    for metric, group, at, values in series(world, ("all",)):
        if (metric, group) == (name, "all"):
            return float(np.nanmean(values[at >= at.max() - weeks]))
    raise KeyError(name)


def seen(world: World) -> dict[str, np.ndarray]:
    """Every metric's series for everyone."""
    return {metric: values for metric, _, _, values in series(world, ("all",))}


def told_apart(one: World, other: World) -> list[str]:
    """The metrics of which some week differs between two lives."""
    a, b = seen(one), seen(other)
    return [name for name in METRICS if name in a and not np.array_equal(a[name], b[name], equal_nan=True)]


def flow(world: World, name: str) -> float:
    """How often something happened to people over a life."""
    assert world.record is not None
    return float(world.record.flows[..., ta.PEOPLE_FLOWS.index(name)].sum())


def at_services(world: World, name: str) -> float:
    """How often something happened at services over a life."""
    assert world.record is not None
    return float(world.record.services[..., ta.SERVICE_FLOWS.index(name)].sum())


def lever_cost(world: World) -> float:
    """What the paid levers of the week cost together, reckoned from the levers themselves, in £."""
    p, now, places = world.parameters.service, world.now, world.borough.places
    residents = places.population.astype(float)
    costs = {
        "community_investment": (places.investment * 6.0 * residents).sum(),
        "staff_communications": now.staff_communications.mean() * p.communications_cost * residents.sum(),
        "public_communications": (now.public_communications * p.communications_cost * residents).sum(),
        "citizen_leadership": (now.citizen_leadership / 1000.0 * p.champion_cost * residents).sum(),
        "link_workers": (now.link_workers / 100_000.0 * p.link_worker_cost * residents).sum(),
    }
    assert tuple(costs) == PAID_LEVERS
    return float(sum(costs.values())) / 52.0
