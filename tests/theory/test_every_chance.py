"""Every main chance happens as often as it says: counted in boroughs where it is the same for everyone.

Each count is held to an exact binomial test. The level is split over all checks, so that a new seed would raise a
false alarm in fewer than one run in a thousand; and each check must be large enough to notice one part in six.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from scipy.stats import binomtest

from dealsim import tally as ta
from dealsim.engine import World, branch
from dealsim.levers import Policy, policy_of
from dealsim.parameters import Parameters
from tests.model.boroughs import small_world

FALSE_ALARMS = 1.0 / 1000.0
NOTICES = 1.0 / 6.0
"""A chance off by this share of itself must be outside what its check allows."""

PEOPLE = 3000


def flat(**values: float) -> Parameters:
    """Parameters under which no chance depends on who one is; `kind__name` values over that."""
    base = {
        "citizen__arrival_base": 0.02, "citizen__arrival_deprivation": 0.0, "citizen__arrival_older": 0.0,
        "citizen__arrival_young": 0.0, "citizen__arrival_condition": 0.0, "citizen__arrival_carer": 0.0,
        "citizen__arrival_wellbeing": 0.0, "citizen__agency_slope": 0.0, "citizen__support_strength": 0.0,
        "citizen__seek_trust": 0.0, "citizen__joining_one": 0.0, "citizen__joining_two": 0.0,
        "citizen__agency_up": 0.0, "citizen__agency_down": 0.0, "citizen__agency_return": 0.0,
        "citizen__agency_volunteering": 0.0, "citizen__expectation_gain": 0.0, "citizen__expectation_drift": 0.0,
        "citizen__volunteer_ceiling": 1e12, "citizen__reopening": 0.0, "citizen__two_parts": 0.0,
        "citizen__three_parts": 0.0, "citizen__escalate_emerging": 0.0, "citizen__escalate_acute": 0.0,
        "citizen__resolve_emerging": 0.0, "citizen__resolve_acute": 0.0, "citizen__group_help_emerging": 0.0,
        "citizen__group_help_acute": 0.0, "citizen__care_older": 0.0,
        "staff__by_permission": 0.0, "staff__by_value": 0.0, "staff__by_norm": 0.0, "staff__by_hope": 0.0,
        "staff__by_fear": 0.0, "staff__fear_own": 0.0, "staff__fear_seen": 0.0, "staff__newcomer_fear": 0.0,
        "staff__fear_start": 0.0, "staff__start_spread": 0.0, "staff__turnover_hope": 0.0,
        "service__menu_learning": 0.0, "service__menu_forgetting": 0.0, "service__pressure": 0.0,
        "service__incident_crisis": 1.0, "service__incident_novice": 0.0, "service__incident_revealed": 1.0,
        "service__incident_blind": 1.0, "service__solve_again": 0.0, "service__solve_blind": 0.0,
        "service__solve_bespoke": 0.0, "service__solve_menu": 0.0, "service__know_how_helps": 0.0,
        "service__leader_convinced": 0.0, "service__blame_pace": 0.0,
        "group__idle_capacity": 1e6, "group__income_noise": 0.0, "group__fewest_volunteers": 0.0,
    }  # fmt: skip
    p = Parameters()
    for name, value in {**base, **values}.items():
        kind, _, short = name.partition("__")
        p = p._replace(**{kind: getattr(p, kind)._replace(**{short: value})})
    return p


def begun(p: Parameters, policy: Policy | None = None, people: int = PEOPLE, seed: int = 21) -> World:
    """A borough whose teams have room for everyone, before anything has happened."""
    world = branch(small_world(people, 1, 6, weeks=0, parameters=p), policy or policy_of(1, 1), seed, 1)
    b = world.borough
    b.teams.slots_per_worker[:] = 1000.0
    b.citizens.arrival[:] = p.citizen.arrival_base
    b.citizens.agency[:] = b.citizens.agency_home[:] = 0.5
    b.citizens.expectation[:] = 0.5
    b.staff.fear[:] = 0.0
    return world


def flow(w: World, name: str) -> int:
    return int(w.tally.flows[:, ta.PEOPLE_FLOWS.index(name)].sum())


def at(w: World, name: str) -> int:
    return int(w.tally.services[:, ta.SERVICE_FLOWS.index(name)].sum())


class Counted:
    """Hits and trials by name, with the chance they are held to."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = {}

    def add(self, name: str, hits: float, trials: float, chance: float) -> None:
        found = self.of.setdefault(name, [0.0, 0.0, chance])
        found[0] += hits
        found[1] += trials


