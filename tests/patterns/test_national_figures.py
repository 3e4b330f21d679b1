"""The old regime beside national figures that it was not told one by one, in eight boroughs of six thousand people.

A figure stands if the 99.9 % interval of the mean over boroughs overlaps the national range, and is narrow enough to
have missed it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest

from dealsim import tally as ta
from dealsim.engine import World, branch, burn_in, live
from dealsim.levers import policy_of
from dealsim.metrics import series
from dealsim.patterns.national import PATTERNS
from tests.model.boroughs import WIGAN

BOROUGHS = 8
T_999 = 5.408
"""Student's t with seven degrees of freedom at 99.9 %."""
WEEKS = 312

FIGURES = {
    metric: PATTERNS[name]
    for metric, name in {
        "failure_demand_share": "failure_demand",
        "leavers_share": "leavers",
        "surveyed_satisfaction": "satisfaction",
        "surveyed_satisfaction_spread": "satisfaction_spread",
        "mean_fear": "fear",
        "mean_trust": "trust",
        "volunteer_share": "volunteering_monthly",
        "reported_share": "reported",
        "caseload": "caseload",
    }.items()
}
"""The declared pattern of each figure that is a metric as it stands."""


@lru_cache
def lives() -> tuple[World, ...]:
    """Six years of the old regime, after a whole burn-in."""
    found = []
    for seed in range(BOROUGHS):
        start = burn_in(WIGAN, 6000, seed)
        found.append(live(branch(start, policy_of(1, len(start.borough.place_names)), seed, WEEKS)))
    return tuple(found)


@lru_cache
def means() -> dict[str, np.ndarray]:
    """The mean over six years of every metric for everyone, a value a borough."""
    found: dict[str, list[float]] = {}
    for world in lives():
        for metric, _, _, values in series(world, ("all",)):
            if np.isfinite(values).any():
                found.setdefault(metric, []).append(float(np.nanmean(values)))
    return {metric: np.array(values) for metric, values in found.items()}


def interval(values: np.ndarray, student: float = T_999) -> tuple[float, float]:
    """The 99.9 % interval of a mean over boroughs, or over lives."""
    half = student * values.std(ddof=1) / np.sqrt(values.size)
    return float(values.mean() - half), float(values.mean() + half)


@pytest.mark.parametrize("name", FIGURES)
def test_the_old_regime_shows_the_national_figure(name):
    low, high, source = FIGURES[name].low, FIGURES[name].high, FIGURES[name].source
    at_least, at_most = interval(means()[name])
    assert at_least <= high and at_most >= low, f"{at_least:.3f} to {at_most:.3f}; {source} has {low} to {high}"
    assert at_most - at_least < max(high - low, 0.75 * (low + high) / 2.0), "too few boroughs to tell"


def test_the_old_budget_pays_for_the_old_staff():
    """Capacity is 1, give or take 1 %, in each borough and on the whole: budgets measured in burn-in are the right ones."""
    capacity = means()["capacity"]
    at_least, at_most = interval(capacity)
    assert capacity.mean() == pytest.approx(1.0, abs=0.01)
    assert at_least <= 1.01 and at_most >= 0.99 and at_most - at_least < 0.05


def test_about_a_third_of_volunteers_stop_in_a_year():
    """src-volunteer-retention: of those who volunteer, between a quarter and a half stop within a year."""
    share = np.array(
        [
            w.record.flows[..., ta.LEFT].sum() / (WEEKS / 52) / w.record.everyone[..., ta.VOLUNTEERS].mean()
            for w in lives()
        ]
    )
    at_least, at_most = interval(share)
    assert at_least <= 0.5 and at_most >= 0.25, f"{at_least:.3f} to {at_most:.3f}"


def test_the_most_deprived_fifth_contacts_services_more():
    """src-bywaters: a gradient of contacts over deprivation fifths."""
    ratios = []
    for world in lives():
        contacts = world.record.flows[..., ta.CONTACTS].sum(axis=0).reshape(5, -1).sum(axis=1)
        people = np.bincount(world.borough.citizens.fifth, minlength=5)
        ratios.append(contacts[0] / people[0] / (contacts[4] / people[4]))
    at_least, _ = interval(np.array(ratios))
    assert at_least > 1.0


def test_life_satisfaction_of_a_person_stays_half_itself_over_a_year():
    """src-lucas: the one-year correlation of answers lies between .5 and .65."""
    found = []
    for world in lives()[:3]:
        later = branch(world, policy_of(1, len(world.borough.place_names)), 99, 1)
        adults = later.borough.citizens.age_band >= 2
        rng = np.random.default_rng(1)

        def answers(world: World = later, adults: np.ndarray = adults, rng: np.random.Generator = rng) -> np.ndarray:
            mood = world.parameters.citizen.occasion_noise * rng.standard_normal(int(adults.sum()))
            return np.floor(np.clip(world.borough.citizens.wellbeing[adults] + mood, 0, 10) + 0.5)

        first = answers()
        for _ in range(52):
            later.step()
        found.append(np.corrcoef(first, answers())[0, 1])
    assert 0.5 < np.mean(found) < 0.65, found


@lru_cache
def changed(blame: float, permission: float, told: float) -> tuple[World, ...]:
    """Three years of another regime in a borough of six thousand, twelve times, led by people who stay."""
    start = lives()[0]
    policy = policy_of(156, len(start.borough.place_names))
    policy.blame_culture[:] = blame
    policy.permission_to_innovate[:] = permission
    policy.staff_communications[:] = told
    policy.paid_from_outside[:] = policy.leaders_stay[:] = 1.0
    swift = start.parameters._replace(service=start.parameters.service._replace(blame_pace=0.02))
    found = []
    for seed in range(12):
        begun = branch(start, policy, seed, 0, swift)
        begun.week = 0
        found.append(live(branch(begun, policy, seed, 156, swift)))
    return tuple(found)


TWELVE = 4.437
"""Student's t with eleven degrees of freedom at 99.9 %."""


def paired(
    measure: Callable[[World], float], ones: tuple[World, ...], others: tuple[World, ...]
) -> tuple[float, float]:
    """The 99.9 % interval of the mean difference of twelve pairs."""
    return interval(np.array([measure(a) - measure(b) for a, b in zip(ones, others, strict=True)]), TWELVE)


def visible(world: World) -> float:
    assert world.record is not None
    return world.record.services[..., 10].sum() / world.record.services[..., 5].sum()


def known(world: World, week: int = -1) -> float:
    assert world.record is not None
    return world.record.staff[week, :, 6].sum() / world.record.staff[week, :, 0].sum() / 2**24


def test_less_blame_brings_more_incidents_to_light():
    """src-capability-trap, src-nhs-reporting: the first thing leaders see of a safer climate is more incidents."""
    at_least, _ = paired(visible, changed(0.05, 0.15, 0.0), changed(1.0, 0.15, 0.0))
    assert at_least > 0.0


def test_permission_becomes_known_slowly_by_word_of_mouth():
    """src-bass: after a year few believe it, after three most of the way is still to go without a campaign."""
    told = [[(known(world, week) - 0.15) / 0.75 for week in (51, 103, 155)] for world in changed(0.6, 0.9, 0.0)]
    first, second, third = np.array(told).T
    assert interval(first, TWELVE)[1] < 0.5
    assert np.all(first < second) and np.all(second < third)


def test_a_campaign_speeds_it():
    """src-bass: mass communication adds to word of mouth."""
    at_least, _ = paired(known, changed(0.6, 0.9, 1.0), changed(0.6, 0.9, 0.0))
    assert at_least > 0.02
