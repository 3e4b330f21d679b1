"""A borough: all columns of all kinds and the ties between citizens, built from a place, a size and a seed.

It draws the state at the start of burn-in; nothing here knows what happens in a week.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dealsim import chance as ch
from dealsim.agents.citizen import (
    FIRST_ADULT_BAND,
    NEVER,
    OLDER_BAND,
    CitizenColumns,
    need_weight,
    wellbeing_target,
)
from dealsim.agents.group import GroupColumns, NeighbourhoodColumns, own_income_after_month
from dealsim.agents.service import LeadershipColumns, PlaceColumns, ServiceColumns
from dealsim.agents.staff import TEAM_SIZE, StaffColumns, TeamColumns, willingness_to_depart, word_counts
from dealsim.chance import draw, question
from dealsim.compiled import compiled, packed
from dealsim.curves import inverse_normal
from dealsim.declare import empty_columns
from dealsim.levers import LEVERS, SERVICE_KINDS
from dealsim.network import Ties, build_ties, ties_from_edges, to_networkx
from dealsim.parameters import Parameters, check_together
from dealsim.people import draw_people
from dealsim.places import PlaceInput
from dealsim.rows import arrival_in_row

RESIDENTS_PER_TEAM = 786
"""One frontline worker for about each hundred residents: so many residents that 33,000 have exactly the 42 teams
which seven places and six services need, and ten times as many people have ten times as many teams."""
SMALLEST_TO_REPORT = 3000
"""Boroughs smaller than this are for tests; their results are marked."""
MOST_PLACES = 50
SLOTS_AT_FIRST = 1000.0
"""Case slots a worker at the start of burn-in: room for everyone, until planned use is known."""


class Borough(NamedTuple):
    """Every column of every kind, and who is tied to whom."""

    name: str
    place_names: tuple[str, ...]
    service_names: tuple[str, ...]
    service_kinds: tuple[tuple[int, ...], ...]
    neighbourhood_names: tuple[str, ...]
    citizens: CitizenColumns
    staff: StaffColumns
    teams: TeamColumns
    services: ServiceColumns
    places: PlaceColumns
    leadership: LeadershipColumns
    neighbourhoods: NeighbourhoodColumns
    groups: GroupColumns
    ties: Ties
    service_of_kind: np.ndarray  # int32 [place, kind]: row of the service
    first_team: np.ndarray  # int32 [place, service]: row of its first team there, −1 for none
    team_count: np.ndarray  # int32 [place, service]
    first_slot: np.ndarray  # int32 [neighbourhood + 1]: row of its first slot for a group

    def to_networkx(
        self,
        *,
        rows: Sequence[int] | None = None,
        place: int | str | None = None,
        neighbourhood: int | str | None = None,
        attributes: Sequence[str] | None = None,
    ) -> Any:
        """Citizens and their ties, or those of one place or neighbourhood, as a networkx graph with attributes.

        See `dealsim.network.to_networkx`; a place or neighbourhood goes by its row or its name.
        """
        return to_networkx(
            self.citizens,
            self.ties,
            rows=rows,
            place=place,
            neighbourhood=neighbourhood,
            place_names=self.place_names,
            neighbourhood_names=self.neighbourhood_names,
            attributes=attributes,
        )


COLUMNS_OF_KIND: dict[str, Any] = {
    "citizens": CitizenColumns,
    "staff": StaffColumns,
    "teams": TeamColumns,
    "services": ServiceColumns,
    "places": PlaceColumns,
    "leadership": LeadershipColumns,
    "neighbourhoods": NeighbourhoodColumns,
    "groups": GroupColumns,
}
"""The column records of a borough."""
KINDS_OF_ROW = tuple(COLUMNS_OF_KIND)


def teams_for(size: int) -> int:
    """Teams of eight in a borough of that size; never fewer than one."""
    return max(1, math.ceil(size / RESIDENTS_PER_TEAM))


def shape_for(size: int, own_places: int) -> tuple[int, int]:
    """Places and services a borough of that size has: small ones drop places first, then merge services."""
    teams = teams_for(size)
    places = max(1, min(own_places, teams // len(SERVICE_KINDS), MOST_PLACES))
    return places, min(len(SERVICE_KINDS), teams)


def build(
    place: PlaceInput,
    size: int,
    seed: int,
    parameters: Parameters | None = None,
    *,
    ties: bool = True,
    separate_services: bool = False,
) -> Borough:
    """A synthetic borough of `size` citizens drawn from a place.

    `separate_services` gives every place services, budgets and know-how of its own (for tests of locality);
    `ties=False` leaves citizens without ties.
    """
    p = parameters or Parameters()
    check_together(p)
    n_places, n_services = shape_for(size, len(place.place_names))
    people = draw_people(place, size, seed, n_places)
    citizens = _citizens(people, seed, p)
    network = build_ties(people, seed, p.network) if ties else ties_from_edges(size, [])

    rows = n_services * (n_places if separate_services else 1)
    service_of_kind = np.zeros((n_places, len(SERVICE_KINDS)), np.int32)
    kinds: list[tuple[int, ...]] = [() for _ in range(rows)]
    for at in range(n_places):
        for kind in range(len(SERVICE_KINDS)):
            row = kind * n_services // len(SERVICE_KINDS) + (at * n_services if separate_services else 0)
            service_of_kind[at, kind] = row
            if kind not in kinds[row]:
                kinds[row] += (kind,)
    names = tuple("+".join(SERVICE_KINDS[kind] for kind in row) for row in kinds)
    if separate_services:
        names = tuple(f"{name} {people.place_names[i // n_services]}" for i, name in enumerate(names))

    weight = np.array([getattr(p.citizen, f"weight_{kind}") for kind in SERVICE_KINDS])
    services = empty_columns(ServiceColumns, rows)
    services.id[:] = np.arange(rows)
    for row, kinds_here in enumerate(kinds):
        if 0 in kinds_here and weight[0] > 0.0:
            services.health_share[row] = weight[0] / sum(weight[kind] for kind in kinds_here)
    services.blame[:] = services.blame_in_force[:] = LEVERS["blame_culture"].default
    services.permission[:] = services.permission_decided[:] = LEVERS["permission_to_innovate"].default
    services.nerve[:] = LEVERS["nerve"].default
    services.know_how[:] = p.service.know_how_start
    services.salience[:] = 1.0
    services.menu_fit[:] = p.service.menu_fits
    services.capacity[:] = 1.0

    demand = np.zeros((n_places, rows))
    care = SERVICE_KINDS.index("adult_social_care")
    for older in (0.0, 1.0):
        those = (citizens.age_band >= OLDER_BAND) == bool(older)
        need_of_place = np.bincount(citizens.place[those], citizens.arrival[those].astype(np.float64), n_places)
        own = [need_weight(value, kind == care, older, p.citizen) for kind, value in enumerate(weight.tolist())]
        for at in range(n_places):
            for kind in range(len(SERVICE_KINDS)):
                demand[at, service_of_kind[at, kind]] += need_of_place[at] * own[kind] / sum(own)
    team_count = _share_out(max(teams_for(size), n_places * n_services), demand)
    teams, staff, first_team = _staff(team_count, n_places, rows, seed, p)

    places = empty_columns(PlaceColumns, n_places)
    places.id[:] = np.arange(n_places)
    places.population[:] = np.bincount(citizens.place, minlength=n_places)
    for at in range(n_places):
        places.judgement_departures[at] = inverse_normal(ch.chance(seed, ch.BUILD_JUDGEMENT, 0, at, 0))
        places.judgement_investment[at] = inverse_normal(ch.chance(seed, ch.BUILD_JUDGEMENT, 0, at, 1))
    leadership = empty_columns(LeadershipColumns, 1)
    leadership.holders[:] = leadership.held[:] = 1.0

    neighbourhoods, groups, first_slot = _groups(people, citizens, seed, p)
    return Borough(
        name=place.name,
        place_names=tuple(people.place_names),
        service_names=names,
        service_kinds=tuple(kinds),
        neighbourhood_names=tuple(people.neighbourhoods.names),
        citizens=citizens,
        staff=staff,
        teams=teams,
        services=services,
        places=places,
        leadership=leadership,
        neighbourhoods=neighbourhoods,
        groups=groups,
        ties=network,
        service_of_kind=service_of_kind,
        first_team=first_team,
        team_count=team_count,
        first_slot=first_slot,
    )


def _share_out(total: int, demand: np.ndarray) -> np.ndarray:
    """Whole teams by demand: one for every place and service that has any, the rest by largest remainder."""
    there = demand > 0
    count = there.astype(np.int32)
    rest = total - int(count.sum())
    if rest > 0:
        wish = np.maximum(demand / demand.sum() * total - count, 0.0)
        wish *= rest / wish.sum()
        count += np.floor(wish).astype(np.int32)
        left = total - int(count.sum())
        order = np.argsort(-(wish - np.floor(wish)).ravel(), kind="stable")[:left]
        np.add.at(count.reshape(-1), order, 1)
    return count


@compiled
def _draw_citizens(citizens, seed, p):
    """The start of each citizen's life: agency, trust and wellbeing around a personal level; no need yet."""
    for i in range(citizens.id.size):
        id = int(citizens.id[i])
        home = p.agency_home_mean + p.agency_home_spread * inverse_normal(
            draw(question(seed, ch.BUILD_AGENCY, 0), id, 0)
        )
        citizens.agency_home[i] = min(0.98, max(0.02, home))
        home = p.trust_home_mean + p.trust_home_spread * inverse_normal(draw(question(seed, ch.BUILD_TRUST, 0), id, 0))
        citizens.trust_home[i] = min(0.98, max(0.02, home))
        citizens.wellbeing_home[i] = (
            p.wellbeing_home_mean
            + p.wellbeing_home_slope * (np.float64(citizens.deprivation[i]) - 0.5)
            + p.wellbeing_home_spread * inverse_normal(draw(question(seed, ch.BUILD_WELLBEING, 0), id, 0))
        )
        citizens.agency[i] = citizens.agency_home[i]
        citizens.trust[i] = min(1.0, max(0.0, np.float64(citizens.trust_home[i]) + p.trust_start))
        citizens.expectation[i] = citizens.trust[i]
        citizens.support[i] = 0.5
        target = wellbeing_target(
            np.float64(citizens.wellbeing_home[i]), 0, np.float64(citizens.agency[i]), 0.0, 0.5, p
        )
        swing = p.wellbeing_noise * inverse_normal(draw(question(seed, ch.BUILD_WELLBEING_NOW, 0), id, 0))
        citizens.wellbeing[i] = min(10.0, max(0.0, target + swing))
        citizens.arrival[i] = arrival_in_row(citizens, i, p)


