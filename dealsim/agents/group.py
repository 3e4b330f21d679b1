"""Voluntary and community groups and the neighbourhoods they work in.

A group lives on volunteers and money; how volunteers come and go stands with the citizens.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from dealsim.calendar import MONTHS_A_YEAR
from dealsim.compiled import compiled
from dealsim.curves import clipped
from dealsim.declare import Column, Parameter

TENDER, PARTNERSHIP = 0, 1


# A declaration a line reads as a table.
# fmt: off
class GroupColumns(NamedTuple):
    """One row a slot for a group; a new group in an emptied slot gets a new number."""

    id: Annotated[np.ndarray, Column("Permanent number of the group", "number", np.int32)]
    neighbourhood: Annotated[np.ndarray, Column("Neighbourhood", "row", np.int32, fixed=True)]
    alive: Annotated[np.ndarray, Column("There is a group in this slot", "0 or 1", np.int8, 0, 1)]
    born: Annotated[np.ndarray, Column("Week the group began", "week", np.int32)]
    volunteers: Annotated[np.ndarray, Column("Volunteers", "people", np.int32, 0, symbol="V")]
    reserves: Annotated[np.ndarray, Column("Reserves", "months of running cost", np.float64, 0, 36, symbol="R")]
    own_income: Annotated[np.ndarray, Column("Own income", "share of running cost", np.float64, 0, symbol="y")]
    grant_share: Annotated[np.ndarray, Column("Grant", "share of running cost", np.float64, 0, symbol="grant")]
    coordinator_hours: Annotated[np.ndarray, Column("Paid coordinator time", "hours per week", np.float64, 0)]
    load: Annotated[np.ndarray, Column("Known need against what volunteers can carry", "times", np.float64, 0, symbol="load_g")]
    contract: Annotated[np.ndarray, Column("Contract: 0 tender, 1 partnership", "0 or 1", np.int8, 0, 1)]
    contract_ends: Annotated[np.ndarray, Column("Week the contract is decided anew", "week", np.int32)]


class NeighbourhoodColumns(NamedTuple):
    """One row a neighbourhood."""

    id: Annotated[np.ndarray, Column("Permanent number", "number", np.int32, fixed=True)]
    place: Annotated[np.ndarray, Column("Place", "row", np.int32, fixed=True)]
    population: Annotated[np.ndarray, Column("Residents", "people", np.int32, 0, fixed=True)]
    adults: Annotated[np.ndarray, Column("Residents aged 16 and over", "people", np.int32, 0, fixed=True)]
    deprivation: Annotated[np.ndarray, Column("Deprivation", "0 least – 1 most", np.float64, 0, 1, fixed=True)]
    volunteer_share: Annotated[np.ndarray, Column("Volunteers among residents 16 and over", "share", np.float64, 0, 1, symbol="V_share")]
    met_share: Annotated[np.ndarray, Column("Share of known need that groups carry", "share", np.float64, 0, 1)]
    coverage: Annotated[np.ndarray, Column("Coverage by groups", "share of need", np.float64, 0, 1, symbol="cov")]
    load: Annotated[np.ndarray, Column("Known need against what volunteers can carry", "times", np.float64, 0, symbol="load")]
    coordination: Annotated[np.ndarray, Column("Lift from paid coordination", "times", np.float64, 1, symbol="M_n")]


class GroupParameters(NamedTuple):
    """How groups carry need, live on money, end and begin."""

    groups_per_1000: Annotated[float, Parameter("Groups at the start", "per 1,000 residents", 2, 10, "src-gmcvo", "derived", "groups")] = 5.2
    slots_per_group: Annotated[float, Parameter("Room for groups, against groups at the start", "times", 1, 3, "src-choice", "assumed", "1.8")] = 1.8
    needs_per_volunteer: Annotated[float, Parameter("Needs one volunteer can carry at a time", "needs per volunteer", 0.1, 1.5, "src-choice", "assumed", "h_v")] = 0.25
    known: Annotated[float, Parameter("Share of need groups know of without help", "share", 0.1, 0.6, "src-choice", "assumed", "known")] = 0.30
    signposting: Annotated[float, Parameter("Share of need made known by coordinators at £6 a head a year", "share", 0, 0.4, "src-choice", "assumed", "signposting")] = 0.20
    coordinator_hours: Annotated[float, Parameter("Coordinator time per group at £6 a head a year", "hours per week", 0.5, 8, "src-choice", "assumed", "coordinator hours")] = 2.0
    coordination: Annotated[float, Parameter("Lift from one hour of coordination", "times", 0, 0.5, "src-hager", "assumed", "m_h")] = 0.15
    load_unserved: Annotated[float, Parameter("Load where there are needs and nobody to carry them", "times", 1, 10, "src-choice", "assumed", "load, C = 0")] = 3.0
    coordination_carries: Annotated[float, Parameter("Part of the lift from coordination that shows in the needs a volunteer carries", "share", 0, 1, "src-choice", "assumed", "½(M−1)")] = 0.5
    income_memory: Annotated[float, Parameter("How long a good or bad month of income lasts", "share kept", 0, 0.95, "src-clifford", "assumed", "income AR")] = 0.85
    income_noise: Annotated[float, Parameter("Spread of monthly own income", "share of running cost", 0.02, 0.4, "src-clifford", "assumed", "income SD")] = 0.12
    reserve_ceiling: Annotated[float, Parameter("Most a group holds in reserve", "months of running cost", 6, 36, "src-choice", "assumed", "18")] = 18.0
    reserve_start: Annotated[float, Parameter("Reserves of a new group, and half the mean at the start", "months of running cost", 1, 9, "src-grant-terms", "claimed", "R start")] = 6.0
    crowding: Annotated[float, Parameter("Own income changed by grants", "times", -0.6, 0.2, "src-dewit", "published", "κ_cr")] = 0.0
    grant_size: Annotated[float, Parameter("Grant of a funded group", "share of running cost", 0, 1, "src-choice", "assumed", "grant size")] = 0.3
    grant_reach: Annotated[float, Parameter("Groups funded at £6 a head a year", "share of groups", 0, 1, "src-choice", "assumed", "funded")] = 0.5
    overhead_tender: Annotated[float, Parameter("Grant lost to bidding and reporting, tender", "share of grant", 0.05, 0.3, "src-grant-terms", "claimed", "overhead_t")] = 0.20
    overhead_partnership: Annotated[float, Parameter("Grant lost to bidding and reporting, partnership", "share of grant", 0.02, 0.25, "src-grant-terms", "claimed", "overhead_p")] = 0.08
    years_tender: Annotated[float, Parameter("Length of a tendered contract", "years", 1, 5, "src-choice", "assumed", "years_t")] = 1.0
    years_partnership: Annotated[float, Parameter("Length of a partnership", "years", 1, 10, "src-choice", "assumed", "years_p")] = 5.0
    fewest_volunteers: Annotated[float, Parameter("Fewest volunteers a group lives on", "people", 1, 6, "src-choice", "assumed", "V<3")] = 3.0
    grace: Annotated[float, Parameter("Time a new group has to find volunteers", "weeks", 0, 104, "src-choice", "assumed", "grace")] = 52.0
    births: Annotated[float, Parameter("New groups per empty slot", "per year", 0, 0.15, "src-choice", "assumed", "n_0")] = 0.037
    births_seed: Annotated[float, Parameter("Added by a seed fund at £6 a head a year", "per year", 0, 0.2, "src-choice", "assumed", "n_1")] = 0.05
    pull_of_volunteering: Annotated[float, Parameter("A volunteer's fellow members count in talk like so many ties", "ties", 0, 6, "src-choice", "assumed", "co-members")] = 2.0
    idle_capacity: Annotated[float, Parameter("Needs the community could carry that nobody has asked of it", "needs per 100 residents", 0, 20, "src-choice", "rival", "idle")] = 0.0
# fmt: on


@compiled
def coordination_lift(hours, p):
    """How much more volunteers can do with paid coordination.

    M_n = 1 + m_h·hours; 1 + 0.30·I at two hours a group (src-hager)
    """
    return 1.0 + p.coordination * hours


@compiled
def needs_carried(volunteers, coordination, residents, p):
    """Needs that the volunteers of a neighbourhood can carry.

    C = h_v·V·(1+½(M_n−1)) + idle capacity (src-choice)
    """
    return (
        p.needs_per_volunteer * volunteers * (1.0 + p.coordination_carries * (coordination - 1.0))
        + p.idle_capacity * residents / 100.0
    )


@compiled
def load_of(known, carrying, p):
    """Known need against what volunteers can carry.

    load = K/C; a set value where there is need and C = 0; 0 without need (src-choice)
    """
    if carrying > 0.0:
        return known / carrying
    return p.load_unserved if known > 0.0 else 0.0


@compiled
def known_share_of(investment, p):
    """Share of need below crisis that groups know of.

    known + signposting·I, at most 1 (src-choice)
    """
    return min(1.0, p.known + p.signposting * investment)


@compiled
def own_income_after_month(income, noise, p):
    """Own income after a month.

    y' = max(0, 1 + 0.85(y−1) + ε) (src-clifford)
    """
    return max(0.0, 1.0 + p.income_memory * (income - 1.0) + p.income_noise * noise)


@compiled
def reserves_after_month(reserves, income, grant, overhead, p):
    """Months of running cost in hand after a month.

    R' = min(18, R + (12/13)[grant(1−overhead) + y(1+κ_cr·gs) − 1]), gs = grant/(1+grant) (src-clifford, src-dewit)
    """
    share = grant / (1.0 + grant)
    flow = grant * (1.0 - overhead) + income * (1.0 + p.crowding * share) - 1.0
    return min(p.reserve_ceiling, reserves + 12.0 / MONTHS_A_YEAR * flow)


@compiled
def group_ends(reserves, volunteers, age, p):
    """Whether a group closes: out of money, or out of people once its first year is over.

    R < 0, or V < 3 and age ≥ grace (src-choice)
    """
    return reserves < 0.0 or (volunteers < p.fewest_volunteers and age >= p.grace)


@compiled
def birth_chance(investment, p):
    """Chance that an empty slot is filled by a new group in a month.

    (n_0 + n_1·I)/13, clipped to 0–1 (src-choice)
    """
    return clipped((p.births + p.births_seed * investment) / MONTHS_A_YEAR, 0.0, 1.0)


@compiled
def funded_chance(investment, p):
    """Chance that a group has a grant for the term of its next contract.

    min(1, funded·I) (src-choice)
    """
    return clipped(p.grant_reach * investment, 0.0, 1.0)
