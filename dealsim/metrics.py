"""What is measured: one function a metric, with label, unit and which way is good.

Metrics only watch. Each reads the counts of a run for one group of people, services or places at a time and
gives one value a week (or a value every fourth week, where people are summed up by group).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dealsim import tally as ta
from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_YEAR

NATIONAL_FIFTHS = 5


@dataclass(frozen=True)
class Metric:
    """One declared metric; `reads` names the counts it needs, which fixes the groups it has a meaning for.

    `meaning` is what its function says of itself; `theme` is the part of the story it belongs to.
    """

    name: str
    label: str
    unit: str
    good: str
    reads: str
    measure: Callable[[Any], np.ndarray]
    meaning: str
    theme: str
    by_service: bool = False
    running: bool = False


THEMES = ("demand", "people", "staff", "community", "money")
"""The parts of the story, in the order in which they are told."""

_THEME_OF = {
    "flows": "demand",
    "needs": "demand",
    "waits": "demand",
    "stocks": "people",
    "by group": "people",
    "borough": "people",
    "staff": "staff",
    "services": "staff",
    "climate": "staff",
    "groups": "community",
    "money": "money",
}
"""The theme of a metric that names none, by the counts it reads."""

METRICS: dict[str, Metric] = {}


def metric(
    label: str, unit: str, good: str, reads: str, by_service: bool = False, running: bool = False, theme: str = ""
) -> Callable[[Any], Any]:
    """Declare a metric: its label, unit, which way is good (`up`, `down` or ''), and which counts it reads.

    `by_service` marks a metric of people's contacts that also has a meaning for one service; `running` one that
    looks back over a year; `theme` one that belongs elsewhere than its counts say. The docstring of the function
    is what readers of a report are told.
    """

    def declare(measure: Callable[[Any], np.ndarray]) -> Callable[[Any], np.ndarray]:
        name = measure.__name__
        meaning = " ".join((measure.__doc__ or "").split())
        METRICS[name] = Metric(
            name, label, unit, good, reads, measure, meaning, theme or _THEME_OF[reads], by_service, running
        )
        return measure

    return declare


class Counts:
    """Counts of one group, by name, one value a week."""

    def __init__(self, **arrays: Any) -> None:
        self.__dict__.update(arrays)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no such count: {name}")


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part ÷ whole, and not-a-number where there is nothing to share."""
    out = np.full(np.shape(part), np.nan)
    np.divide(part, whole, out=out, where=np.asarray(whole) > 0)
    return out


def _mean(total: np.ndarray, number: np.ndarray) -> np.ndarray:
    """The mean of a value summed in whole numbers of 2^-24."""
    return _share(np.asarray(total) / ta.SCALE, number)


def _spread(total: np.ndarray, squares: np.ndarray, number: np.ndarray) -> np.ndarray:
    """The standard deviation from a sum and a sum of squares."""
    mean = _mean(total, number)
    return np.sqrt(np.maximum(0.0, _mean(squares, number) - mean * mean))


PER_1000_A_YEAR = 1000.0 * WEEKS_A_YEAR


@metric("Contacts with services", "per 1,000 residents a year", "down", "flows", by_service=True)
def contacts_per_1000(c):
    """All contacts: first, repeat, referred, in crisis, turned away, or sent on at the door."""
    return c.contacts / c.people * PER_1000_A_YEAR


@metric("New requests", "per 1,000 residents a year", "", "flows")
def requests_per_1000(c):
    """First contacts of an episode of need."""
    return c.requests / c.people * PER_1000_A_YEAR


@metric("Failure demand", "share of contacts", "down", "flows", by_service=True)
def failure_demand_share(c):
    """Contacts in an unresolved episode that were not a live referral."""
    return _share(c.failure_contacts, c.contacts)


@metric("Turned away", "share of contacts", "down", "flows", by_service=True)
def turned_away_share(c):
    """Contacts for which no team had a slot."""
    return _share(c.turned_away, c.contacts)


@metric("Sent to the community at the door", "share of contacts", "", "flows")
def sent_to_community_share(c):
    """Contacts ended at the front door by off-loading."""
    return _share(c.sent_to_community, c.contacts)


@metric("New crises", "per 1,000 residents a year", "down", "flows")
def crisis_onsets_per_1000(c):
    """Acute needs that became a crisis."""
    return c.onsets / c.people * PER_1000_A_YEAR


@metric("New needs", "per 1,000 residents a year", "down", "flows")
def needs_per_1000(c):
    """Needs that arose."""
    return c.arrivals / c.people * PER_1000_A_YEAR


