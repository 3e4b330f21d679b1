"""Nobody's life changes before something she is in touch with has changed: effects travel along links only."""

from __future__ import annotations

import numpy as np

from dealsim.borough import KINDS_OF_ROW
from dealsim.engine import World, branch, live
from dealsim.levers import Policy, policy_of
from dealsim.network import Ties
from dealsim.parameters import Parameters, with_values
from tests.model.boroughs import BUSY, Move, copied, moved, small_world

COUNTS_OF_THE_WEEK = ("tried", "visible", "reports", "shared", "contacts", "served", "crisis_served")
"""Columns of services that say what happened in the week; people feel the others."""


def with_one_more(world: World, policy: Policy, like: int, known_by: list[int], **columns: int) -> World:
    """The same world with a newcomer in the last row, who lives where somebody lives and knows some people.

    The books of the neighbourhood do not count her, so that only what she does and says can be felt.
    """
    borough = copied(world).borough
    n = borough.citizens.id.size
    citizens = type(borough.citizens)(
        *(np.concatenate([column, column[like : like + 1]]) for column in borough.citizens)
    )
    for name, value in {"id": n, "speaks_for": n, "household": 10**6, **columns}.items():
        getattr(citizens, name)[n] = value
    to, weight, start = [], [], [0]
    for row in range(n):
        low, high = borough.ties.start[row], borough.ties.start[row + 1]
        to += [*borough.ties.to[low:high], *([n] if row in known_by else [])]
        weight += [*borough.ties.weight[low:high], *([1] if row in known_by else [])]
        start.append(len(to))
    to += known_by
    weight += [1] * len(known_by)
    start.append(len(to))
    ties = Ties(np.array(start, np.int64), np.array(to, np.int32), np.array(weight, np.uint8))
    return World(borough._replace(citizens=citizens, ties=ties), policy, world.parameters, world.seed, world.week)


