"""How one life must differ from another when one thing is changed: not at all, or in a known direction.

Lives are paired: same borough, same chance. Where nothing may change, it is bytes that are compared. Where something
must move, twelve seeds must agree, which chance alone would do once in 4,096 times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

from dealsim.engine import World, column_hashes
from dealsim.parameters import Parameters, with_values
from tests.model.boroughs import small_world
from tests.worlds import PEOPLE, PLACES, SEEDS, SERVICES, at_services, flow, last, life, policy_with, start, total

WEEKS = 78
USUAL: Mapping[str, float] = MappingProxyType({})
OUTSIDE = {"paid_from_outside": 1.0}


def differing(one: World, other: World, but: tuple[str, ...] = ()) -> list[str]:
    """The columns of which a bit differs, without those named (`kind.column`, or a whole kind)."""
    ours, theirs = column_hashes(one), column_hashes(other)
    return [name for name in ours if ours[name] != theirs[name] and name not in but and name.split(".")[0] not in but]


class Nothing(NamedTuple):
    """A change that must change nothing: beside what, the change itself, and the columns that merely repeat it."""

    said: str
    beside: dict[str, Any]
    change: dict[str, Any]
    values: Mapping[str, float] = USUAL
    repeats: tuple[str, ...] = ()


NOTHING = [
    Nothing("plain language without a message", {}, {"communications_clarity": 1.0}),
    Nothing("a message nobody understands, paid from outside",
            {"communications_clarity": 0.0, **OUTSIDE}, {"public_communications": 1.0}),
    Nothing("a message that moves no expectation", OUTSIDE, {"public_communications": 1.0},
            {"citizen.message_gain": 0.0}),
    Nothing("telling staff of a permission that is as it was", OUTSIDE, {"staff_communications": 1.0}),
    Nothing("telling staff where nobody listens", {"permission_to_innovate": 0.9, **OUTSIDE},
            {"staff_communications": 1.0}, {"staff.permission_campaign": 0.0}),
    Nothing("holding nerve where there is no pressure", {"scandal": 0.1}, {"nerve": 1.0}, {"service.pressure": 0.0},
            ("services.nerve",)),
    Nothing("how groups are funded where there is no money and no joint work", {}, {"partnership": 1.0}),
    Nothing("which services take part where no place works jointly", {}, {"in_deal": 0.0}),
    Nothing("devolved power that moves no judgement, hand-off or agency", {}, {"devolution": 1.0},
            {"service.judgement_spread": 0.0, "service.handoff_devolved": 0.0, "citizen.agency_devolved": 0.0},
            ("places.devolution",)),
    Nothing("champions whom nobody heeds, paid from outside", OUTSIDE, {"citizen_leadership": 100.0},
            {"citizen.agency_champion": 0.0, "citizen.joining_one": 0.0, "citizen.joining_two": 0.0},
            ("places.champions",)),
    Nothing("link workers who link nobody, paid from outside", OUTSIDE, {"link_workers": 30.0},
            {"service.link_reach": 0.0}),
    Nothing("many leaders of the old regime", {}, {"leaders_holding_permission": 10.0}, {}, ("leadership",)),
    Nothing("a leader who leaves the old regime", {}, {"leader_leaves": 1.0}, {}, ("leadership",)),
    Nothing("leaders who stay in the old regime", {}, {"leaders_stay": 1.0}, {}, ("leadership",)),
    Nothing("joint working that nobody is willing to do", {}, {"place_based_working": 1.0},
            {"staff.base_willingness": -3.0, "staff.by_fear": 8.0, "staff.by_permission": 0.0, "staff.by_value": 0.0,
             "staff.by_hope": 0.0, "staff.by_norm": 6.0}, ("places.joint",)),
    Nothing("devolved power, links and off-loading where no service takes part, paid from outside",
            {"in_deal": 0.0, **OUTSIDE}, {"devolution": 1.0, "link_workers": 30.0, "offloading": 0.5},
            {"citizen.agency_devolved": 0.0}, ("places.devolution",)),
    Nothing("permission nobody hears of", {"leaders_stay": 1.0}, {"permission_to_innovate": 1.0},
            {"staff.by_permission": 0.0, "staff.hope_trusted": 0.0},
            ("services.permission", "services.permission_decided", "staff.perceived_permission", "leadership")),
]  # fmt: skip


@pytest.mark.parametrize("case", NOTHING, ids=lambda case: case.said)
def test_nothing_changes(case):
    one = life(policy_with(WEEKS, **case.beside), case.values)
    other = life(policy_with(WEEKS, **{**case.beside, **case.change}), case.values)
    assert differing(one, other, case.repeats) == []


def test_a_leader_who_leaves_while_permission_is_still_rising_takes_her_part_along():
    """Two worlds with the same ramp of two years, in one of which the only leader leaves half-way."""
    ramp = policy_with(64, leaders_stay=1.0)
    ramp.permission_to_innovate[:] = np.linspace(0.15, 0.6, 64)[:, None]
    broken = policy_with(64, leaders_stay=1.0, permission_to_innovate=ramp.permission_to_innovate)
    broken.leader_leaves[52] = 1.0
    in_force = [float(life(policy).borough.services.permission.mean()) - 0.15 for policy in (ramp, broken)]
    assert in_force[0] == pytest.approx(0.45)
    # her successor holds what was added in the eleven weeks since, and wins over a little more
    assert 0.45 * 11 / 63 * 0.9 < in_force[1] < 0.45 / 2


IDLE = {
    "no training": ({}, {"staff.skill_training": 0.10}),
    "no training, long sessions": ({}, {"staff.session_hours": 40.0}),
    "no investment, large grants": ({}, {"group.grant_size": 1.0, "group.grant_reach": 1.0, "group.crowding": -0.6}),
    "no investment, cheap bidding": ({}, {"group.overhead_tender": 0.05, "group.overhead_partnership": 0.02}),
    "no investment, well known": ({}, {"group.signposting": 0.4, "group.coordination": 0.5, "group.births_seed": 0.2}),
    "no campaign, hearing staff": ({}, {"staff.permission_campaign": 0.1}),
    "no message, believing citizens": ({}, {"citizen.message_gain": 0.1, "citizen.message_base": 1.0}),
    "no champions, able ones": ({}, {"citizen.agency_champion": 0.02, "service.champion_cost": 500.0}),
    "no devolution, strong judgements": ({}, {"service.judgement_spread": 1.0, "service.handoff_devolved": 0.8}),
    "no link workers, far reaching": ({}, {"service.link_reach": 0.1, "service.link_worker_cost": 60000.0}),
    "no joint work, one end enough": ({}, {"service.joint_needs_willing": 0.0, "service.handoff_joint": 1.0}),
    "one leader, slow decisions": ({}, {"service.leader_slowness": 13.0}),
    "no communications, dear ones": ({}, {"service.communications_cost": 3.0}),
    "calm, hasty leaders": ({"nerve": 1.0}, {"service.pressure": 2.0, "service.pressure_from": 1.0}),
}
"""What is not done costs and moves nothing, however strong it would be."""


@pytest.mark.parametrize("said", IDLE)
def test_what_is_not_done_moves_nothing(said):
    beside, values = IDLE[said]
    policy = policy_with(WEEKS, **beside)
    assert differing(life(policy), life(policy, values)) == []


def test_without_ties_talk_and_support_do_nothing():
    alone = start(ties=False)
    policy = policy_with(WEEKS)
    strong = {
        "citizen.trust_contagion": 0.1,
        "citizen.support_strength": 2.0,
        "citizen.joining_one": 0.003,
        "citizen.joining_two": 0.005,
    }
    quiet = {"group.pull_of_volunteering": 0.0}
    assert differing(life(policy, quiet, world=alone), life(policy, {**quiet, **strong}, world=alone)) == []
    assert differing(life(policy, quiet), life(policy, {**quiet, **strong})) != [], "with ties they do a great deal"


def test_prices_twice_as_high_change_no_life():
    """Every price twice as high, budgets with them: the same lives, and twice the money."""
    names = ("worker_cost", "contact_cost", "crisis_cost", "communications_cost", "champion_cost")
    base = Parameters().service
    dear = with_values(Parameters(), {f"service.{name}": 2 * getattr(base, name) for name in names})
    policy = policy_with(WEEKS, budget_cut=0.2, staff_communications=0.5, citizen_leadership=20.0)
    one = life(policy, world=small_world(PEOPLE, PLACES, SERVICES, weeks=52))
    other = life(policy, world=small_world(PEOPLE, PLACES, SERVICES, weeks=52, parameters=dear))
    money = ("budget", "demand_cost", "programme_cost", "quarter_cost", "quarter_programme", "staff_spend",
             "contact_spend", "crisis_spend", "programme_spend")  # fmt: skip
    assert differing(one, other, tuple(f"services.{name}" for name in money)) == []
    for name in money:
        assert np.array_equal(2 * getattr(one.borough.services, name), getattr(other.borough.services, name)), name


class Move(NamedTuple):
    """A change and what it must do to one measure of a life, with the lever beside which it is claimed."""

    said: str
    measure: Callable[[World], float]
    way: str
    low: dict[str, Any]
    high: dict[str, Any]
    values_low: Mapping[str, float] = USUAL
    values_high: Mapping[str, float] = USUAL
    weeks: int = WEEKS


def whole(name: str) -> Callable[[World], float]:
    return lambda world: total(world, name)


def at_end(name: str) -> Callable[[World], float]:
    return lambda world: last(world, name)


def departures(world: World) -> float:
    return at_services(world, "departures") / at_services(world, "tried")


EVENTFUL = {
    "service.incident_base": 0.05,
    "service.blame_pace": 0.02,
    "citizen.arrival_base": 0.012,
    "service.procedure_shields": 1.0,
}
"""Values under which eight hundred people see a sanction now and then."""
FREE = {"permission_to_innovate": 0.9, "leaders_stay": 1.0}
MOVES = [
    Move("blame frightens", at_end("mean_fear"), "up", {"blame_culture": 0.0}, {"blame_culture": 1.0},
         EVENTFUL, EVENTFUL, 208),
    Move("the frightened report less", whole("reported_share"), "down", {}, {},
         {**EVENTFUL, "staff.fear_decay": 0.03, "staff.fear_own": 0.3, "staff.fear_seen": 0.0},
         {**EVENTFUL, "staff.fear_decay": 0.005, "staff.fear_own": 0.7, "staff.fear_seen": 0.25}, 208),
    Move("permission brings departures", departures, "up", {}, FREE, USUAL, USUAL, 156),
    Move("with blame permission brings fewer than without", departures, "down", {**FREE, "blame_culture": 0.0},
         {**FREE, "blame_culture": 1.0}, EVENTFUL, EVENTFUL, 208),
    Move("blame sanctions", lambda w: at_services(w, "sanctions") / at_services(w, "visible"), "up",
         {"blame_culture": 0.0}, {"blame_culture": 1.0}, EVENTFUL, EVENTFUL, 208),
    Move("a rush of demand brings needs", whole("needs_per_1000"), "up", {}, {"demand": 2.0}),
    Move("a rush of demand turns people away", whole("turned_away_share"), "up", {}, {"demand": 3.0}),
    Move("cuts take capacity", at_end("capacity"), "down", {}, {"budget_cut": 0.4}),
    Move("cuts turn people away", whole("turned_away_share"), "up", {}, {"budget_cut": 0.4}),
    Move("people turned away lose trust", at_end("mean_trust"), "down", {}, {"budget_cut": 0.5}),
    Move("investment covers need", at_end("group_coverage"), "up", {}, {"community_investment": 12.0}),
    Move("investment funds groups", at_end("funded_share"), "up", {"community_investment": 2.0},
         {"community_investment": 12.0}),
    Move("covered need is put right by groups", whole("resolved_by_group_share"), "up", {},
         {"community_investment": 12.0, **OUTSIDE}),
    Move("training teaches", at_end("mean_skill"), "up", {}, {"asset_based_training": 60.0}),
    Move("training takes slots", lambda w: float(w.borough.teams.capacity.sum()), "down", {},
         {"asset_based_training": 80.0}, {"staff.skill_training": 0.0}, {"staff.skill_training": 0.0}),
    Move("skill makes conversations", whole("changed_conversation_share"), "up", {}, {"asset_based_training": 60.0}),
    Move("off-loading ends contacts at the door", whole("sent_to_community_share"), "up", {"offloading": 0.1},
         {"offloading": 0.5}),
    Move("off-loading loads groups", whole("group_load"), "up", {}, {"offloading": 0.5}),
    Move("joint work tries more parts in a contact", lambda w: at_services(w, "tried") / at_services(w, "served"),
         "up", {}, {"place_based_working": 1.0}, {"service.joint_needs_willing": 0.0},
         {"service.joint_needs_willing": 0.0}),
    Move("joint work that takes nobody's time saves repeat contacts", lambda w: flow(w, "failure_contacts"), "down", {},
         {"place_based_working": 1.0}, {"service.joint_needs_willing": 0.0, "service.huddle_slots": 0.0, "citizen.seek_again": 0.2},
         {"service.joint_needs_willing": 0.0, "service.huddle_slots": 0.0, "citizen.seek_again": 0.2}),
    Move("joint work takes slots", whole("turned_away_share"), "up", {"place_based_working": 1.0, "budget_cut": 0.2},
         {"place_based_working": 1.0, "budget_cut": 0.2},
         {"service.joint_needs_willing": 0.0, "service.huddle_slots": 0.0},
         {"service.joint_needs_willing": 0.0, "service.huddle_slots": 2.0}),
    Move("a campaign makes permission known", at_end("mean_known_permission"), "up", FREE,
         {**FREE, "staff_communications": 1.0}),
    Move("messages raise expectation", at_end("mean_expectation"), "up", {},
         {"public_communications": 1.0, "communications_clarity": 1.0}),
    Move("champions bring volunteers", lambda w: flow(w, "joined"), "up", {}, {"citizen_leadership": 100.0},
         {"citizen.joining_two": 0.005}, {"citizen.joining_two": 0.005}),
    Move("link workers lead to groups", whole("resolved_by_group_share"), "up", {}, {"link_workers": 30.0, **OUTSIDE},
         {"service.link_reach": 0.1, "group.idle_capacity": 20.0},
         {"service.link_reach": 0.1, "group.idle_capacity": 20.0}, 156),
    Move("nerve keeps blame from rising in a scandal", at_end("blame_in_force"), "down",
         {"scandal": 0.1, "nerve": 0.0}, {"scandal": 0.1, "nerve": 1.0}),
    Move("more leaders keep more of the permission when one leaves", at_end("permission_in_force"), "up",
         {"permission_to_innovate": 0.9, "leader_leaves": 0.02}, {"permission_to_innovate": 0.9, "leader_leaves": 0.02,
                                                                  "leaders_holding_permission": 10.0},
         {"service.leader_slowness": 0.0}, {"service.leader_slowness": 0.0}),
    Move("a say in the place gives agency", at_end("mean_agency"), "up", {}, {"devolution": 1.0},
         {"citizen.agency_devolved": 0.02}, {"citizen.agency_devolved": 0.02}),
    Move("partnership leaves groups more in hand", at_end("months_in_hand"), "up",
         {"community_investment": 12.0, "partnership": 0.0}, {"community_investment": 12.0, "partnership": 1.0},
         {"group.years_partnership": 1.0, "group.overhead_tender": 0.3},
         {"group.years_partnership": 1.0, "group.overhead_tender": 0.3}),
    Move("neglected needs become crises", whole("crisis_onsets_per_1000"), "up", {}, {},
         {"citizen.escalate_acute": 0.002}, {"citizen.escalate_acute": 0.05}),
    Move("volunteers who leave are missing", at_end("volunteer_share"), "down", {}, {},
         {"citizen.volunteer_leaving": 0.005}, {"citizen.volunteer_leaving": 0.01}),
    Move("without fading skill grows", at_end("mean_skill"), "down", {}, {}, {"staff.skill_decay": 0.0},
         {"staff.skill_decay": 0.02}),
    Move("the unhopeful leave", lambda w: at_services(w, "leavers"), "up", {}, {}, {"staff.turnover": 0.1},
         {"staff.turnover": 0.4}),
]  # fmt: skip


@lru_cache(maxsize=64)
def _usual(seed: int, weeks: int) -> World:
    return life(policy_with(weeks), seed=seed)


def lived(levers: dict[str, Any], values: Mapping[str, float], seed: int, weeks: int) -> World:
    """A life beside which others are held; the old regime's is lived once a seed."""
    if not levers and not values:
        return _usual(seed, weeks)
    return life(policy_with(weeks, **levers), values, seed)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.said)
