"""What holds in every week of every life, whatever the policy: nothing is lost, counted twice or out of bounds.

Boroughs, policies, shocks, rivals and parameters are drawn; with DEALSIM_LONG=1 ten thousand lives are tried.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from dealsim import tally as ta
from dealsim.agents.citizen import FIRST_ADULT_BAND, NEVER
from dealsim.agents.group import known_share_of
from dealsim.borough import COLUMNS_OF_KIND
from dealsim.chance import CARRIED_BY_GROUP, chance
from dealsim.declare import columns_of
from dealsim.engine import World, branch
from tests.model.boroughs import LONG, Life, copied, every_lever_moving, lives
from tests.worlds import busy_start, lever_cost, rich_policy

INVARIANTS: dict[str, Callable[[World, World, dict[str, Any]], None]] = {}


def invariant(check: Callable[[World, World, dict[str, Any]], None]) -> Callable[[World, World, dict[str, Any]], None]:
    """A check of a world after a week, beside the world before it and what has been kept since the start."""
    INVARIANTS[check.__name__] = check
    return check


def flows(w: World, name: str) -> np.ndarray:
    return w.tally.flows[:, ta.PEOPLE_FLOWS.index(name)]


def at(w: World, name: str) -> np.ndarray:
    return w.tally.services[:, ta.SERVICE_FLOWS.index(name)]


def cells(w: World) -> np.ndarray:
    """The cell (fifth × place) of each citizen."""
    c = w.borough.citizens
    return c.fifth.astype(np.int64) * len(w.borough.place_names) + c.place


def by_cell(w: World, which: Any) -> np.ndarray:
    return np.bincount(cells(w)[which], minlength=w.tally.flows.shape[0])


@invariant
def people_in_need_are_the_sum_of_the_states(w, before, kept):
    needs = w.borough.citizens.need
    for level, column in ((1, ta.EMERGING), (2, ta.ACUTE), (3, ta.CRISIS)):
        assert np.array_equal(w.tally.needs[:, column], by_cell(w, needs == level)), f"people at level {level}"
    assert w.tally.needs[:, :3].sum() + (needs == 0).sum() == needs.size


@invariant
def needs_that_begin_and_end_account_for_the_change_in_need(w, before, kept):
    ended = (
        flows(w, "resolved_by_self")
        + flows(w, "resolved_with_ties")
        + flows(w, "resolved_by_group")
        + flows(w, "episodes_solved")
    )
    was = np.bincount(cells(before)[before.borough.citizens.need > 0], minlength=ended.size)
    assert np.array_equal(by_cell(w, w.borough.citizens.need > 0) - was, flows(w, "arrivals") - ended)


@invariant
def episodes_are_counted_once(w, before, kept):
    begun = w.borough.citizens.episode - before.borough.citizens.episode
    assert np.all((begun == 0) | (begun == 1))
    assert begun.sum() == flows(w, "arrivals").sum()


@invariant
def without_a_need_nothing_of_an_episode_is_left(w, before, kept):
    c = w.borough.citizens
    free = c.need == 0
    assert not c.part_open[free].any(), "open parts"
    for name in ("parts", "part_now", "contacts", "in_contact", "referred", "known_to_groups", "met_this_episode"):
        assert not getattr(c, name)[free].any(), name
    assert np.all(c.part_last_solved[free] == -1)
    assert np.all(c.first_contact[free] == NEVER)


@invariant
def with_a_need_a_part_is_open_and_it_is_the_one_worked_on(w, before, kept):
    c = w.borough.citizens
    rows = np.flatnonzero(c.need > 0)
    assert np.all(c.parts[rows] >= 1)
    assert np.all(c.part_open[rows, c.part_now[rows]] == 1), "someone is sent with a part that is solved"


@invariant
def open_parts_are_parts(w, before, kept):
    c = w.borough.citizens
    assert np.all(c.part_open.sum(axis=1) <= c.parts)
    assert np.all(c.part_now < np.maximum(c.parts, 1))
    assert np.all(c.part_last_solved < np.maximum(c.parts, 1))
    beyond = np.arange(3)[None, :] >= c.parts[:, None]
    assert not c.part_open[beyond].any()


@invariant
def the_part_that_may_re_open_is_shut(w, before, kept):
    c = w.borough.citizens
    rows = np.flatnonzero(c.part_last_solved >= 0)
    assert not c.part_open[rows, c.part_last_solved[rows]].any()


@invariant
def a_need_gets_worse_by_one_level_a_week(w, before, kept):
    rise = w.borough.citizens.need.astype(int) - before.borough.citizens.need
    same = w.borough.citizens.episode == before.borough.citizens.episode
    assert rise[same].max(initial=0) <= 1
    assert np.all(rise[~same] <= 1), "a need arises as emerging"


@invariant
def a_crisis_ends_only_through_a_worker(w, before, kept):
    was = before.borough.citizens.need == 3
    less = was & (w.borough.citizens.need < 3)
    assert np.all(w.borough.citizens.last_met[less] == w.week - 1), "a crisis went away by itself"


@invariant
def each_contact_is_a_request_a_referral_or_failure_demand(w, before, kept):
    parts = flows(w, "requests") + flows(w, "referred_contacts") + flows(w, "failure_contacts")
    assert np.array_equal(flows(w, "contacts"), parts)


@invariant
def each_contact_is_served_turned_away_or_sent_on(w, before, kept):
    parts = flows(w, "served") + flows(w, "turned_away") + flows(w, "sent_to_community")
    assert np.array_equal(flows(w, "contacts"), parts)


@invariant
def people_and_services_count_the_same_contacts(w, before, kept):
    for of_people, of_services in (
        ("contacts", "contacts"), ("failure_contacts", "failure_contacts"), ("turned_away", "turned_away"),
        ("served", "served"), ("parts_solved", "solved"),
    ):  # fmt: skip
        assert flows(w, of_people).sum() == at(w, of_services).sum(), of_people


@invariant
def place_by_place_people_and_services_count_the_same(w, before, kept):
    n = len(w.borough.place_names)
    for name in ("contacts", "turned_away", "served"):
        of_people = flows(w, name).reshape(5, n).sum(axis=0)
        of_services = at(w, name).reshape(-1, n).sum(axis=0)
        assert np.array_equal(of_people, of_services), name


@invariant
def the_columns_of_services_are_their_tallies(w, before, kept):
    n = len(w.borough.place_names)
    s = w.borough.services
    for name in ("served", "crisis_served", "tried", "visible", "reports"):
        assert np.array_equal(getattr(s, name), at(w, name).reshape(-1, n).sum(axis=1)), name


@invariant
def what_happens_in_an_encounter_is_nested(w, before, kept):
    for part, whole in (
        ("solved", "tried"), ("departures", "tried"), ("revealed", "tried"), ("incidents", "tried"),
        ("visible", "incidents"), ("reports", "visible"), ("crisis_served", "served"),
    ):  # fmt: skip
        assert np.all(at(w, part) <= at(w, whole)), f"more {part} than {whole}"
    assert np.all(at(w, "sanctions") + at(w, "backed") <= at(w, "visible"))
    assert at(w, "tried").sum() >= at(w, "served").sum(), "someone was served and no part was tried"


@invariant
def an_episode_solved_is_a_part_solved(w, before, kept):
    assert np.all(flows(w, "parts_solved") >= flows(w, "episodes_solved"))


@invariant
def first_meetings_are_first(w, before, kept):
    assert w.tally.waits.min(initial=0) >= 0
    assert np.all(w.tally.waits.sum(axis=1) <= flows(w, "served"))


@invariant
def contacts_of_an_episode_have_a_first_week(w, before, kept):
    c = w.borough.citizens
    asked = c.contacts > 0
    assert np.all(c.first_contact[~asked] == NEVER)
    assert np.all((c.first_contact[asked] >= kept["first_week"]) & (c.first_contact[asked] < w.week))
    assert np.all(c.contacts[c.met_this_episode == 1] > 0)
    met = c.met_this_episode == 1
    assert np.all(c.last_met[met] >= c.first_contact[met]), "met before the first contact: a negative wait"


@invariant
def hidden_and_waiting_people_have_met_nobody(w, before, kept):
    c = w.borough.citizens
    in_need = c.need > 0
    alone = in_need & (c.in_contact == 0)
    assert np.array_equal(w.tally.needs[:, ta.NO_SERVICE], by_cell(w, alone))
    near = w.borough.neighbourhoods
    share = np.where(c.known_to_groups == 1, near.met_share[c.neighbourhood], near.coverage[c.neighbourhood])
    hidden = np.zeros_like(alone)
    for i in np.flatnonzero(alone).tolist():
        lot = chance(w.seed, CARRIED_BY_GROUP, 0, int(c.id[i]), int(c.episode[i]))
        hidden[i] = c.need[i] == 3 or lot >= share[i]
    assert np.array_equal(w.tally.needs[:, ta.HIDDEN], by_cell(w, hidden))
    waiting = in_need & (c.in_contact == 1) & (c.met_this_episode == 0)
    assert np.array_equal(w.tally.needs[:, ta.WAITING], by_cell(w, waiting))


def slots_of(w: World, before: World) -> tuple[np.ndarray, np.ndarray]:
    """Slots of each team this week, less what last week's huddles took, and the whole ones among them."""
    old = before.borough.teams
    there = old.slots + w.borough.teams.capacity - w.p.service.huddle_slots * old.joined
    return there, np.maximum(0.0, np.floor(there))


