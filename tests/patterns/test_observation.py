"""The observation model: what surveys and returns make of a borough, against sums done by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from dealsim import tally as ta
from dealsim.agents.citizen import FIRST_ADULT_BAND
from dealsim.engine import branch, burn_in, live
from dealsim.levers import policy_of
from dealsim.patterns.surveys import Survey, _Returns, people_asked
from tests.model.boroughs import WIGAN


def event(week: int, person: int, kind: int, service: int = 0, solved: int = 0) -> list[int]:
    return [week, person, kind, service, 0, solved, 0, 0]


def returns(events: list[list[int]], weeks: int = 104, agency: tuple[float, ...] = (0.1, 0.9)) -> _Returns:
    """Returns of two people followed, one of 30 and one of 80, in a borough whose second service is social care."""
    citizens = SimpleNamespace(age_band=np.array([3, 7]), agency_home=np.array(agency))
    borough = SimpleNamespace(citizens=citizens, service_names=("health", "adult_social_care"))
    world = SimpleNamespace(events=np.array(events, np.int32), week=weeks, borough=borough, watching=np.array([0, 1]))
    return _Returns(world)


def test_contacts_are_counted_per_person_service_and_year():
    found = returns(
        [
            event(1, 0, ta.E_ARISES), event(2, 0, ta.E_CONTACT, 0), event(3, 0, ta.E_CONTACT, 0),
            event(4, 0, ta.E_CONTACT, 1), event(60, 0, ta.E_CONTACT, 0), event(5, 1, ta.E_CONTACT, 0),
        ]
    )  # fmt: skip
    # five contacts: person 0 with service 0 in year 1 (two) and year 2, with service 1, and person 1
    assert found.contacts_each() == pytest.approx(5 / 4)


def test_a_request_is_the_first_contact_of_a_need_that_arose_in_sight():
    found = returns(
        [
            event(1, 0, ta.E_CONTACT, 1),  # of a need older than the survey: no request
            event(2, 0, ta.E_ARISES, 1), event(3, 0, ta.E_CONTACT, 1), event(4, 0, ta.E_CONTACT, 1),
            event(9, 0, ta.E_ARISES, 0), event(9, 0, ta.E_CONTACT, 0),
            event(5, 1, ta.E_ARISES, 1), event(6, 1, ta.E_CONTACT, 1),
        ]
    )  # fmt: skip
    assert found.is_request.sum() == 3
    rate, older = found.care_requests()
    assert rate == pytest.approx(100_000 * 2 / (2 * 2.0)), "two requests, two people, two years"
    assert older == 0.5


def test_nothing_means_that_the_first_contact_put_no_part_right():
    found = returns(
        [
            event(1, 0, ta.E_ARISES), event(2, 0, ta.E_CONTACT), event(2, 0, ta.E_TRIED, solved=1),
            event(1, 1, ta.E_ARISES), event(2, 1, ta.E_CONTACT), event(2, 1, ta.E_TRIED, solved=0),
            event(3, 1, ta.E_CONTACT), event(3, 1, ta.E_TRIED, solved=1),
        ]
    )  # fmt: skip
    assert found.nothing() == 0.5


def test_crises_are_compared_between_the_confident_and_the_rest():
    found = returns([event(1, 0, ta.E_CRISIS), event(9, 0, ta.E_CRISIS), event(3, 1, ta.E_CRISIS)])
    assert found.crisis_ratio() == 0.5


def test_a_borough_too_small_for_social_care_says_so():
    found = returns([event(1, 0, ta.E_ARISES), event(2, 0, ta.E_CONTACT)])
    found._world.borough.service_names = ("everything",)
    assert np.isnan(found.care_requests()).all()


def test_asking_people_changes_no_life_and_agrees_with_the_metrics():
    start = burn_in(WIGAN, 800, 3, weeks=60)
    policy = policy_of(1, len(start.borough.place_names))
    asked = branch(start, policy, 5, 56, watch=people_asked(start))
    left_alone = branch(start, policy, 5, 56)
    survey = Survey()
    for _ in range(14):
        survey.visit(live(asked, 4))
    live(left_alone, 56)
    survey.end(asked)
    for name, column in asked.borough.citizens._asdict().items():
        assert (column == getattr(left_alone.borough.citizens, name)).all(), name
    adults = np.flatnonzero(asked.borough.citizens.age_band >= FIRST_ADULT_BAND)
    assert (asked.watching == adults).all()
    answers = survey.answers[0]
    assert set(np.unique(answers)) <= set(range(11)), "answers are whole numbers from 0 to 10"
    assert 0.0 <= survey.asked_by_ties <= 1.0 and 0.0 <= survey.nothing <= 1.0
    flows = asked.record.flows.sum(axis=(0, 1))
    assert survey.joined_a_year * adults.size * 56 / 52 == pytest.approx(flows[ta.JOINED])
    assert survey.bad_against_good > 0.0


def test_the_same_people_answer_alike_but_not_the_same():
    start = burn_in(WIGAN, 800, 3, weeks=60)
    world = branch(start, policy_of(1, len(start.borough.place_names)), 5, 56, watch=people_asked(start))
    survey = Survey()
    for _ in range(14):
        survey.visit(live(world, 4))
    soon, later = (np.corrcoef(survey.answers[0], survey.answers[k])[0, 1] for k in (1, 13))
    assert 0.9 > soon > later > 0.2