def needs(found: Counted) -> None:
    """Nobody seeks help: needs arise, end and get worse."""
    p = flat(
        citizen__seek_emerging=0.0, citizen__seek_acute=0.0, citizen__seek_crisis=0.0, citizen__resolve_emerging=0.06,
        citizen__resolve_acute=0.04, citizen__group_help_emerging=0.1, citizen__group_help_acute=0.05,
        citizen__escalate_emerging=0.04, citizen__escalate_acute=0.05, citizen__two_parts=0.35,
        citizen__three_parts=0.1, service__menu_fits=0.4,
    )  # fmt: skip
    w = begun(p, people=12_000)
    c = w.borough.citizens
    for week in range(60):
        was, episode = c.need.copy(), c.episode.copy()
        w.step()
        now = c.need
        new = c.episode > episode
        found.add("a need arrives", new.sum(), (was == 0).sum(), 0.02)
        found.add("a need has two parts", (c.parts[new] == 2).sum(), new.sum(), 0.35)
        found.add("a need has three parts", (c.parts[new] == 3).sum(), new.sum(), 0.1)
        found.add("the standard offer fits", c.part_fits[new, 0].sum(), new.sum(), 0.4)
        weights = w.need_weights / w.need_weights.sum()
        for kind in range(6):
            first = c.part_service[new, 0] == w.borough.service_of_kind[0, kind]
            found.add(f"a need is of kind {kind}", first.sum(), new.sum(), weights[kind])
        if week == 0:
            continue  # coverage by groups is known from the first week on
        one, two = was == 1, was == 2
        found.add("an emerging need is put right", (now[one] == 0).sum(), one.sum(), 0.03 + 0.1 * 0.3)
        found.add("an acute need is put right", (now[two] == 0).sum(), two.sum(), 0.02 + 0.05 * 0.3)
        found.add("an emerging need gets worse", (now[one] == 2).sum(), one.sum(), 0.04)
        found.add("an acute need becomes a crisis", (now[two] == 3).sum(), two.sum(), 0.05)
        ended = int(((one | two) & (now == 0)).sum())
        assert ended == flow(w, "resolved_by_self") + flow(w, "resolved_with_ties") + flow(w, "resolved_by_group")


def contacts(found: Counted) -> None:
    """Everyone's need is emerging and is never solved: who comes, who comes again, what happens at the door."""
    policy = policy_of(1, 1)
    policy.offloading[:] = 0.3
    policy.link_workers[:] = 10.0
    w = begun(flat(citizen__seek_emerging=0.05, citizen__seek_again=0.15, service__link_reach=0.03), policy, 9000)
    c = w.borough.citizens
    health = w.borough.service_of_kind[0, 0]
    for _ in range(50):
        waiting, known, had = c.in_contact == 1, c.known_to_groups == 1, c.contacts.copy()
        sent_on = (had > 0) & ~waiting
        w.step()
        untold = int(((c.need > 0) & (c.contacts == 0)).sum())
        found.add("a first contact", flow(w, "requests"), flow(w, "requests") + untold, 0.05)
        found.add("a repeat contact", (c.contacts > had)[waiting].sum(), waiting.sum(), 0.15)
        found.add("someone sent on comes back as slowly", (c.contacts > had)[sent_on].sum(), sent_on.sum(), 0.05)
        found.add("sent to the community", flow(w, "sent_to_community"), flow(w, "contacts"), 0.3)
        came = (c.contacts > had) & ~known
        at_health = came & (c.part_service[:, 0] == health)
        elsewhere = came & ~at_health
        found.add("linked or sent, at health", (c.known_to_groups[at_health] == 1).sum(), at_health.sum(),
                  1 - 0.7 * 0.7)  # fmt: skip
        found.add("sent, elsewhere", (c.known_to_groups[elsewhere] == 1).sum(), elsewhere.sum(), 0.3)