@metric("Put right without a service", "share of ended episodes", "up", "flows")
def resolved_in_community_share(c):
    """Episodes ended by the person, their ties or a group, of all that ended."""
    alone = c.resolved_by_self + c.resolved_with_ties + c.resolved_by_group
    return _share(alone, alone + c.episodes_solved)


@metric("Put right with a group's help", "share of ended episodes", "", "flows")
def resolved_by_group_share(c):
    """Episodes ended with the help of a group, of all that ended."""
    alone = c.resolved_by_self + c.resolved_with_ties + c.resolved_by_group
    return _share(c.resolved_by_group, alone + c.episodes_solved)


@metric("Put right alone", "per 1,000 residents a year", "", "flows")
def put_right_alone_per_1000(c):
    """Needs that people put right themselves."""
    return c.resolved_by_self / c.people * PER_1000_A_YEAR


@metric("Put right with family or friends", "per 1,000 residents a year", "", "flows")
def put_right_with_ties_per_1000(c):
    """Needs put right with the help of people whom the person knows."""
    return c.resolved_with_ties / c.people * PER_1000_A_YEAR


@metric("Put right with a group's help, of all", "per 1,000 residents a year", "", "flows")
def put_right_by_group_per_1000(c):
    """Needs put right with the help of a community group."""
    return c.resolved_by_group / c.people * PER_1000_A_YEAR


@metric("Put right by services", "per 1,000 residents a year", "", "flows")
def put_right_by_service_per_1000(c):
    """Needs put right in a meeting with a worker, all their parts."""
    return c.episodes_solved / c.people * PER_1000_A_YEAR


@metric("In crisis", "share of residents", "down", "needs")
def crisis_share(c):
    """People in crisis now."""
    return c.crisis / c.people


@metric("In need", "share of residents", "down", "needs")
def need_share(c):
    """People with any open need: hidden, waiting, turned away or being helped."""
    return (c.emerging + c.acute + c.crisis) / c.people


@metric("In contact with no service", "share of people in need", "", "needs")
def without_service_share(c):
    """People in need with whose need no service is dealing, whether a group carries it or nobody does."""
    return _share(c.no_service, c.emerging + c.acute + c.crisis)


@metric("Hidden need", "share of people in need", "down", "needs")
def hidden_need_share(c):
    """People in need who are in contact with nobody: no service deals with it and no group carries it."""
    return _share(c.hidden, c.emerging + c.acute + c.crisis)


@metric("Hidden need in the population", "share of residents", "down", "needs")
def hidden_need_population_share(c):
    """People in need and in contact with nobody, of all residents."""
    return c.hidden / c.people


@metric("Unmet need", "share of residents", "down", "needs")
def unmet_need_share(c):
    """People in need who are hidden, or wait for a first meeting; those turned away so far are among them."""
    return (c.hidden + c.waiting) / c.people


@metric("With a group", "share of residents", "", "needs")
def with_group_share(c):
    """People in need whose need a group carries and no service deals with."""
    return (c.no_service - c.hidden) / c.people


@metric("Turned away so far", "share of residents", "down", "needs")
def turned_away_so_far_share(c):
    """People in need who have asked a service, were turned away, and still wait for a first meeting."""
    return c.waiting / c.people


@metric("With a service", "share of residents", "", "needs")
def with_service_share(c):
    """People in need who have met a worker and whose need a service still deals with."""
    return (c.emerging + c.acute + c.crisis - c.no_service - c.waiting) / c.people


@metric("Wait for the first meeting", "weeks (median over a year)", "down", "waits", running=True)
def waiting_weeks(c):
    """Median weeks from first contact to first meeting, over the 52 weeks that end in this one."""
    running = np.cumsum(np.concatenate([np.zeros((1, ta.WAIT_BINS)), c.waits]), axis=0)
    window = np.minimum(WEEKS_A_YEAR, np.arange(1, len(running)))
    year = running[1:] - running[np.arange(1, len(running)) - window]
    total = year.sum(axis=1)
    below = np.cumsum(year, axis=1)
    at = np.argmax(below >= total[:, None] / 2.0, axis=1)
    rows = np.arange(len(year))
    before = np.where(at > 0, below[rows, np.maximum(at - 1, 0)], 0.0)
    inside = _share(total / 2.0 - before, year[rows, at])
    return np.where(total > 0, np.maximum(0.0, at - 0.5 + inside), np.nan)