@invariant
def huddles_are_counted_where_they_take_time(w, before, kept):
    """Parts tried in a week are contacts served, each with the part it was about, and what huddles added."""
    tried, served = at(w, "tried").sum(), at(w, "served").sum()
    assert w.borough.teams.joined.sum() == tried - served


@invariant
def no_team_serves_more_than_its_slots(w, before, kept):
    teams = w.borough.teams
    there, whole = slots_of(w, before)
    assert np.allclose(teams.slots, there - whole, atol=1e-9)
    assert np.all(teams.slots < 1)
    n = len(w.borough.place_names)
    key = teams.service * n + teams.place
    used = np.bincount(key, whole, minlength=w.tally.services.shape[0])
    assert np.all(at(w, "served") <= used), "more people than slots"
    # a crisis takes two slots or so, but for the last slot of each team, which a crisis may have alone
    more = w.p.service.crisis_slots - 1.0
    last = np.minimum(at(w, "crisis_served"), np.bincount(key, minlength=used.size))
    taken = at(w, "served") + more * (at(w, "crisis_served") - last)
    assert np.all(taken <= used + 1e-9), "crises took one slot each"


@invariant
def nobody_is_turned_away_while_slots_are_free(w, before, kept):
    teams = w.borough.teams
    _, whole = slots_of(w, before)
    n = len(w.borough.place_names)
    key = teams.service * n + teams.place
    turned = at(w, "turned_away")
    none_asked_too_much = np.bincount(key, teams.asked > whole, minlength=turned.size) == 0
    assert not turned[none_asked_too_much].any()