def encounters(found: Counted) -> None:
    """Nothing fits and nothing is solved: what is revealed, who departs, what goes wrong and comes out."""
    policy = policy_of(1, 1)
    policy.blame_culture[:] = 0.6
    policy.asset_based_training[:] = 41.6
    p = flat(
        citizen__seek_emerging=0.5, citizen__seek_again=0.5, staff__reveal_unskilled=0.35, staff__reveal_skilled=0.35,
        staff__base_willingness=-0.8472978603872037, service__menu_fits=0.0, service__incident_base=0.05,
        service__surfaces=0.25, service__report_unafraid=0.4, service__procedure_shields=1.0,
        staff__turnover=6.5,
    )  # fmt: skip
    w = begun(p, policy)
    w.borough.staff.willingness[:] = 0.3
    w.borough.teams.willingness[:] = 0.3
    posts = w.borough.staff.id.size
    for week in range(200):
        month = week % 4 == 0
        w.step()
        tried, incidents, reports, visible = (at(w, n) for n in ("tried", "incidents", "reports", "visible"))
        found.add("a conversation reveals", at(w, "revealed"), tried, 0.35)
        found.add("a worker departs", at(w, "departures"), tried, 0.3)
        found.add("something goes wrong", incidents, tried, 0.05)
        found.add("an incident is reported", reports, incidents, 0.4)
        found.add("an unreported incident surfaces", visible - reports, incidents - reports, 0.25)
        found.add("a visible incident is sanctioned", at(w, "sanctions"), visible, 0.6)
        found.add("a departure without sanction is backed", at(w, "backed"), visible - at(w, "sanctions"), 0.3)
        found.add("a worker is away for training", w.borough.staff.trained.sum(), posts, 0.1)
        if month:
            found.add("a worker leaves", at(w, "leavers"), posts, 0.5)


def solutions(found: Counted) -> None:
    """Each way to solve a part, with hand-offs and re-opening."""
    for name, chance, values in (
        ("the menu solves", 0.7, {"service__menu_fits": 1.0, "service__solve_menu": 0.7}),
        ("the menu again solves", 0.08, {"service__menu_fits": 0.0, "service__solve_again": 0.08,
                                         "staff__base_willingness": -60.0}),
        ("listening solves", 0.3, {"service__menu_fits": 0.0, "service__solve_listening": 0.3,
                                   "staff__base_willingness": -60.0, "staff__reveal_unskilled": 1.0,
                                   "staff__reveal_skilled": 1.0}),
        ("a departure that was revealed solves", 0.6, {
            "service__menu_fits": 0.0, "service__solve_bespoke": 0.6, "service__community_part": 0.0,
            "staff__base_willingness": 60.0, "staff__reveal_unskilled": 1.0, "staff__reveal_skilled": 1.0}),
        ("without a community only part of that", 0.6 * 0.5, {
            "service__menu_fits": 0.0, "service__solve_bespoke": 0.6, "service__community_part": 0.5,
            "staff__base_willingness": 60.0, "staff__reveal_unskilled": 1.0, "staff__reveal_skilled": 1.0,
            "group__known": 0.0}),
        ("a blind departure solves", 0.2, {"service__menu_fits": 0.0, "service__solve_blind": 0.2,
                                           "staff__base_willingness": 60.0, "staff__reveal_unskilled": 0.0,
                                           "staff__reveal_skilled": 0.0}),
    ):  # fmt: skip
        w = begun(flat(citizen__seek_emerging=0.5, citizen__seek_again=0.5, **values))
        settled = 1.0 if values.get("staff__base_willingness", 0.0) > 0 else 0.0
        w.borough.staff.willingness[:] = w.borough.teams.willingness[:] = settled
        for _ in range(60):
            w.step()
            found.add(name, at(w, "solved"), at(w, "tried"), chance)

    p = flat(citizen__seek_emerging=0.5, citizen__seek_again=0.0, citizen__two_parts=1.0, service__menu_fits=1.0,
             service__solve_menu=1.0, service__handoff_loss=0.45, citizen__reopening=0.05)  # fmt: skip
    w = begun(p)
    c = w.borough.citizens
    for _ in range(80):
        stuck = (c.part_last_solved >= 0) & (c.referred == 0) & (c.need > 0)
        met = c.last_met.copy()
        w.step()
        handed = (c.last_met > met) & (c.need > 0)
        found.add("a hand-off is lost", (c.referred[handed] == 0).sum(), handed.sum(), 0.45)
        found.add("a solved part re-opens", (c.part_last_solved[stuck] < 0).sum(), stuck.sum(), 0.05)


def crises(found: Counted) -> None:
    """Everyone is in a crisis that no one can solve, only calm."""
    w = begun(flat(citizen__arrival_base=0.0009, citizen__seek_crisis=0.7, citizen__seek_again=0.0,
                   service__crisis_calms=0.4, service__incident_base=0.0))  # fmt: skip
    c = w.borough.citizens
    c.need[:] = 3
    c.parts[:] = 1
    c.part_open[:, 0] = 1
    for _ in range(4):
        crisis, had = c.need == 3, c.contacts.copy()
        w.step()
        came = crisis & (c.contacts > had)
        found.add("someone in a crisis seeks help", came.sum(), crisis.sum(), 0.7)
        assert at(w, "crisis_served") == came.sum()
        found.add("an encounter calms a crisis", (c.need[came] == 2).sum(), came.sum(), 0.4)


