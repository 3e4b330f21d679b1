"""What England looked like without a Deal, and how fast real programmes worked: one declared pattern a figure.

No outcome of Wigan's is in here, and no rule of the model reads any of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import nan

import numpy as np

from dealsim.declare import check_grade
from dealsim.patterns.trials import OLD_REGIME, WAVE_ENDS, Seen

FIT, HELD, CHECK = "fitted", "held out", "checked"
"""What a pattern is for: matching chose parameter sets by it; it was kept aside and never looked at; it is checked."""


@dataclass(frozen=True)
class Pattern:
    """One figure of the world outside, as a range, and how it is read off the model.

    `low` to `high` is the target with its tolerance. `meaning`, the docstring of its measure, says how the model's
    quantity becomes the published one; `rejects` names what a miss speaks against.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    source: str
    grade: str
    rejects: str
    use: str
    measure: Callable[[Seen], float]
    meaning: str

    def __post_init__(self) -> None:
        check_grade(self.name, self.grade)
        if not self.low < self.high:
            raise ValueError(f"{self.name}: the target runs from {self.low} to {self.high}")
        if self.use not in (FIT, HELD, CHECK):
            raise ValueError(f"{self.name}: a pattern is {FIT}, {HELD} or {CHECK}, not {self.use}")

    @property
    def target(self) -> float:
        """The middle of the range."""
        return (self.low + self.high) / 2.0

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range; what could not be measured does not."""
        return self.low <= value <= self.high


PATTERNS: dict[str, Pattern] = {}


def pattern(
    label: str, unit: str, low: float, high: float, source: str, grade: str, rejects: str, use: str = FIT
) -> Callable[[Callable[[Seen], float]], Callable[[Seen], float]]:
    """Declare a pattern: its label, unit, range, source with grade, what it rejects and what it is used for."""

    def declare(measure: Callable[[Seen], float]) -> Callable[[Seen], float]:
        name = measure.__name__
        meaning = " ".join((measure.__doc__ or "").split())
        PATTERNS[name] = Pattern(name, label, unit, low, high, source, grade, rejects, use, measure, meaning)
        return measure

    return declare


def _fifths(seen: Seen, metric: str) -> tuple[float, float]:
    """The mean of a metric in the most and in the least deprived national fifth."""
    most, least = (float(seen.by_fifth[f"{metric} quintile:{k}"].mean()) for k in (1, 5))
    return most, least


# Demand


@pattern("Failure demand", "share of contacts", 0.45, 0.62, "src-vanguard", "published", "menu fit, repeat contact")
def failure_demand(seen: Seen) -> float:
    """Contacts in an unresolved episode that were no live referral. Practitioners quote 40 to 80 %; more than 62 %
    would contradict at most 1.9 contacts a person and service."""
    return seen.mean("failure_demand_share")


@pattern("Contacts each", "per person, service and year", 1.2, 1.9, "src-asc-repeat", "official", "repeat contact")
def contacts_each(seen: Seen) -> float:
    """Contacts of a person with one service in one year, of those who contacted it: the return counts requests per
    client (1.4 in England, 1.2 to 1.9 by region)."""
    return seen.survey.contacts_each


@pattern(
    "Requests for social care", "per 100,000 people 16 and over a year", 3700, 5000, "src-asc", "derived",
    "arrival, seeking, shares of services",
)  # fmt: skip
def care_requests(seen: Seen) -> float:
    """First contacts of an episode that go to adult social care. The return gives about 4,350 per 100,000 people
    18 and over; 16- and 17-year-olds ask for little, so the same range serves. Tolerance 15 %."""
    return seen.survey.care_requests


@pattern(
    "Requests for social care from older people", "share from people of 65 and over", 0.66, 0.76, "src-asc", "official",
    "how far age decides what a need is about",
)  # fmt: skip
def care_requests_older(seen: Seen) -> float:
    """Of first contacts with adult social care, those of people of 65 and over (71 % in 2018–19)."""
    return seen.survey.care_requests_older


@pattern(
    "Nothing or signposted", "share of requests", 0.49, 0.69, "src-asc", "official", "chances of solving, menu fit"
)
def nothing_or_signposted(seen: Seen) -> float:
    """Requests whose first contact puts no part of the need right. The return counts 28 % nothing and 31 % signposted;
    tolerance 10 points."""
    return seen.survey.nothing


@pattern("Long-term", "share of requests", 0.04, 0.12, "src-asc", "official", "chances of solving, repeat contact")
def long_term(seen: Seen) -> float:
    """Requests whose need is still with a service a year later. The return gives 8 % that begin long-term support;
    below 10 % is wanted, and 12 % allows for the other 5 % of the return."""
    return seen.survey.long_term


@pattern(
    "Need by deprivation", "most against least deprived fifth, times", 1.8, 6.0, "src-bywaters", "published",
    "gradient of arrival",
)  # fmt: skip
def need_gradient(seen: Seen) -> float:
    """New needs a head in the most deprived national fifth, against the least. Published for children's services."""
    most, least = _fifths(seen, "needs_per_1000")
    return most / least if least > 0 else nan