@invariant
def changed_conversations_are_conversations(w, before, kept):
    assert np.all(flows(w, "changed_conversations") <= flows(w, "served"))
    c = w.borough.citizens
    assert (c.last_met == w.week - 1).sum() == flows(w, "served").sum()
    met = np.flatnonzero(c.last_met == w.week - 1)
    elders = np.unique(c.speaks_for[met])
    assert np.array_equal(np.flatnonzero(c.last_seen == w.week - 1), elders), "who speaks for a child sits with her"
    changed = np.flatnonzero(c.last_changed == w.week - 1)
    assert changed.size <= flows(w, "changed_conversations").sum() and np.isin(changed, elders).all()
    assert np.all(c.last_changed <= c.last_seen)


@invariant
def staff_numbers_are_unique_and_never_used_again(w, before, kept):
    ids = w.borough.staff.id
    assert np.unique(ids).size == ids.size
    new = ids[ids != before.borough.staff.id].tolist()
    assert not kept["staff"] & set(new), "a number came back"
    kept["staff"].update(new)
    assert len(new) == at(w, "leavers").sum()


@invariant
def every_post_stays_filled_in_its_team(w, before, kept):
    b = w.borough
    assert b.staff.id.size == b.teams.id.size * 8
    assert np.all(np.bincount(b.staff.team, minlength=b.teams.id.size) == 8)
    assert np.array_equal(b.staff.service, b.teams.service[b.staff.team])
    assert np.array_equal(b.staff.place, b.teams.place[b.staff.team])
    assert w.tally.staff[:, ta.WORKERS].sum() == b.staff.id.size


