"""What is counted while a week runs: whole numbers and sums that metrics read afterwards.

Counting never changes a run. Sums of people's values are kept as whole numbers (a value times 2^24), so they
do not depend on the order in which people are added.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dealsim.calendar import WEEKS_A_MONTH
from dealsim.compiled import compiled

SCALE = 16777216.0
"""2^24: what a value is multiplied by before it is added as a whole number."""

# Flows of people in a week, one row a cell (national fifth × place).
PEOPLE_FLOWS = (
    "arrivals", "resolved_by_self", "resolved_with_ties", "resolved_by_group", "onsets", "contacts", "requests", "failure_contacts",
    "referred_contacts", "crisis_contacts", "turned_away", "served", "sent_to_community", "parts_solved",
    "episodes_solved", "changed_conversations", "joined", "left",
)  # fmt: skip
(ARRIVALS, RESOLVED_BY_SELF, RESOLVED_WITH_TIES, RESOLVED_BY_GROUP, ONSETS, CONTACTS, REQUESTS, FAILURE_CONTACTS,
 REFERRED_CONTACTS, CRISIS_CONTACTS, TURNED_AWAY, SERVED, SENT_TO_COMMUNITY, PARTS_SOLVED, EPISODES_SOLVED, CHANGED_CONVERSATIONS,
 JOINED, LEFT) = range(len(PEOPLE_FLOWS))  # fmt: skip

# People in need at the end of a week, one row a cell.
NEED_COUNTS = ("emerging", "acute", "crisis", "no_service", "hidden", "waiting")
EMERGING, ACUTE, CRISIS, NO_SERVICE, HIDDEN, WAITING = range(len(NEED_COUNTS))

WAIT_BINS = 27
"""Waits are counted by whole weeks; the last bin holds everything longer."""

# Sums over people aged 16 and over (but `people` is everyone), as whole numbers.
PEOPLE_STOCKS = (
    "people", "surveyed", "wellbeing", "surveyed_in_need", "wellbeing_in_need", "trust", "agency", "expectation",
    "expectation_squared", "volunteers", "met", "met_changed", "reached", "met_reached",
    "answers", "answers_squared",
)  # fmt: skip
(PEOPLE, SURVEYED, WELLBEING, SURVEYED_IN_NEED, WELLBEING_IN_NEED, TRUST, AGENCY, EXPECTATION,
 EXPECTATION_SQUARED, VOLUNTEERS, MET, MET_CHANGED, REACHED, MET_REACHED, ANSWERS, ANSWERS_SQUARED) = range(len(PEOPLE_STOCKS))  # fmt: skip

# Flows at services in a week, one row a cell (service × place).
SERVICE_FLOWS = (
    "contacts", "failure_contacts", "turned_away", "served", "crisis_served", "tried", "solved", "departures",
    "revealed", "incidents", "visible", "reports", "sanctions", "backed", "leavers",
)  # fmt: skip
(S_CONTACTS, S_FAILURE, S_TURNED_AWAY, S_SERVED, S_CRISIS_SERVED, S_TRIED, S_SOLVED, S_DEPARTURES, S_REVEALED,
 S_INCIDENTS, S_VISIBLE, S_REPORTS, S_SANCTIONS, S_BACKED, S_LEAVERS) = range(len(SERVICE_FLOWS))  # fmt: skip

# Sums over staff, one row a cell (service × place).
STAFF_STOCKS = (
    "workers", "willingness", "fear", "skill", "hope", "credibility", "known", "known_squared", "value", "cases",
    "departed_last_year", "utilisation", "slots",
)  # fmt: skip
(WORKERS, WILLINGNESS, FEAR, SKILL, HOPE, CREDIBILITY, KNOWN, KNOWN_SQUARED, VALUE, CASES,
 DEPARTED_LAST_YEAR, UTILISATION, SLOTS) = range(len(STAFF_STOCKS))  # fmt: skip

# Groups, one row a cell (national fifth × place).
GROUP_COUNTS = (
    "groups", "births", "deaths", "reserves", "residents", "coverage", "load", "funded", "members",
)  # fmt: skip
GROUPS, BIRTHS, DEATHS, RESERVES, RESIDENTS, COVERAGE, LOAD, FUNDED, MEMBERS = range(len(GROUP_COUNTS))

# Money in a week, one row a service.
MONEY = (
    "staff",
    "contact",
    "crisis",
    "programme",
    "outside",
    "capacity",
    "blame",
    "permission",
    "menu_fit",
    "know_how",
)
M_STAFF, M_CONTACT, M_CRISIS, M_PROGRAMME, M_OUTSIDE, M_CAPACITY, M_BLAME, M_PERMISSION, M_MENU, M_KNOW_HOW = range(
    len(MONEY)
)

# What happens to a watched person.
EVENT_FIELDS = ("week", "person", "kind", "service", "departed", "solved", "revealed", "sanctioned")
EVENT_KINDS = (
    "need arises", "gets worse", "crisis", "put right alone", "put right with family or friends",
    "put right with a group's help", "contact",
    "turned away", "sent to the community", "part tried", "starts to volunteer", "stops volunteering", "re-opens",
)  # fmt: skip
(E_ARISES, E_WORSE, E_CRISIS, E_ALONE, E_TIES, E_GROUP, E_CONTACT, E_TURNED_AWAY, E_SENT, E_TRIED, E_JOINS, E_STOPS,
 E_REOPENS) = range(len(EVENT_KINDS))  # fmt: skip


class Tally(NamedTuple):
    """What is counted in the week that runs; all but the stocks are cleared when a week begins."""

    flows: np.ndarray  # int64 [fifth × place, PEOPLE_FLOWS]
    waits: np.ndarray  # int64 [fifth × place, WAIT_BINS]
    needs: np.ndarray  # int64 [fifth × place, NEED_COUNTS]
    services: np.ndarray  # int64 [service × place, SERVICE_FLOWS]
    staff: np.ndarray  # int64 [service × place, STAFF_STOCKS]
    groups: np.ndarray  # int64 [fifth × place, GROUP_COUNTS]
    money: np.ndarray  # float64 [service, MONEY]
    stocks: np.ndarray  # int64 [fifth × place, PEOPLE_STOCKS]; every fourth week
    everyone: np.ndarray  # int64 [PEOPLE_STOCKS]
    watched: np.ndarray  # int16 per citizen: number of the watched person, or −1
    events: np.ndarray  # int32 [room, EVENT_FIELDS]
    n_events: np.ndarray  # int64 [1]: events so far


def new_tally(citizens: int, places: int, services: int, room: int = 0) -> Tally:
    """An empty tally for a borough of that many citizens, places and services, with room for events."""
    cells = 5 * places
    return Tally(
        flows=np.zeros((cells, len(PEOPLE_FLOWS)), np.int64),
        waits=np.zeros((cells, WAIT_BINS), np.int64),
        needs=np.zeros((cells, len(NEED_COUNTS)), np.int64),
        services=np.zeros((services * places, len(SERVICE_FLOWS)), np.int64),
        staff=np.zeros((services * places, len(STAFF_STOCKS)), np.int64),
        groups=np.zeros((cells, len(GROUP_COUNTS)), np.int64),
        money=np.zeros((services, len(MONEY))),
        stocks=np.zeros((cells, len(PEOPLE_STOCKS)), np.int64),
        everyone=np.zeros(len(PEOPLE_STOCKS), np.int64),
        watched=np.full(citizens, -1, np.int16),
        events=np.zeros((max(1, room), len(EVENT_FIELDS)), np.int32),
        n_events=np.zeros(1, np.int64),
    )


class Record(NamedTuple):
    """Everything counted in a run, one row a week (`stocks`: one row every fourth week)."""

    flows: np.ndarray
    waits: np.ndarray
    needs: np.ndarray
    services: np.ndarray
    staff: np.ndarray
    groups: np.ndarray
    money: np.ndarray
    stocks: np.ndarray
    everyone: np.ndarray


def new_record(tally: Tally, weeks: int) -> Record:
    """An empty record of so many weeks."""
    months = (weeks + WEEKS_A_MONTH - 1) // WEEKS_A_MONTH
    return Record(
        *(
            np.zeros((months if name == "stocks" else weeks, *getattr(tally, name).shape), getattr(tally, name).dtype)
            for name in Record._fields
        )
    )


@compiled
def note(events, n_events, week, who, kind, service, departed, solved, revealed, sanctioned):
    """Write down what happens to a watched person; `who` is their number among the watched, −1 for others."""
    at = n_events[0]
    if who >= 0 and at < events.shape[0]:
        events[at, 0] = week
        events[at, 1] = who
        events[at, 2] = kind
        events[at, 3] = service
        events[at, 4] = departed
        events[at, 5] = solved
        events[at, 6] = revealed
        events[at, 7] = sanctioned
        n_events[0] = at + 1


@compiled
def cell_of(fifth, place, n_places):
    """The row in which people of a national fifth and a place are counted."""
    return int(fifth) * n_places + int(place)


@compiled
def whole_of(value):
    """A value as a whole number of 2^-24, so that sums do not depend on their order."""
    return int(np.floor(value * SCALE + 0.5))