@metric("Mean wellbeing", "0–10 (ONS life satisfaction), people 16 and over", "up", "stocks")
def mean_wellbeing(c):
    """Mean wellbeing of people 16 and over."""
    return _mean(c.wellbeing, c.surveyed)


@metric("Life satisfaction as surveyed", "0–10 (ONS life satisfaction), people 16 and over", "up", "by group")
def surveyed_satisfaction(c):
    """Mean answer of people 16 and over to a survey: a whole number, with the mood of the day in it."""
    return _share(c.answers, c.surveyed)


@metric("Spread of life satisfaction as surveyed", "points (standard deviation)", "", "by group")
def surveyed_satisfaction_spread(c):
    """Standard deviation of survey answers between people 16 and over."""
    mean = _share(c.answers, c.surveyed)
    return np.sqrt(np.maximum(0.0, _share(c.answers_squared, c.surveyed) - mean * mean))


@metric("Wellbeing of people in need", "0–10 (ONS life satisfaction), people 16 and over", "up", "by group")
def wellbeing_in_need(c):
    """Mean wellbeing of people 16 and over who have an open need."""
    return _mean(c.wellbeing_in_need, c.surveyed_in_need)


@metric("Mean trust in services", "0–1", "up", "stocks")
def mean_trust(c):
    """Mean trust of people 16 and over."""
    return _mean(c.trust, c.surveyed)


@metric("Mean agency", "0–1", "up", "stocks")
def mean_agency(c):
    """Mean confidence to act of people 16 and over."""
    return _mean(c.agency, c.surveyed)


@metric("Mean expectation", "0–1", "", "stocks")
def mean_expectation(c):
    """What people 16 and over expect of the next contact."""
    return _mean(c.expectation, c.surveyed)


@metric("Volunteers", "share of people 16 and over", "up", "stocks", theme="community")
def volunteer_share(c):
    """People who volunteer with a group."""
    return _share(c.volunteers, c.surveyed)


@metric("Met a changed conversation", "share of those who met a worker in a year", "up", "by group")
def changed_conversation_share(c):
    """Of people 16 and over who met a worker in the last year, those whose conversation was a different one."""
    return _share(c.met_changed, c.met)


@metric("Met a changed conversation: everyone", "share of people 16 and over", "up", "by group")
def changed_conversation_population_share(c):
    """People 16 and over whose conversation with a worker in the last year was a different one."""
    return _share(c.met_changed, c.surveyed)


@metric("Met a worker in the last year", "share of people 16 and over", "", "by group")
def met_worker_share(c):
    """People 16 and over who met a worker in the last 52 weeks."""
    return _share(c.met, c.surveyed)


@metric("The Deal reaches: people not in contact", "share of people 16 and over who met no worker", "up", "by group")
def reached_without_contact_share(c):
    """Of people who met no worker in the last year, those who volunteer."""
    return _share(c.reached - c.met_reached, c.surveyed - c.met)


@metric("The Deal reaches: everyone", "share of people 16 and over", "up", "by group")
def reached_share(c):
    """People 16 and over who had a changed conversation in the last year or who volunteer."""
    return _share(c.reached, c.surveyed)


@metric("Willingness to depart from the menu", "0–1", "up", "staff")
def mean_willingness(c):
    """Mean willingness of staff."""
    return _mean(c.willingness, c.workers)


@metric("Fear of blame", "0–1", "down", "staff")
def mean_fear(c):
    """Mean fear of staff."""
    return _mean(c.fear, c.workers)


@metric("Hope of staff", "0–1", "up", "staff")
def mean_hope(c):
    """Mean hope of staff."""
    return _mean(c.hope, c.workers)


@metric("Skill in the different conversation", "0–1", "up", "staff")
def mean_skill(c):
    """Mean skill of staff."""
    return _mean(c.skill, c.workers)


@metric("Credibility of leaders", "0–1", "up", "staff")
def mean_credibility(c):
    """Mean credibility of leaders to staff."""
    return _mean(c.credibility, c.workers)


@metric("Permission as staff know it", "0–1", "up", "staff")
def mean_known_permission(c):
    """Mean permission that staff take to be real."""
    return _mean(c.known, c.workers)


@metric("Belief that departing works", "0–1", "", "staff")
def mean_value(c):
    """Mean belief of staff that departing from the menu works."""
    return _mean(c.value, c.workers)


@metric("Caseload", "open cases per worker", "down", "staff")
def caseload(c):
    """Open parts in contact and cases closed lately, per worker."""
    return _mean(c.cases, c.workers)