@invariant
def what_workers_did_is_what_services_counted(w, before, kept):
    b = w.borough
    for column, name in (("met", "tried"), ("solved", "solved"), ("departures", "departures")):
        here = np.bincount(b.staff.service, getattr(b.staff, column), minlength=b.services.id.size)
        counted, left = (at(w, n).reshape(b.services.id.size, -1).sum(axis=1) for n in (name, "leavers"))
        assert np.array_equal(here[left == 0], counted[left == 0]) and np.all(here <= counted), name
    s = b.staff
    assert np.all(s.departures_solved <= np.minimum(s.departures, s.solved))
    assert np.all(s.solved <= s.met) and np.all(s.departures <= s.met)
    assert np.all(s.sanctioned + s.backed <= 2) and s.sanctioned.sum() <= at(w, "sanctions").sum()


@invariant
def a_bridge_is_shared_and_leads_to_another_service_of_the_place(w, before, kept):
    s = w.borough.staff
    rows = np.flatnonzero(s.bridge >= 0)
    other = s.bridge[rows]
    assert np.array_equal(s.bridge[other], rows)
    assert np.all(s.service[other] != s.service[rows]) and np.all(s.place[other] == s.place[rows])


@invariant
def departures_are_dated(w, before, kept):
    s = w.borough.staff
    assert np.all(s.last_departure[(s.departures > 0) & (s.id == before.borough.staff.id)] == w.week - 1)
    assert np.all(s.last_departure < w.week)


@invariant
def volunteers_of_groups_are_people(w, before, kept):
    c, g = w.borough.citizens, w.borough.groups
    assert np.array_equal(c.volunteer == 1, c.group >= 0)
    assert np.array_equal(np.bincount(c.group[c.group >= 0], minlength=g.id.size), g.volunteers)


@invariant
def nobody_under_sixteen_volunteers(w, before, kept):
    c = w.borough.citizens
    assert not c.volunteer[c.age_band < FIRST_ADULT_BAND].any()


@invariant
def volunteers_work_in_their_own_neighbourhood(w, before, kept):
    c, g = w.borough.citizens, w.borough.groups
    rows = np.flatnonzero(c.group >= 0)
    assert np.array_equal(g.neighbourhood[c.group[rows]], c.neighbourhood[rows])


@invariant
def a_group_that_has_closed_holds_nobody_and_nothing(w, before, kept):
    g = w.borough.groups
    gone = g.alive == 0
    for name in ("volunteers", "grant_share", "coordinator_hours", "load"):
        column = getattr(g, name)[gone]
        if name != "load" or (w.week - 1) % 4:
            assert not column.any(), f"{name} of a closed group"


@invariant
def groups_begin_and_end_as_counted(w, before, kept):
    births = w.tally.groups[:, ta.BIRTHS].sum()
    deaths = w.tally.groups[:, ta.DEATHS].sum()
    now, was = w.borough.groups.alive, before.borough.groups.alive
    assert ((now == 1) & (was == 0)).sum() == births and ((now == 0) & (was == 1)).sum() == deaths
    assert w.tally.groups[:, ta.GROUPS].sum() == now.sum()


@invariant
def group_numbers_are_unique_and_never_used_again(w, before, kept):
    ids = w.borough.groups.id
    assert np.unique(ids).size == ids.size
    new = ids[ids != before.borough.groups.id].tolist()
    assert not kept["groups"] & set(new)
    kept["groups"].update(new)
    assert len(new) == w.tally.groups[:, ta.BIRTHS].sum()