def _citizens(people: Any, seed: int, p: Parameters) -> CitizenColumns:
    citizens = empty_columns(CitizenColumns, people.place.size)
    citizens.id[:] = np.arange(citizens.id.size)
    for name in (
        "neighbourhood",
        "cell",
        "household",
        "speaks_for",
        "place",
        "fifth",
        "age_band",
        "deprivation",
        "long_term_condition",
        "carer",
    ):
        getattr(citizens, name)[:] = getattr(people, name)
    first_cell: dict[int, int] = {}
    cells, first_row = np.unique(people.cell, return_index=True)
    for cell, at in zip(cells.tolist(), people.place[first_row].tolist(), strict=True):
        first_cell.setdefault(at, cell)
    start = np.array([first_cell.get(at, 0) for at in range(len(people.place_names))], np.int64)
    citizens.patch[:] = people.cell - start[people.place]
    for name in ("first_contact", "last_met", "last_seen", "last_changed"):
        getattr(citizens, name)[:] = NEVER
    citizens.part_last_solved[:] = -1
    citizens.group[:] = -1
    _draw_citizens(citizens, seed, packed(p.citizen))
    return citizens


def _staff(
    team_count: np.ndarray, n_places: int, n_services: int, seed: int, p: Parameters
) -> tuple[TeamColumns, StaffColumns, np.ndarray]:
    n_teams = int(team_count.sum())
    teams = empty_columns(TeamColumns, n_teams)
    staff = empty_columns(StaffColumns, n_teams * TEAM_SIZE)
    first_team = np.full((n_places, n_services), -1, np.int32)
    row = 0
    for at in range(n_places):
        for service in range(n_services):
            if team_count[at, service]:
                first_team[at, service] = row
                teams.place[row : row + team_count[at, service]] = at
                teams.service[row : row + team_count[at, service]] = service
                row += int(team_count[at, service])
    teams.id[:] = np.arange(n_teams)
    teams.slots_per_worker[:] = SLOTS_AT_FIRST
    posts = np.arange(n_teams * TEAM_SIZE)
    staff.id[:] = posts
    staff.team[:] = posts // TEAM_SIZE
    staff.service[:] = teams.service[staff.team]
    staff.place[:] = teams.place[staff.team]
    staff.bridge[:] = -1
    staff.last_departure[:] = NEVER
    permission = float(LEVERS["permission_to_innovate"].default)  # type: ignore[arg-type]
    packed_p = packed(p.staff)
    for i in posts.tolist():
        spread = [ch.chance(seed, ch.BUILD_STAFF, 0, i, n) - 0.5 for n in range(5)]
        for column, middle, u in zip(
            (staff.skill, staff.fear, staff.hope, staff.value, staff.credibility),
            (
                p.staff.newcomer_skill,
                p.staff.fear_start,
                p.staff.hope_start,
                p.staff.newcomer_value,
                p.staff.credibility_start,
            ),
            spread,
            strict=True,
        ):
            column[i] = min(1.0, max(0.0, middle + p.staff.start_spread * u))
        staff.perceived_permission[i] = permission
        staff.willingness[i] = willingness_to_depart(
            permission * word_counts(float(staff.credibility[i]), packed_p),
            float(staff.value[i]),
            p.staff.norm_start,
            float(staff.hope[i]),
            float(staff.fear[i]),
            0.0,
            packed_p,
        )
    for team in range(n_teams):
        mean = sum(float(v) for v in staff.willingness[team * TEAM_SIZE : (team + 1) * TEAM_SIZE]) / TEAM_SIZE
        teams.willingness[team] = teams.norm[team] = mean
    for i in posts.tolist():
        # half the share asks, and each tie found serves both ends
        if staff.bridge[i] >= 0 or ch.chance(seed, ch.BUILD_BRIDGE, 0, i, 0) >= p.staff.bridging / 2.0:
            continue
        others = posts[(staff.place == staff.place[i]) & (staff.service != staff.service[i]) & (staff.bridge < 0)]
        if others.size:
            partner = int(others[int(ch.chance(seed, ch.BUILD_BRIDGE, 0, i, 1) * others.size)])
            staff.bridge[i], staff.bridge[partner] = partner, i
    return teams, staff, first_team