def differing(one: World, other: World, without: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Of each kind, which rows differ in any column; rows that only the other world has do not count."""
    found = {}
    for kind in KINDS_OF_ROW:
        ours, theirs = getattr(one.borough, kind), getattr(other.borough, kind)
        n = ours.id.size
        rows = np.zeros(n, bool)
        for name, column in ours._asdict().items():
            if kind != "services" or name not in without:
                rows |= (column != getattr(theirs, name)[:n]).reshape(n, -1).any(axis=1)
        found[kind] = rows
    return found


def start(size: int, **options: object) -> World:
    return small_world(size, 2, 4, weeks=60, parameters=with_values(Parameters(), BUSY), **options)  # type: ignore[arg-type]


def adult_in(world: World, place: int) -> int:
    """A grown citizen of a place, at home in the middle of its rows."""
    citizens = world.borough.citizens
    rows = np.flatnonzero((citizens.place == place) & (citizens.age_band >= 3))
    return int(rows[rows.size // 2])


def test_a_newcomer_is_felt_one_tie_or_group_further_each_month():
    policy = policy_of(10, 2)
    begun = branch(start(900), policy, 5, 10)
    borough = begun.borough
    friend = adult_in(begun, 0)
    quiet = {"need": 0, "parts": 0, "volunteer": 0, "group": -1, "contacts": 0, "part_open": 0, "referred": 0}
    other = with_one_more(begun, policy, friend, [friend], **quiet)
    other.borough.citizens.trust[-1] = 1.0

    n = borough.citizens.id.size
    reached = np.zeros(n, bool)
    sizes = []
    for _ in range(9):
        month_begins = begun.week % 4 == 0
        group = borough.citizens.group.copy()
        live(begun, 1)
        live(other, 1)
        assert other.borough.citizens.need[n] == 0, "the newcomer was to need nothing"
        assert other.borough.citizens.volunteer[n] == 0, "the newcomer was to join no group"
        differs = differing(begun, other)
        for kind in ("staff", "teams", "services", "neighbourhoods"):
            assert not differs[kind].any(), f"week {begun.week - 1}: {kind} had nothing to do with the newcomer"
        if month_begins:
            # children take after the adult who speaks for them before anyone listens
            seen = reached | reached[borough.citizens.speaks_for]
            near = seen.copy()
            for row in np.flatnonzero(seen):
                near[borough.ties.to[borough.ties.start[row] : borough.ties.start[row + 1]]] = True
            # fellow volunteers talk too
            near |= (group >= 0) & np.isin(group, group[seen])
            near[friend] = True
            reached = near
            sizes.append(int(differs["citizens"].sum()))
        outside = np.flatnonzero(differs["citizens"] & ~(reached | reached[borough.citizens.speaks_for]))
        assert not outside.size, f"week {begun.week - 1}: {outside.tolist()} were never in touch with anyone changed"
    assert sizes[0] == 1, "in the first month only her friend feels her"
    assert sizes[0] < sizes[1] < sizes[2] < n // 2


def test_a_newcomer_in_crisis_is_felt_in_her_own_place_only():
    policy = policy_of(30, 2)
    apart = branch(start(300, ties=False, separate_services=True), policy, 5, 30)
    like = adult_in(apart, 1)
    service = int(apart.borough.service_of_kind[1, 0])
    other = with_one_more(apart, policy, like, [], need=3, parts=1, part_service=service, part_open=1, part_now=0)
    live(apart, 30)
    live(other, 30)
    differs = differing(apart, other)
    for kind in ("citizens", "staff", "teams", "neighbourhoods"):
        here = getattr(apart.borough, kind).place == 0
        assert here.any()
        assert not differs[kind][here].any(), kind
        # what neighbourhoods feel of her ends with her need
        assert kind == "neighbourhoods" or differs[kind][~here].any(), f"nobody in the {kind} of her place felt her"


def test_nobody_differs_before_something_she_meets_differs():
    """Across a whole borough, with ties and shared services, after a lever moves in one place."""
    begun = start(300)
    plain = policy_of(40, 2)
    there = moved(plain, [Move("offloading", 1.0, 2, 40, 1), Move("link_workers", 1.0, 2, 40, 1)])
    one, other = branch(begun, plain, 5, 40), branch(begun, there, 5, 40)
    borough = one.borough
    already = np.zeros(borough.citizens.id.size, bool)
    elsewhere = borough.citizens.place == 0
    explained = 0
    for _ in range(40):
        live(one, 1)
        live(other, 1)
        differs = differing(one, other, without=COUNTS_OF_THE_WEEK)
        for row in np.flatnonzero(differs["citizens"] & ~already & elsewhere):
            why = [kind for kind, rows in meets(one, row).items() if differs[kind][rows].any()]
            assert why, f"week {one.week - 1}: citizen {row} changed, and nothing she meets had"
            explained += 1
        already |= differs["citizens"]
        if one.week <= 2:
            assert not already.any()
    assert explained > 10


def meets(world: World, row: int) -> dict[str, list[int]]:
    """Rows of each kind from which something can reach a citizen within a week."""
    borough, citizens = world.borough, world.borough.citizens
    at, near = int(citizens.place[row]), int(citizens.neighbourhood[row])
    services = sorted({int(s) for s in borough.service_of_kind[at]})
    teams = [
        int(borough.first_team[at, s] + citizens.patch[row] % borough.team_count[at, s])
        for s in services
        if borough.team_count[at, s]
    ]
    tied = borough.ties.to[borough.ties.start[row] : borough.ties.start[row + 1]]
    household = np.flatnonzero(citizens.speaks_for == citizens.speaks_for[row])
    return {
        "citizens": [int(other) for other in (*tied, *household) if other != row],
        "staff": [j for team in teams for j in np.flatnonzero(borough.staff.team == team)],
        "teams": teams,
        "services": services,
        "places": [at],
        "neighbourhoods": [near],
        "groups": list(range(int(borough.first_slot[near]), int(borough.first_slot[near + 1]))),
    }