def test_a_change_moves_what_it_must(move):
    """Twelve paired seeds must agree."""
    gaps = []
    for seed in range(SEEDS):
        a = move.measure(lived(move.low, move.values_low, seed, move.weeks))
        b = move.measure(lived(move.high, move.values_high, seed, move.weeks))
        gaps.append(b - a if move.way == "up" else a - b)
    agree = sum(gap > 0 for gap in gaps)
    assert agree == SEEDS, f"{agree} of {SEEDS} pairs agree: {np.round(gaps, 4).tolist()}"


def test_there_are_at_least_twenty_five_relations():
    assert len(NOTHING) + len(IDLE) + len(MOVES) >= 25


@pytest.fixture(scope="module")
def by_size():
    """Figures per head of boroughs of 4,000 and of 8,000 people, eight of each."""
    names = (
        "needs_per_1000",
        "contacts_per_1000",
        "failure_demand_share",
        "volunteer_share",
        "mean_trust",
        "mean_fear",
    )
    found = {}
    for people in (4000, 8000):
        worlds = [life(policy_with(52), world=small_world(people, 1, 6, seed, 208)) for seed in range(8)]
        found[people] = {name: np.array([total(world, name) for world in worlds]) for name in names}
    return found


@pytest.mark.parametrize("name", ["needs_per_1000", "contacts_per_1000", "failure_demand_share", "volunteer_share",
                                  "mean_trust", "mean_fear"])  # fmt: skip
def test_twice_the_people_have_the_same_figures_a_head(by_size, name):
    """Within five standard errors of the difference of two means of eight boroughs."""
    small, large = by_size[4000][name], by_size[8000][name]
    error = np.sqrt(small.var(ddof=1) / 8 + large.var(ddof=1) / 8)
    assert abs(small.mean() - large.mean()) < 5 * error + 1e-9, f"{small} against {large}"
    assert error < 0.06 * abs(small.mean()), "too small to tell"
