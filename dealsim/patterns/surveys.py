"""The observation model: how what happens in a borough becomes what a survey or a return would have recorded.

A survey asks a sample of people 16 and over; its answers are whole numbers with the mood of the day in them.
Returns of services are counted from contacts, as the services' own forms count them. Watching changes no life.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dealsim import chance as ch
from dealsim import tally as ta
from dealsim.agents.citizen import (
    FIRST_ADULT_BAND,
    OLDER_BAND,
    survey_answer,
    trust_after_contact,
)
from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_YEAR
from dealsim.chance import draw, question
from dealsim.curves import inverse_normal
from dealsim.engine import World

MOST_ASKED = 12_000
"""People whose contacts are followed at most; more would make no figure more certain than a borough's own chance."""
PANEL_WEEKS = (0, 1, WEEKS_A_YEAR // WEEKS_A_MONTH, 8 * WEEKS_A_YEAR // WEEKS_A_MONTH)
"""Visits, counted in months, at which the same people are asked how satisfied they are."""
LONG_TERM_MONTHS = 13
"""A need still with a service a year after the request is long-term."""
ASKED_FOR_TRUST = 400
"""People whose trust is moved by one good and one bad experience to compare the two."""


def people_asked(world: World) -> np.ndarray:
    """Rows of the people 16 and over who are followed: everyone, or every so-many-th in a large borough."""
    adults = np.flatnonzero(world.borough.citizens.age_band >= FIRST_ADULT_BAND)
    return adults[:: -(-adults.size // MOST_ASKED)]


class Survey:
    """Visits to one borough every fourth week, and what its returns say at the end.

    Attributes
    ----------
    answers
        By visit: the answers, 0 to 10, of the people asked (in the same order at every visit).
    asked_by_ties
        Share of those who start to volunteer who do so because a tie asked them.
    long_term
        Share of requests whose need is still with a service a year later.
    nothing
        Share of requests whose first contact puts no part of the need right.
    contacts_each
        Contacts per person, service and year, of those who contacted it at all.
    care_requests, care_requests_older
        Requests to adult social care per 100,000 people 16 and over a year, and the share of them from people of 65
        and over; not a number where the borough is too small to have that service apart.
    joined_a_year, left_a_year
        People who start to volunteer in a year, of all 16 and over; and volunteers who stop, of all volunteers.
    crisis_ratio
        New crises of the fifth of people with most agency, against the fifth with least.
    bad_against_good
        How far one unsolved contact moves trust, against one solved by the standard offer.
    """

    def __init__(self) -> None:
        self.answers: dict[int, np.ndarray] = {}
        self.asked_by_ties = self.long_term = self.nothing = self.contacts_each = float("nan")
        self.care_requests = self.care_requests_older = self.crisis_ratio = self.bad_against_good = float("nan")
        self.joined_a_year = self.left_a_year = float("nan")
        self._visits = 0
        self._joining = np.zeros(2)
        self._long = np.zeros(2)
        self._requests: list[float] = []

    def visit(self, world: World) -> None:
        """Look at a borough at the end of its fourth week."""
        citizens = world.borough.citizens
        week = world.week - 1
        if self._visits in PANEL_WEEKS:
            self.answers[self._visits] = _answers(world, week)
        self._joining += _joining(world)
        assert world.record is not None
        self._requests.append(float(world.record.flows[week - WEEKS_A_MONTH + 1 : week + 1, :, ta.REQUESTS].sum()))
        if self._visits >= LONG_TERM_MONTHS:
            began = week - LONG_TERM_MONTHS * WEEKS_A_MONTH
            then = (citizens.first_contact > began - WEEKS_A_MONTH) & (citizens.first_contact <= began)
            still = then & (citizens.need > 0) & (citizens.in_contact == 1) & (citizens.met_this_episode == 1)
            self._long += (still.sum(), self._requests[self._visits - LONG_TERM_MONTHS])
        self._visits += 1

    def end(self, world: World) -> None:
        """Sum up visits and returns."""
        self.asked_by_ties = _ratio(self._joining[0], self._joining[1])
        self.long_term = _ratio(self._long[0], self._long[1])
        self.bad_against_good = _bad_against_good(world)
        assert world.record is not None
        flows = world.record.flows.sum(axis=(0, 1)) * WEEKS_A_YEAR / world.week
        self.joined_a_year = _ratio(flows[ta.JOINED], world.tally.everyone[ta.SURVEYED])
        self.left_a_year = _ratio(flows[ta.LEFT], world.record.everyone[:, ta.VOLUNTEERS].mean())
        returns = _Returns(world)
        self.nothing = returns.nothing()
        self.contacts_each = returns.contacts_each()
        self.care_requests, self.care_requests_older = returns.care_requests()
        self.crisis_ratio = returns.crisis_ratio()


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _answers(world: World, week: int) -> np.ndarray:
    """What everyone followed says in this week: the mood of the day is drawn anew at each visit.

    The same draws as the survey that the metrics hold, so that the two agree.
    """
    moods = question(world.seed, ch.SURVEY_NOISE, week)
    citizens = world.borough.citizens
    p = world.p.citizen
    return np.array(
        [
            survey_answer(float(citizens.wellbeing[i]), inverse_normal(draw(moods, int(citizens.id[i]), 0)), p)
            for i in world.watching
        ]
    )


def _joining(world: World) -> np.ndarray:
    """Expected joiners of the month because a tie asked, and all expected joiners."""
    citizens = world.borough.citizens
    p = world.parameters.citizen
    rows = np.flatnonzero((citizens.age_band >= FIRST_ADULT_BAND) & (citizens.volunteer == 0))
    ties = world.scratch.asking[rows]
    ready = (p.joining_unsure + p.joining_agency * citizens.agency[rows].astype(float)) * (
        p.joining_hopeless + citizens.expectation[rows].astype(float)
    )
    near = citizens.neighbourhood[rows]
    hoods = world.borough.neighbourhoods
    room = np.maximum(0.0, 1.0 - hoods.volunteer_share[near] / p.volunteer_ceiling) * hoods.coordination[near]
    by_ties = p.joining_one * (ties >= 1) + p.joining_two * (ties >= 2)
    return np.array([(ready * room * by_ties).sum(), (ready * room * (by_ties + p.joining_base)).sum()])


def _bad_against_good(world: World) -> float:
    """Mean loss of trust by one unsolved contact against the mean gain by one solved by the standard offer."""
    citizens = world.borough.citizens
    p = world.p.citizen
    rows = world.watching[:: max(1, world.watching.size // ASKED_FOR_TRUST)]
    loss = gain = 0.0
    for i in rows:
        trust, expected = float(citizens.trust[i]), float(citizens.expectation[i])
        loss += max(0.0, trust - trust_after_contact(trust, expected, p.experience_unsolved, p))
        gain += max(0.0, trust_after_contact(trust, expected, p.experience_menu, p) - trust)
    return _ratio(loss, gain)


class _Returns:
    """The events of the people followed, in the order in which they happened to each."""

    def __init__(self, world: World) -> None:
        events = world.events
        order = np.argsort(events[:, ta.EVENT_FIELDS.index("person")], kind="stable")
        table = events[order]
        self._week, self._person, self._kind, self._service = (
            table[:, ta.EVENT_FIELDS.index(name)] for name in ("week", "person", "kind", "service")
        )
        self._solved = table[:, ta.EVENT_FIELDS.index("solved")]
        self._world = world
        self._years = world.week / WEEKS_A_YEAR
        is_contact = self._kind == ta.E_CONTACT
        contacts = np.cumsum(is_contact)
        # contacts of the person's episode so far: counted from the last need that arose, or from the first event
        begins = (self._kind == ta.E_ARISES) | np.r_[True, np.diff(self._person) != 0]
        before = np.maximum.accumulate(np.where(begins, contacts - is_contact, -1))
        begun_here = np.maximum.accumulate(np.where(self._kind == ta.E_ARISES, np.arange(len(table)), -1))
        first_of_person = np.maximum.accumulate(
            np.where(np.r_[True, np.diff(self._person) != 0], np.arange(len(table)), -1)
        )
        # a need that arose before the first week may have been brought before: it makes no request here
        self.is_request = is_contact & (contacts - before == 1) & (begun_here >= first_of_person)
        self.is_contact = is_contact

    def nothing(self) -> float:
        """Share of requests after which no part was solved in the same week."""
        key = self._person.astype(np.int64) * 100_000 + self._week
        solved = np.unique(key[(self._kind == ta.E_TRIED) & (self._solved == 1)])
        requests = key[self.is_request]
        return _ratio(float((~np.isin(requests, solved)).sum()), float(requests.size))

    def contacts_each(self) -> float:
        """Contacts per person, service and year."""
        year = self._week // WEEKS_A_YEAR
        key = (self._person.astype(np.int64) * 1000 + self._service) * 100 + year
        return _ratio(float(self.is_contact.sum()), float(np.unique(key[self.is_contact]).size))

    def care_requests(self) -> tuple[float, float]:
        """Requests to adult social care per 100,000 a year, and the share from people of 65 and over."""
        borough = self._world.borough
        rows = [k for k, name in enumerate(borough.service_names) if name == "adult_social_care"]
        if not rows:
            return float("nan"), float("nan")
        to_care = self.is_request & (self._service == rows[0])
        older = borough.citizens.age_band[self._world.watching[self._person[to_care]]] >= OLDER_BAND
        asked = self._world.watching.size * self._years
        return _ratio(100_000.0 * to_care.sum(), asked), _ratio(float(older.sum()), float(older.size))

    def crisis_ratio(self) -> float:
        """New crises of the fifth with most agency against the fifth with least."""
        agency: Any = self._world.borough.citizens.agency_home[self._world.watching]
        least, most = np.quantile(agency, (0.2, 0.8))
        falls = agency[self._person[self._kind == ta.E_CRISIS]]
        return _ratio(float((falls >= most).sum()), float((falls <= least).sum()))
