"""Small boroughs for the tests of this folder: of any shape, burnt in for a few weeks, under policies that move."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
from hypothesis import strategies as st

from dealsim import borough as boroughs
from dealsim import places
from dealsim.borough import KINDS_OF_ROW
from dealsim.chance import chance
from dealsim.engine import World, branch, burn_in
from dealsim.levers import LEVERS, SERVICE_KINDS, Policy, policy_of
from dealsim.parameters import RIVALS, Parameters, every_parameter, with_rivals, with_values

LONG = os.environ.get("DEALSIM_LONG") == "1"
"""Set to try a thousand examples where a few are tried otherwise."""

WIGAN = places.shipped("wigan")

BUSY = {
    "citizen.arrival_base": 0.012,
    "citizen.seek_emerging": 0.06,
    "citizen.seek_again": 0.3,
    "citizen.escalate_acute": 0.05,
    "service.menu_fits": 0.35,
    "service.incident_base": 0.05,
    "service.incident_blind": 2.0,
    "service.incident_novice": 2.0,
    "service.blame_pace": 0.02,
    "service.leader_exit": 0.6,
    "staff.base_willingness": 1.0,
    "staff.turnover": 0.4,
    "group.births": 0.15,
}
"""Values, inside their ranges, under which something happens every week even to a hundred people."""

RANGES = {name: (lever.low, lever.high) for name, lever in LEVERS.items() if name in Policy._fields} | {
    "in_deal": (0, 1),
    "partnership": (0, 1),
    "leaders_stay": (0, 1),
    "leader_leaves": (0, 3),
    "scandal": (0, 4),
    "demand": (0, 20),
    "budget_shock": (0, 0.5),
    "paid_from_outside": (0, 1),
    "paid_by_service": (0, 1),
}
"""What each column of a policy may hold; `old_permission` is the past and stays."""
WHOLE = ("in_deal", "partnership", "leaders_stay", "leader_leaves", "leaders_holding_permission")


class Move(NamedTuple):
    """A lever, or a shock, at a share of its range for some weeks: in one service or place, or everywhere."""

    name: str
    share: float
    first: int
    weeks: int
    where: int | None = None


def moved(policy: Policy, moves: Iterable[Move]) -> Policy:
    """A policy with moves made in it, the later over the earlier."""
    tables = {name: table.copy() for name, table in policy._asdict().items()}
    for name, share, first, weeks, where in moves:
        low, high = RANGES[name]
        value = low + share * (high - low)
        here = tables[name][first : first + weeks]
        if where is not None and here.ndim > 1:
            here = here[..., where % here.shape[-1]]
        here[...] = round(value) if name in WHOLE else value
    return Policy(**tables)


def every_lever_moving(weeks: int, n_places: int, seed: int = 1, every: int = 5) -> Policy:
    """A policy in which each column moves every few weeks, in each service and place on its own."""
    moves = []
    for at, name in enumerate(RANGES):
        wide = max(len(SERVICE_KINDS), n_places)
        for first in range(at % every, weeks, every):
            for where in range(wide):
                share = chance(seed, 1000 + at, first, where, 0)
                lasts = 1 if name in ("scandal", "leader_leaves", "budget_shock") else every
                moves.append(Move(name, share, first, lasts, where))
    return moved(policy_of(weeks, n_places), moves)


def small_world(
    size: int = 150,
    n_places: int = 1,
    n_services: int = 6,
    seed: int = 3,
    weeks: int = 26,
    parameters: Parameters | None = None,
    *,
    ties: bool = True,
    separate_services: bool = False,
) -> World:
    """A borough after a short burn-in, with as many places and services as asked for, however few people."""
    with patch.object(boroughs, "shape_for", lambda _size, _own: (n_places, n_services)):
        return burn_in(WIGAN, size, seed, parameters, weeks, ties=ties, separate_services=separate_services)


def copied(world: World) -> World:
    """A world of its own in the same state: columns, policy, and all that is counted."""
    twin = copy.copy(world)
    twin.borough = world.borough._replace(
        **{kind: copy.deepcopy(getattr(world.borough, kind)) for kind in KINDS_OF_ROW}
    )
    twin.scratch, twin.tally = copy.deepcopy(world.scratch), copy.deepcopy(world.tally)
    return twin


class Life(NamedTuple):
    """All that decides a life: the borough, who lives in it, what policy does, which rivals hold."""

    size: int
    n_places: int
    n_services: int
    separate_services: bool
    ties: bool
    borough_seed: int
    life_seed: int
    burn_in_weeks: int
    weeks: int
    rows_of_policy: int
    busy: bool
    rivals: tuple[str, ...]
    values: dict[str, float]
    moves: tuple[Move, ...]

    def begin(self) -> World:
        """The world at week 0 of this life."""
        values = {**(BUSY if self.busy else {}), **self.values}
        parameters = with_rivals(with_values(Parameters(), values), self.rivals)
        world = small_world(
            self.size,
            self.n_places,
            self.n_services,
            self.borough_seed,
            self.burn_in_weeks,
            parameters,
            ties=self.ties,
            separate_services=self.separate_services,
        )
        policy = moved(policy_of(self.rows_of_policy, len(world.borough.place_names)), self.moves)
        return branch(world, policy, self.life_seed, self.weeks, parameters)


# The kind of a need is drawn by weight, so that a borough in which no kind has any weight is no borough.
VARIED = {name: spec for name, (spec, _) in every_parameter().items() if ".weight_" not in name}
SHARES = st.sampled_from((0.0, 0.1, 0.5, 0.9, 1.0))


@st.composite
def values_in_range(draw: st.DrawFn) -> dict[str, float]:
    """A few parameters moved to the ends or the middle of their ranges."""
    names = draw(st.lists(st.sampled_from(sorted(VARIED)), max_size=8, unique=True))
    return {
        name: min(VARIED[name].high, VARIED[name].low + draw(SHARES) * (VARIED[name].high - VARIED[name].low))
        for name in names
    }


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Lives of boroughs of at most 200 people, over a year and a month."""
    weeks = draw(st.integers(56, 60))
    moves = st.builds(
        Move,
        name=st.sampled_from(sorted(RANGES)),
        share=SHARES,
        first=st.integers(0, weeks - 1),
        weeks=st.sampled_from((1, 4, 13, weeks)),
        where=st.none() | st.integers(0, 5),
    )
    size = draw(st.sampled_from((1, 2, 3)) | st.integers(4, 200))
    return Life(
        size=size,
        n_places=draw(st.integers(1, min(3, 1 + size // 50))),  # a place needs people
        n_services=draw(st.integers(1, 6)),
        separate_services=draw(st.booleans()),
        ties=draw(st.booleans()),
        borough_seed=draw(st.integers(0, 2**63 - 1)),
        life_seed=draw(st.integers(0, 2**63 - 1)),
        burn_in_weeks=draw(st.sampled_from((0, 5, 40, 120))),
        weeks=weeks,
        rows_of_policy=draw(st.sampled_from((1, 30, weeks))),
        busy=draw(st.booleans()),
        rivals=tuple(draw(st.lists(st.sampled_from(sorted(RIVALS)), max_size=4, unique=True))),
        values=draw(values_in_range()),
        moves=tuple(draw(st.lists(moves, max_size=25))),
    )


def people_by_number(world: World) -> dict[str, np.ndarray]:
    """Each column of the citizens in the order of their numbers; who speaks for someone, by number."""
    citizens = world.borough.citizens
    order = np.argsort(citizens.id, kind="stable")
    columns = {name: column[order] for name, column in citizens._asdict().items()}
    columns["speaks_for"] = citizens.id[columns["speaks_for"]]
    return columns