@metric("Case slots", "per worker a week", "", "staff")
def slots_per_worker(c):
    """Case slots as planned, after money, training and the time that departures take."""
    return _mean(c.slots, c.workers)


@metric("Use of capacity", "share of slots", "", "staff")
def utilisation(c):
    """Slots used, of all slots, slow mean."""
    return _mean(c.utilisation, c.workers)


@metric("The Deal reaches: staff", "share of staff", "up", "staff")
def departing_staff_share(c):
    """Workers who departed from the menu in the last year."""
    return _share(c.departed_last_year, c.workers)


@metric("Staff who leave", "share a year", "down", "services")
def leavers_share(c):
    """Leavers of the week, as a share of staff a year; staff leave once a month, other weeks are zero."""
    return _share(c.leavers * WEEKS_A_YEAR, c.workers)


@metric("Incidents reported", "share of incidents", "up", "services")
def reported_share(c):
    """Incidents that the worker reported."""
    return _share(c.reports, c.incidents)


@metric("Sanctions", "per 100 workers a year", "down", "services")
def sanctions_per_100(c):
    """Visible incidents answered with a sanction."""
    return _share(c.sanctions * 100.0 * WEEKS_A_YEAR, c.workers)


@metric("Departures from the menu", "share of parts tried", "", "services")
def departure_share(c):
    """Parts of a need tried by a departure from the standard offer."""
    return _share(c.departures, c.tried)


@metric("Parts solved", "share of parts tried", "up", "services")
def solved_share(c):
    """Parts of a need solved, of those tried."""
    return _share(c.solved, c.tried)


@metric("Coverage by groups", "share of need", "up", "groups")
def group_coverage(c):
    """Share of need that groups know of and carry."""
    return _mean(c.coverage, c.residents)


@metric("Load on groups", "times what volunteers can carry", "down", "groups")
def group_load(c):
    """Known need against what volunteers can carry."""
    return _mean(c.load, c.residents)


@metric("Groups", "per 1,000 residents", "up", "groups")
def groups(c):
    """Living groups."""
    return _share(c.groups, c.residents) * 1000.0


@metric("Groups that begin", "per 100 groups a year", "up", "groups")
def group_births(c):
    """New groups; months carry it, other weeks are zero."""
    return _share(c.births * 100.0 * WEEKS_A_YEAR, c.groups)


@metric("Groups that close", "per 100 groups a year", "down", "groups")
def group_deaths(c):
    """Groups that closed; months carry it, other weeks are zero."""
    return _share(c.deaths * 100.0 * WEEKS_A_YEAR, c.groups)


@metric("Group survival", "share of groups that live on for a year", "up", "groups", running=True)
def group_survival(c):
    """One minus the share of groups that closed in the last 52 weeks (or since the start, at that pace)."""
    closed = np.cumsum(c.deaths)
    window = np.minimum(WEEKS_A_YEAR, np.arange(1, closed.size + 1))
    before = np.concatenate([[0.0], closed])[np.arange(closed.size) + 1 - window]
    return 1.0 - np.minimum(1.0, _share((closed - before) * WEEKS_A_YEAR / window, c.groups))


@metric("Funding in hand", "months of running cost", "up", "groups")
def months_in_hand(c):
    """Mean reserves of groups."""
    return _mean(c.reserves, c.groups)


@metric("The Deal reaches: partners", "share of groups", "up", "groups")
def funded_share(c):
    """Groups with a grant."""
    return _share(c.funded, c.groups)


@metric("Spend", "£ per resident a year", "down", "money")
def cost_per_head(c):
    """All spend of services and programmes, whoever pays."""
    return (c.staff + c.contact + c.crisis + c.programme + c.outside) / c.residents * WEEKS_A_YEAR


@metric("Spend on staff", "£ per resident a year", "", "money")
def staff_cost_per_head(c):
    """Spend on frontline staff."""
    return c.staff / c.residents * WEEKS_A_YEAR


@metric("Spend on contacts", "£ per resident a year", "down", "money")
def contact_cost_per_head(c):
    """Spend on contacts below crisis."""
    return c.contact / c.residents * WEEKS_A_YEAR


@metric("Spend on crises", "£ per resident a year", "down", "money")
def crisis_cost_per_head(c):
    """Spend on contacts in crisis."""
    return c.crisis / c.residents * WEEKS_A_YEAR