@compiled
def _draw_volunteers(citizens, groups, first_slot, seed, share):
    """Who volunteers at the start of burn-in, and in which living group of the neighbourhood."""
    for i in range(citizens.id.size):
        if citizens.age_band[i] < FIRST_ADULT_BAND:
            continue
        id = int(citizens.id[i])
        if draw(question(seed, ch.BUILD_VOLUNTEER, 0), id, 0) >= share:
            continue
        low = first_slot[citizens.neighbourhood[i]]
        living = 0
        for g in range(low, first_slot[citizens.neighbourhood[i] + 1]):
            living += groups.alive[g]
        if living > 0:
            group = low + int(draw(question(seed, ch.BUILD_VOLUNTEER, 0), id, 1) * living)
            citizens.volunteer[i] = 1
            citizens.group[i] = group
            groups.volunteers[group] += 1


def _groups(
    people: Any, citizens: CitizenColumns, seed: int, p: Parameters
) -> tuple[NeighbourhoodColumns, GroupColumns, np.ndarray]:
    count = len(people.neighbourhoods.names)
    neighbourhoods = empty_columns(NeighbourhoodColumns, count)
    neighbourhoods.id[:] = np.arange(count)
    neighbourhoods.place[:] = people.neighbourhoods.place
    neighbourhoods.population[:] = np.bincount(citizens.neighbourhood, minlength=count)
    adults = citizens.age_band >= FIRST_ADULT_BAND
    neighbourhoods.adults[:] = np.bincount(citizens.neighbourhood[adults], minlength=count)
    neighbourhoods.deprivation[:] = people.neighbourhoods.deprivation
    neighbourhoods.coordination[:] = 1.0

    running = np.cumsum(neighbourhoods.population.astype(np.float64)) * p.group.groups_per_1000 / 1000.0
    initial = np.maximum(1, np.diff(np.floor(running + 0.5), prepend=0.0)).astype(np.int64)
    slots = np.maximum(initial + 1, np.floor(initial * p.group.slots_per_group + 0.5).astype(np.int64))
    first_slot = np.concatenate([[0], np.cumsum(slots)]).astype(np.int32)
    groups = empty_columns(GroupColumns, int(first_slot[-1]))
    groups.id[:] = np.arange(groups.id.size)
    groups.neighbourhood[:] = np.repeat(np.arange(count), slots)
    groups.own_income[:] = 1.0
    groups.born[:] = NEVER
    packed_p = packed(p.group)
    for at in range(count):
        for g in range(int(first_slot[at]), int(first_slot[at] + initial[at])):
            groups.alive[g] = 1
            drawn = 4.0 * p.group.reserve_start * ch.chance(seed, ch.BUILD_GROUP, 0, g, 0)
            groups.reserves[g] = min(p.group.reserve_ceiling, drawn)
            groups.own_income[g] = own_income_after_month(
                1.0, inverse_normal(ch.chance(seed, ch.BUILD_GROUP, 0, g, 1)), packed_p
            )
    _draw_volunteers(citizens, groups, first_slot, seed, p.citizen.volunteer_start)
    return neighbourhoods, groups, first_slot