@invariant
def group_totals_are_the_sum_of_their_members(w, before, kept):
    assert w.tally.groups[:, ta.MEMBERS].sum() == w.borough.citizens.volunteer.sum()
    joined, left = flows(w, "joined").sum(), flows(w, "left").sum()
    assert w.borough.citizens.volunteer.sum() - before.borough.citizens.volunteer.sum() == joined - left


@invariant
def neighbourhoods_hang_together(w, before, kept):
    n = w.borough.neighbourhoods
    known = np.array([known_share_of(i, w.p.group) for i in w.borough.places.investment])
    assert np.allclose(n.coverage, n.met_share * known[n.place])
    some = (n.load > 0) & (n.load != w.p.group.load_unserved)
    assert np.allclose(n.met_share[some], np.minimum(1.0, 1.0 / n.load[some]))
    g = w.borough.groups
    there = (g.alive == 1) & (before.borough.groups.alive == 1)
    assert np.array_equal(g.load[there], n.load[g.neighbourhood[there]])


@invariant
def fifths_places_and_everyone_add_up(w, before, kept):
    n = len(w.borough.place_names)
    everyone = w.tally.everyone
    names = ("people", "surveyed", "wellbeing", "trust", "agency", "expectation", "volunteers")
    if (w.week - 1) % 4 == 0:
        for name in names:
            column = w.tally.stocks[:, ta.PEOPLE_STOCKS.index(name)].reshape(5, n)
            total = everyone[ta.PEOPLE_STOCKS.index(name)]
            assert column.sum(axis=0).sum() == column.sum(axis=1).sum() == total, name
    c = w.borough.citizens
    assert everyone[ta.PEOPLE] == c.id.size
    assert everyone[ta.SURVEYED] == (c.age_band >= FIRST_ADULT_BAND).sum()
    assert everyone[ta.VOLUNTEERS] == c.volunteer.sum()


@invariant
def sums_of_values_are_the_columns(w, before, kept):
    c = w.borough.citizens
    adults = c.age_band >= FIRST_ADULT_BAND
    for name in ("trust", "agency", "expectation", "wellbeing"):
        total = w.tally.everyone[ta.PEOPLE_STOCKS.index(name)] / ta.SCALE
        assert abs(total - getattr(c, name)[adults].astype(float).sum()) <= adults.sum() / ta.SCALE + 1e-6, name


@invariant
def reached_people_are_nested(w, before, kept):
    named = {name: w.tally.stocks[:, k] for k, name in enumerate(ta.PEOPLE_STOCKS)}
    for part, whole in (
        ("met_changed", "met"), ("met_reached", "met"), ("met_reached", "reached"), ("met_changed", "met_reached"),
        ("met", "surveyed"), ("reached", "surveyed"), ("surveyed_in_need", "surveyed"), ("surveyed", "people"),
        ("wellbeing_in_need", "wellbeing"), ("volunteers", "reached"),
    ):  # fmt: skip
        assert np.all(named[part] <= named[whole]), f"{part} exceeds {whole}"


@invariant
def money_of_services_is_the_money_counted(w, before, kept):
    s, m = w.borough.services, w.tally.money
    for column, name in (
        (ta.M_STAFF, "staff_spend"), (ta.M_CONTACT, "contact_spend"), (ta.M_CRISIS, "crisis_spend"),
        (ta.M_PROGRAMME, "programme_spend"), (ta.M_CAPACITY, "capacity"), (ta.M_BLAME, "blame_in_force"),
        (ta.M_PERMISSION, "permission"), (ta.M_MENU, "menu_fit"), (ta.M_KNOW_HOW, "know_how"),
    ):  # fmt: skip
        assert np.array_equal(m[:, column], getattr(s, name)), name
    p = w.parameters.service
    assert np.allclose(s.contact_spend + s.crisis_spend,
                       (s.served - s.crisis_served) * p.contact_cost + s.crisis_served * p.crisis_cost)  # fmt: skip