@pattern(
    "In need and with no service", "share of people in need", 0.40, 0.75, "src-clement", "published",
    "seeking", HELD,
)  # fmt: skip
def untreated(seen: Seen) -> float:
    """People in need with whose need no service deals. Half to three quarters of people with a mental disorder go
    untreated; other needs are brought sooner, so the range begins lower."""
    return seen.mean("without_service_share")


# People


@pattern("Life satisfaction", "0–10, mean", 7.4, 7.6, "src-ons-wellbeing", "official", "set-point, costs of need")
def satisfaction(seen: Seen) -> float:
    """Mean answer of people 16 and over: whole numbers with the mood of the day (UK 2011 to 2014)."""
    return seen.mean("surveyed_satisfaction")


@pattern(
    "Spread of life satisfaction", "points, standard deviation", 1.7, 2.0, "src-ons-wellbeing", "assumed",
    "spreads of wellbeing",
)  # fmt: skip
def satisfaction_spread(seen: Seen) -> float:
    """Standard deviation of answers between people. About 1.8; background knowledge, not read."""
    return seen.mean("surveyed_satisfaction_spread")


@pattern(
    "Satisfaction after a year", "correlation", 0.50, 0.65, "src-lucas", "published", "pull of wellbeing, its noise"
)
def satisfaction_after_a_year(seen: Seen) -> float:
    """Correlation of the same people's answers a year apart."""
    return _correlation(seen, 0, 13)


@pattern("Satisfaction after weeks", "correlation", 0.53, 0.65, "src-krueger", "published", "mood of the day", CHECK)
def satisfaction_after_weeks(seen: Seen) -> float:
    """Correlation of the same people's answers four weeks apart; published for two weeks (0.59)."""
    return _correlation(seen, 0, 1)


@pattern(
    "Stable part of satisfaction", "share of variance", 0.30, 0.42, "src-lucas", "published", "spread of set-points"
)
def satisfaction_trait(seen: Seen) -> float:
    """Correlation of the same people's answers eight years apart, when slow swings have gone: the stable trait.
    Published 34 to 38 %; tolerance 4 points."""
    return _correlation(seen, 0, 104)


@pattern(
    "Satisfied or very satisfied", "share answering 7 or more", 0.74, 0.79, "src-ons-wellbeing", "official",
    "that answers are spread evenly about their mean", CHECK,
)  # fmt: skip
def satisfied_share(seen: Seen) -> float:
    """Answers of 7 or more (75.9 % in 2011/12, 77.0 % in 2012/13)."""
    return float((seen.survey.answers[0] >= 7).mean())


@pattern(
    "Satisfaction by deprivation", "points, least minus most deprived fifth", 0.30, 0.50, "src-ons-wellbeing", "derived",
    "gradient of the set-point, costs of need",
)  # fmt: skip
def satisfaction_gradient(seen: Seen) -> float:
    """Mean answer of the least deprived national fifth minus that of the most. Between districts it is 0.25, which
    understates the gradient between people; 0.3 to 0.5 is derived."""
    most, least = _fifths(seen, "surveyed_satisfaction")
    return least - most