@metric("Spend on programmes", "£ per resident a year", "", "money")
def investment_per_head(c):
    """Spend on investment, communications, champions and link workers, whoever pays."""
    return (c.programme + c.outside) / c.residents * WEEKS_A_YEAR


@metric("Staff capacity", "times the old regime", "", "climate")
def capacity(c):
    """Staff capacity against the old regime, mean of services."""
    return c.capacity


@metric("Blame in force", "0–1", "down", "climate")
def blame_in_force(c):
    """Blame culture with pressure from incidents, mean of services."""
    return c.blame


@metric("Permission in force", "0–1", "", "climate")
def permission_in_force(c):
    """Permission that leaders hold to, mean of services."""
    return c.permission


@metric("Fit of the standard offer", "share of parts", "up", "climate")
def menu_fit(c):
    """Share of new parts of need that the standard offer fits, mean of services."""
    return c.menu_fit


@metric("Know-how", "0 and up", "up", "climate")
def know_how(c):
    """What services have learnt from reports, mean of services."""
    return c.know_how


@metric("Wellbeing gap", "points between the least and the most deprived fifth", "down", "borough")
def wellbeing_gap(c):
    """Mean wellbeing of national deprivation fifth 5 (least deprived) minus that of fifth 1 (most)."""
    most, least = c.fifths[0], c.fifths[NATIONAL_FIFTHS - 1]
    return _mean(least.wellbeing, least.surveyed) - _mean(most.wellbeing, most.surveyed)


@metric("Gap between places", "points between the best and the worst place", "down", "borough")
def wellbeing_gap_places(c):
    """Mean wellbeing of the place with the highest minus that of the place with the lowest."""
    means = np.array([_mean(place.wellbeing, place.surveyed) for place in c.places])
    return means.max(axis=0) - means.min(axis=0)


@metric("Shared purpose", "0–1", "up", "borough")
def shared_purpose(c):
    """One minus the spread of what staff take to be permitted and of what people expect, the mean of the two."""
    staff = _spread(c.known, c.known_squared, c.workers)
    people = _spread(c.expectation, c.expectation_squared, c.surveyed)
    return 1.0 - (staff + people) / 2.0


HEADLINE = (
    "contacts_per_1000",
    "hidden_need_share",
    "requests_per_1000",
    "failure_demand_share",
    "crisis_onsets_per_1000",
    "turned_away_share",
    "mean_wellbeing",
    "wellbeing_in_need",
    "wellbeing_gap",
    "mean_trust",
    "mean_agency",
    "mean_fear",
    "mean_hope",
    "mean_willingness",
    "caseload",
    "volunteer_share",
    "group_coverage",
    "cost_per_head",
)
"""The metrics a comparison opens with; hidden need beside demand, so that a false success shows."""


Series = list[tuple[str, str, np.ndarray, np.ndarray]]