def huddles(found: Counted) -> None:
    """Joint work of willing workers: both open parts in one contact."""
    policy = policy_of(1, 1)
    policy.place_based_working[:] = 0.8
    w = begun(flat(citizen__seek_emerging=0.5, citizen__two_parts=1.0, staff__base_willingness=0.0,
                   service__joint_needs_willing=1.0), policy)  # fmt: skip
    w.borough.staff.willingness[:] = w.borough.teams.willingness[:] = 0.5
    for _ in range(60):
        w.step()
        found.add("services try all parts together", at(w, "tried") - at(w, "served"), at(w, "served"), 0.8 * 0.5)


def volunteers(found: Counted) -> None:
    """Nobody asks anybody: who joins and who stops; and leaders who leave."""
    policy = policy_of(1, 1)
    policy.leaders_holding_permission[:] = 10.0
    policy.demand[:] = 0.0
    p = flat(citizen__joining_base=0.005, citizen__volunteer_leaving=0.01, service__leader_exit=26.0)
    w = begun(p, policy)
    c = w.borough.citizens
    adults = c.age_band >= 2
    for week in range(240):
        w.borough.leadership.held[:] = 1.0
        helps = c.volunteer == 1
        w.step()
        found.add("a leader leaves", round(10 * (1 - float(w.borough.leadership.held[0]))), 10, 0.5)
        if week % 4 == 0:
            found.add("a volunteer stops", flow(w, "left"), helps.sum(), 0.04)
            found.add("someone starts to volunteer", flow(w, "joined"), (adults & ~helps).sum(), 0.02)


def groups(found: Counted) -> None:
    """Half the slots are empty each month, and every other group applies for money."""
    policy = policy_of(1, 1)
    policy.community_investment[:] = 6.0
    policy.paid_from_outside[:] = 1.0
    policy.demand[:] = 0.0
    w = begun(flat(group__births=6.0, group__births_seed=0.5, group__grant_reach=0.5, group__groups_per_1000=10.0,
                   group__coordinator_hours=0.0), policy)  # fmt: skip
    g, c = w.borough.groups, w.borough.citizens
    c.volunteer[:] = 0
    c.group[:] = -1
    g.volunteers[:] = 0
    c.age_band[:] = 0  # nobody may join
    there = np.arange(g.id.size) % 2 == 0
    for week in range(0, 240, 4):
        g.alive[:] = there
        g.contract_ends[:] = week
        w.week = week
        w.step()
        found.add("a group is born", g.alive[~there].sum(), (~there).sum(), 0.5)
        found.add("a group is funded", (g.grant_share[there] > 0).sum(), there.sum(), 0.5)


@lru_cache
def counted() -> dict[str, list[float]]:
    """Every count, from all boroughs."""
    found = Counted()
    for borough in (needs, contacts, encounters, solutions, crises, huddles, volunteers, groups):
        borough(found)
    return found.of


NAMES = (
    "a need arrives", "a need has two parts", "a need has three parts", "the standard offer fits",
    *(f"a need is of kind {kind}" for kind in range(6)), "an emerging need is put right",
    "an acute need is put right", "an emerging need gets worse", "an acute need becomes a crisis", "a first contact",
    "a repeat contact", "someone sent on comes back as slowly", "sent to the community", "linked or sent, at health", "sent, elsewhere",
    "a conversation reveals", "a worker departs", "something goes wrong", "an incident is reported",
    "an unreported incident surfaces", "a visible incident is sanctioned", "a departure without sanction is backed",
    "a worker is away for training", "a worker leaves", "the menu solves", "the menu again solves",
    "listening solves", "a departure that was revealed solves", "without a community only part of that",
    "a blind departure solves", "a hand-off is lost", "a solved part re-opens", "someone in a crisis seeks help",
    "an encounter calms a crisis", "services try all parts together", "a leader leaves", "a volunteer stops",
    "someone starts to volunteer", "a group is born", "a group is funded",
)  # fmt: skip


def test_every_count_has_its_check():
    assert set(counted()) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_happens_as_often_as_it_says(name):
    hits, trials, chance = counted()[name]
    level = FALSE_ALARMS / len(NAMES)
    found = binomtest(int(hits), int(trials), chance)
    assert found.pvalue > level, f"{name}: {hits:.0f} of {trials:.0f} is {hits / trials:.4f}, said to be {chance:.4f}"


@pytest.mark.parametrize("name", NAMES)
def test_the_check_is_large_enough_to_notice(name):
    _, trials, chance = counted()[name]
    wrong = int(trials * chance * (1.0 + NOTICES))
    assert binomtest(wrong, int(trials), chance).pvalue < FALSE_ALARMS / len(NAMES), f"only {trials:.0f} trials"