@pattern("Trust in the council", "share of people", 0.54, 0.62, "src-lga-trust", "published", "gain and home of trust")
def trust(seen: Seen) -> float:
    """Mean trust, read as the chance that someone says they trust the council a fair amount or more (56 % in 2018,
    58 % in 2019; 71 % in spring 2020 is left out)."""
    return seen.mean("mean_trust")


@pattern("Bad against good experience", "times", 3.0, 14.0, "src-skogan", "published", "asymmetry of trust")
def bad_against_good(seen: Seen) -> float:
    """Trust lost in one unsolved contact, against trust gained in one solved by the standard offer, at the trust and
    expectation people have."""
    return seen.survey.bad_against_good


@pattern(
    "Crises of the confident", "most against least agency, times", 0.62, 1.0, "src-pam", "published", "slope of agency"
)
def crisis_by_agency(seen: Seen) -> float:
    """New crises of the fifth of people with most agency against the fifth with least. Emergency admissions differ by
    0.62 between levels 4 and 1 of activation; being cross-sectional, that is the most that agency can do."""
    return seen.survey.crisis_ratio


# Staff


@pattern("Fear of blame", "share", 0.30, 0.55, "src-ahrq", "published", "incidents, fear jumps and decay")
def fear(seen: Seen) -> float:
    """Mean fear, read as the share who do not feel safe from blame: 56 % of US hospital staff in 2012, 40 to 48 % of
    English NHS staff who do not think errors are treated fairly."""
    return seen.mean("mean_fear")


@pattern("Staff who leave", "share a year", 0.13, 0.16, "src-skills-for-care", "official", "hope, turnover")
def leavers(seen: Seen) -> float:
    """Workers who leave in a year, council social workers."""
    return seen.mean("leavers_share")


@pattern("Caseload", "open cases per worker", 15.0, 23.0, "src-coventry", "published", "case lag, planned use")
def caseload(seen: Seen) -> float:
    """Open parts in contact and cases closed lately, per worker; audit mean 18.4, teams 12 to 33."""
    return seen.mean("caseload")


@pattern("Departures from the menu", "share of parts tried", 0.02, 0.15, "src-lipsky", "assumed", "willingness")
def departures(seen: Seen) -> float:
    """Parts of a need tried by a departure in a defensive regime. No rate is published."""
    return seen.mean("departure_share")


@pattern(
    "Incidents reported", "share of incidents", 0.30, 0.96, "src-nhs-reporting", "published", "rule of reporting", CHECK
)
def reported(seen: Seen) -> float:
    """Incidents that the worker reports; self-declared 90 to 96 %, far less by other counts."""
    return seen.mean("reported_share")


@pattern(
    "Reporting rises as fear falls", "points of reporting per point of fear", -2.0, -0.05, "src-nhs-reporting",
    "published", "rule of reporting", CHECK,
)  # fmt: skip
def reporting_by_fear(seen: Seen) -> float:
    """Change of the share reported over the change of fear, when leaders aim for little blame, years 3 to 5."""
    fear_change = seen.change("mean_fear", "no_blame", 2, 5)
    return seen.change("reported_share", "no_blame", 2, 5) / fear_change if fear_change else nan


@pattern(
    "Pace of the blame climate", "points of fear a year", -0.022, 0.0, "src-nhs-survey", "published",
    "pace of blame, decay of fear",
)  # fmt: skip
def blame_climate(seen: Seen) -> float:
    """Yearly change of fear over the first four years when leaders aim for little blame: a whole system's climate
    moved 1.9 points a year at best."""
    return seen.change("mean_fear", "no_blame", 3, 4) / 3.5


def _skill_kept(seen: Seen, weeks: int) -> float:
    """What is left of the skill that one wave of training gave, so many weeks after it."""
    gained, left = (
        seen.at_week("mean_skill", "wave", week) - seen.at_week("mean_skill", OLD_REGIME, week)
        for week in (WAVE_ENDS, WAVE_ENDS + weeks)
    )
    return left / gained if gained > 0.0 else nan