@invariant
def every_programme_is_paid_for_exactly_once(w, before, kept):
    paid = w.tally.money[:, ta.M_PROGRAMME].sum() + w.tally.money[:, ta.M_OUTSIDE].sum()
    assert paid == pytest.approx(lever_cost(w), rel=1e-9, abs=1e-9)


@invariant
def counts_are_never_negative(w, before, kept):
    for name in ta.Record._fields:
        table = getattr(w.tally, name)
        assert np.all(np.isfinite(table)) and table.min(initial=0) >= 0, name


@invariant
def every_column_stays_in_its_declared_range(w, before, kept):
    for kind, record in COLUMNS_OF_KIND.items():
        for name, spec in columns_of(record).items():
            column = getattr(getattr(w.borough, kind), name)
            assert np.all(np.isfinite(column)), f"{kind}.{name}"
            low = -np.inf if spec.low is None else spec.low
            high = np.inf if spec.high is None else spec.high
            if column.size:
                assert column.min() >= low and column.max() <= high, (
                    f"{kind}.{name} runs from {column.min()} to {column.max()}, declared {low} to {high}"
                )


@invariant
def what_is_fixed_stays(w, before, kept):
    for kind, record in COLUMNS_OF_KIND.items():
        for name, spec in columns_of(record).items():
            if spec.fixed:
                one, other = getattr(getattr(w.borough, kind), name), getattr(getattr(before.borough, kind), name)
                assert np.array_equal(one, other), f"{kind}.{name} is declared fixed and moved"


@invariant
def children_take_after_their_elder_once_a_month(w, before, kept):
    c = w.borough.citizens
    assert np.all(c.age_band[c.speaks_for] >= FIRST_ADULT_BAND) or c.id.size < 30
    assert np.array_equal(c.household[c.speaks_for], c.household)


def broken_by(world: World, weeks: int, every: int = 1) -> dict[str, str]:
    """Live so many weeks; the first break of each invariant, looked at each so many weeks and after the last."""
    staff, groups = world.borough.staff, world.borough.groups
    kept = {"first_week": world.week - 10_000, "staff": set(staff.id.tolist()), "groups": set(groups.id.tolist())}
    found: dict[str, str] = {}
    for week in range(weeks):
        looks = week % every == 0 or week == weeks - 1
        before = copied(world) if looks else world
        world.step()
        if looks:
            for name, check in INVARIANTS.items():
                try:
                    check(world, before, kept)
                except AssertionError as error:
                    found.setdefault(name, f"week {world.week - 1}: {error}")
        kept["staff"].update(staff.id.tolist())
        kept["groups"].update(groups.id.tolist())
    return found


@given(lives())
@settings(max_examples=10_000 if LONG else 10)
def test_random_lives_break_no_invariant(life: Life):
    assert broken_by(life.begin(), life.weeks, 13) == {}


@lru_cache
def broken_in_rich_lives() -> dict[str, str]:
    """The first break of each invariant in lives full of events."""
    found: dict[str, str] = {}
    for policy in (rich_policy(60), every_lever_moving(60, 2)):
        found |= broken_by(branch(busy_start(), policy, 5, 60), 60)
    return found


@pytest.mark.parametrize("name", INVARIANTS)
def test_a_rich_life_keeps(name):
    """Each invariant by itself, over a year in which every lever is on and something happens every week."""
    assert name not in broken_in_rich_lives(), broken_in_rich_lives()[name]


def test_there_are_at_least_twenty_invariants():
    assert len(INVARIANTS) >= 20


def test_the_rich_life_is_full_of_events():
    """An invariant that nothing could break proves nothing."""
    world = branch(busy_start(), rich_policy(60), 5, 60)
    for _ in range(60):
        world.step()
    happened = world.record.flows.sum(axis=(0, 1))
    for k, name in enumerate(ta.PEOPLE_FLOWS):
        assert happened[k] > 0, f"no {name} in a year of a busy borough"
    for k, name in enumerate(ta.SERVICE_FLOWS):
        assert world.record.services[..., k].sum() > 0, f"no {name}"
    assert world.record.groups[..., ta.BIRTHS].sum() > 0 and world.record.groups[..., ta.DEATHS].sum() > 0