def _named(table: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {name: table[..., k] for k, name in enumerate(names)}


def _months(table: np.ndarray) -> np.ndarray:
    """Means over each four weeks (the last stretch may be shorter)."""
    weeks = table.shape[0]
    starts = np.arange(0, weeks, WEEKS_A_MONTH)
    lengths = np.minimum(WEEKS_A_MONTH, weeks - starts)
    return np.add.reduceat(table.astype(np.float64), starts, axis=0) / lengths.reshape(-1, *[1] * (table.ndim - 1))


def groups_of(world: Any) -> dict[str, tuple[str, int]]:
    """The groups of a borough: `all`, `quintile:1`…, `place:…` and `service:…`, as (kind, row)."""
    borough = world.borough
    return {
        "all": ("all", 0),
        **{f"quintile:{k + 1}": ("quintile", k) for k in range(NATIONAL_FIFTHS)},
        # a single place is everyone
        **{f"place:{name}": ("place", k) for k, name in enumerate(borough.place_names) if len(borough.place_names) > 1},
        **{f"service:{name}": ("service", k) for k, name in enumerate(borough.service_names)},
    }


_GROUPS_FOR = {
    "flows": ("all", "quintile", "place"),
    "needs": ("all", "quintile", "place"),
    "waits": ("all", "quintile", "place"),
    "stocks": ("all", "quintile", "place"),
    "by group": ("all", "quintile", "place"),
    "staff": ("all", "place", "service"),
    "services": ("all", "place", "service"),
    "groups": ("all", "quintile", "place"),
    "money": ("all", "service"),
    "climate": ("all", "service"),
    "borough": ("all",),
}


def series(world: Any, groups: tuple[str, ...] | None = None) -> Series:
    """Every metric of a finished run, for every group it has a meaning for (or for those named in `groups`).

    Returns
    -------
    list of (metric, group, weeks, values)
        `all` weekly; other groups every fourth week, as the mean of the four weeks that begin there (stocks of
        people as they stand there). A metric whose group is empty is left out.
    """
    record = world.record
    borough = world.borough
    n_places = len(borough.place_names)
    weeks = np.arange(record.flows.shape[0])
    months = weeks[::WEEKS_A_MONTH]
    residents = np.bincount(
        borough.citizens.fifth.astype(np.int64) * n_places + borough.citizens.place, minlength=5 * n_places
    )

    def cells(kind: str, row: int, width: int) -> np.ndarray:
        grid = np.arange(width * n_places).reshape(width, n_places)
        if kind == "place":
            return grid[:, row]
        return grid.ravel() if kind == "all" else grid[row]

    def counts(reads: str, kind: str, row: int, monthly: bool) -> Counts | None:
        take = _months if monthly else (lambda table: table)
        if reads in ("flows", "needs", "waits", "stocks", "by group") and kind != "service":
            chosen = cells(kind, row, NATIONAL_FIFTHS)
            people = residents[chosen].sum()
            if people == 0:
                return None
            if reads == "flows":
                return Counts(people=people, **_named(take(record.flows[:, chosen].sum(axis=1)), ta.PEOPLE_FLOWS))
            if reads == "needs":
                return Counts(people=people, **_named(take(record.needs[:, chosen].sum(axis=1)), ta.NEED_COUNTS))
            if reads == "waits":
                return Counts(waits=record.waits[:, chosen].sum(axis=1))
            if reads == "stocks" and not monthly:
                return Counts(**_named(record.everyone, ta.PEOPLE_STOCKS))
            return Counts(**_named(record.stocks[:, chosen].sum(axis=1), ta.PEOPLE_STOCKS))
        if reads == "flows":
            chosen = cells("service", row, borough.services.id.size)
            return Counts(
                people=residents.sum(), **_named(take(record.services[:, chosen].sum(axis=1)), ta.SERVICE_FLOWS)
            )
        if reads in ("staff", "services"):
            chosen = cells(kind, row, borough.services.id.size)
            staff = _named(take(record.staff[:, chosen].sum(axis=1)), ta.STAFF_STOCKS)
            flows = _named(take(record.services[:, chosen].sum(axis=1)), ta.SERVICE_FLOWS)
            return Counts(**flows, **staff) if staff["workers"].any() else None
        if reads == "groups":
            chosen = cells(kind, row, NATIONAL_FIFTHS)
            named = _named(take(record.groups[:, chosen].sum(axis=1)), ta.GROUP_COUNTS)
            return Counts(**named) if named["residents"].any() else None
        if reads == "money":
            table = record.money if kind == "all" else record.money[:, [row]]
            return Counts(residents=residents.sum(), **_named(take(table.sum(axis=1)), ta.MONEY))
        if reads == "climate":
            table = record.money if kind == "all" else record.money[:, [row]]
            return Counts(**_named(take(table.sum(axis=1) / table.shape[1]), ta.MONEY))
        everyone = record.stocks.sum(axis=1)
        fifths = [counts("stocks", "quintile", k, True) for k in range(NATIONAL_FIFTHS)]
        if any(fifth is None for fifth in fifths):
            return None
        return Counts(
            fifths=fifths,
            places=[counts("stocks", "place", k, True) for k in range(n_places)],
            **_named(everyone, ta.PEOPLE_STOCKS),
            **_named(record.staff.sum(axis=1)[::WEEKS_A_MONTH], ta.STAFF_STOCKS),
        )

    found: Series = []
    for group, (kind, row) in groups_of(world).items():
        if groups is not None and group not in groups:
            continue
        for reads, kinds in _GROUPS_FOR.items():
            wanted = [
                m
                for m in METRICS.values()
                if m.reads == reads and (kind in kinds or (kind == "service" and m.by_service))
            ]
            by_month = kind != "all" or reads in ("by group", "borough")
            for running in (False, True):
                chosen = [m for m in wanted if m.running == running]
                seen = counts(reads, kind, row, by_month and not running) if chosen else None
                if seen is None:
                    continue
                for m in chosen:
                    values = np.asarray(m.measure(seen), np.float64)
                    if running and by_month:
                        values = values[::WEEKS_A_MONTH]
                    found.append((m.name, group, months if by_month else weeks, values))
    return found