@pattern("Skill kept half a year", "share of what was learnt", 0.60, 0.75, "src-newstrom", "published", "skill decay")
def skill_half_a_year(seen: Seen) -> float:
    """Skill above the old regime's 26 weeks after one wave of training, against that at its end (62 % apply it at
    once, about 44 % after six months)."""
    return _skill_kept(seen, 26)


@pattern("Skill kept a year", "share of what was learnt", 0.35, 0.55, "src-newstrom", "published", "skill decay")
def skill_a_year(seen: Seen) -> float:
    """Skill above the old regime's 52 weeks after one wave of training, against that at its end (62 % apply it at
    once, about 34 % after a year)."""
    return _skill_kept(seen, 52)


# Community


@pattern(
    "Volunteers, monthly", "share of people 16 and over", 0.19, 0.25, "src-community-life", "official",
    "joining and leaving",
)  # fmt: skip
def volunteering_monthly(seen: Seen) -> float:
    """People who volunteer with a group (22 to 23 % at least monthly). Tolerance 3 points."""
    return seen.mean("volunteer_share")


@pattern(
    "Volunteers, yearly", "share of people 16 and over", 0.32, 0.40, "src-community-life", "official",
    "that nobody volunteers only now and then", HELD,
)  # fmt: skip
def volunteering_yearly(seen: Seen) -> float:
    """Volunteers at the start of a year and those who join in it, who are nearly all different people (36 %)."""
    return seen.mean("volunteer_share") + seen.survey.joined_a_year


@pattern("Volunteers who stop", "share a year", 0.25, 0.41, "src-volunteer-retention", "published", "leaving, overload")
def volunteers_leaving(seen: Seen) -> float:
    """Volunteers who stop in a year, of those there are (one in three; tolerance 8 points)."""
    return seen.survey.left_a_year


@pattern(
    "Volunteers who were asked",
    "share of those who join",
    0.32,
    0.50,
    "src-bls-asked",
    "published",
    "shares of joining",
)
def asked_to_join(seen: Seen) -> float:
    """Expected joiners because a tie volunteers, of all (42 % were asked by someone in the organisation;
    tolerance 8 to 10 points)."""
    return seen.survey.asked_by_ties


@pattern("Groups that close", "per 100 a year", 2.0, 5.0, "src-clifford", "assumed", "reserves, income", CHECK)
def group_closures(seen: Seen) -> float:
    """Groups that close in a year; 2 to 5 % is background knowledge."""
    return seen.mean("group_deaths")


# Pace of programmes


def _crises(seen: Seen, trial: str, first: float, last: float) -> float:
    """Change of new crises against the old regime of the same years, as a share."""
    before = seen.mean("crisis_onsets_per_1000", OLD_REGIME, first, last)
    return seen.change("crisis_onsets_per_1000", trial, first, last) / before if before else nan


@pattern(
    "Crises in years 1 and 2", "share of new crises", -0.05, 0.05, "src-pioneer", "published",
    "escalation, speed of learning",
)  # fmt: skip
def crises_early(seen: Seen) -> float:
    """Change of new crises under everything the Deal is made of: integrated-care programmes showed none in two
    years."""
    return _crises(seen, "whole", 0, 2)


@pattern(
    "Crises in years 5 and 6", "share of new crises", -0.15, -0.01, "src-pioneer", "published",
    "escalation, chances of solving, group help",
)  # fmt: skip
def crises_late(seen: Seen) -> float:
    """The same in years 5 and 6: emergency admissions grew by 3.5 % where two programmes ran, and by 12 % outside."""
    return _crises(seen, "whole", 4, 6)


@pattern(
    "Several programmes do more than one", "share of new crises", -1.0, 0.0, "src-pioneer", "published",
    "joint working", CHECK,
)  # fmt: skip
def more_than_one(seen: Seen) -> float:
    """Change of new crises in years 5 and 6 under everything, minus that under joint work in places alone."""
    return _crises(seen, "whole", 4, 6) - _crises(seen, "places", 4, 6)


@pattern(
    "Community gain fades", "wellbeing gain of year 4 against year 2, times", -0.5, 0.6, "src-big-local", "published",
    "wellbeing from agency, return of agency", CHECK,
)  # fmt: skip
def community_gain_fades(seen: Seen) -> float:
    """Gain in mean wellbeing in the fourth year of investment in communities, against the second. In Big Local areas
    a gain at two years was gone at four while the programme went on."""
    second = seen.change("mean_wellbeing", "community", 1, 2)
    return seen.change("mean_wellbeing", "community", 3, 4) / second if second > 0.0 else nan


def _correlation(seen: Seen, first: int, second: int) -> float:
    return float(np.corrcoef(seen.survey.answers[first], seen.survey.answers[second])[0, 1])


# The old regime stays put


ABSOLUTE_MOVES = {
    "mean_wellbeing": 0.02,
    "wellbeing_in_need": 0.02,
    "mean_trust": 0.01,
    "mean_fear": 0.01,
    "mean_agency": 0.01,
    "mean_hope": 0.01,
}
"""How far a measure of the old regime may move from years 1–2 to years 9–10, in its own unit."""
RELATIVE_MOVES = {
    "contacts_per_1000": 0.03,
    "requests_per_1000": 0.03,
    "failure_demand_share": 0.03,
    "hidden_need_share": 0.03,
    "need_share": 0.03,
    "crisis_onsets_per_1000": 0.03,
    "turned_away_share": 0.03,
    "caseload": 0.03,
    "volunteer_share": 0.03,
    "group_coverage": 0.03,
    "groups": 0.03,
    "cost_per_head": 0.03,
    "capacity": 0.01,
    "leavers_share": 0.03,
    "mean_willingness": 0.05,
    "mean_skill": 0.05,
}
"""The same as a share of its value in years 1–2."""


def _move_of(metric: str, is_share: bool) -> Callable[[Seen], float]:
    def move(seen: Seen) -> float:
        before, after = seen.mean(metric, OLD_REGIME, 0, 2), seen.mean(metric, OLD_REGIME, 8, 10)
        if is_share:
            return (after - before) / before if before else nan
        return after - before

    return move


for _metric, _bound in {**ABSOLUTE_MOVES, **RELATIVE_MOVES}.items():
    _is_share = _metric in RELATIVE_MOVES
    PATTERNS[f"stays_put_{_metric}"] = Pattern(
        name=f"stays_put_{_metric}",
        label=f"Old regime stays put: {_metric.replace('_', ' ')}",
        unit="share of its value" if _is_share else "its own unit",
        low=-_bound,
        high=_bound,
        source="src-choice",
        grade="assumed",
        rejects="that burn-in has come to rest",
        use=CHECK,
        measure=_move_of(_metric, _is_share),
        meaning="Mean of years 9 and 10 of an unchanged policy minus that of years 1 and 2.",
    )

NOT_EXPRESSED = {
    "Feeling able to influence local decisions (25 to 29 %)": "The model has no such feeling; agency is confidence to "
    "act on one's own need, and the say that devolution gives is nought in the old regime.",
    "Feedback about errors explains more of reporting than fear": "The rule of reporting knows fear only. Know-how is "
    "what feedback would teach, and it does not bring reports.",
    "Emergency admissions of people with unmet need (+44 %)": "Only people in need can fall into crisis, so the ratio "
    "to people without need has no meaning here.",
    "Worthwhile, happiness and anxiety, loneliness, belonging": "Only life satisfaction is modelled.",
    "Wellbeing between districts (SD 0.20)": "One borough is modelled at a time.",
    "Satisfaction with the council and value for money": "Trust is the one attitude to the council.",
    "Clients of long-term care in a year (2.0 % of adults)": "The model keeps episodes of need, not packages of care.",
    "Visits to general practice after a link worker (−14 %)": "General practice is not a service of the model.",
    "Children's caseloads": "One caseload stands for all services.",
}
"""National figures that the model cannot express, and why."""
