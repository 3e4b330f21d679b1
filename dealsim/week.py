"""The processes of one week and their order: who meets whom, when. No psychology; that is in `dealsim.agents`.

Each process reads what the one before wrote; neighbours and colleagues are read from a copy taken when it
starts; every draw is keyed by the person it is about, so the order of citizens' rows cannot change a result.
"""

from __future__ import annotations

from typing import Any

from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_QUARTER
from dealsim.levers import PAID_LEVERS
from dealsim.processes.community import (
    change_minds,
    copy_ties,
    feel_and_face_need,
    groups_begin_and_end,
    groups_take_on_need,
    join_and_leave,
    listen_to_ties,
)
from dealsim.processes.encounters import close_episodes, meet_workers, ration, train_staff
from dealsim.processes.money import set_budgets, spend_money
from dealsim.processes.needs import move_needs, seek_help
from dealsim.processes.policy import set_policy
from dealsim.processes.watching import (
    clear_week,
    observe_everyone,
    observe_groups_of_people,
    observe_need,
    observe_staff_and_groups,
)
from dealsim.processes.workforce import services_learn, staff_leave_and_join, staff_take_stock


def policy_takes_effect(w: Any) -> None:
    """Policy: levers, leaders who leave or hold, blame and permission in force, joint work, investment."""
    b = w.borough
    clear_week(b.staff, b.services)
    for counted in (w.tally.flows, w.tally.waits, w.tally.needs, w.tally.services, w.tally.staff, w.tally.groups):
        counted[:] = 0
    w.tally.money[:] = 0.0
    set_policy(w.now, w.before, w.week, b.services, b.places, b.leadership, w.p, w.seed)


def budgets_are_set(w: Any) -> None:
    """Money: the quarter's budget becomes staff capacity, and a shock changes it at once."""
    is_quarter = w.week % WEEKS_A_QUARTER == 0
    if is_quarter or w.now.budget_shock != w.before.budget_shock:
        set_budgets(w.borough.services, w.now, w.p.service, w.workers, is_quarter)


def needs_arise_and_move(w: Any) -> None:
    """Needs arrive, are put right by oneself, ties or groups, get worse, or re-open."""
    b = w.borough
    move_needs(
        b.citizens, b.neighbourhoods, b.services, b.service_of_kind, w.need_weights, w.p.citizen, w.seed,
        w.week, float(w.now.demand), w.scratch, w.tally, len(b.place_names),
    )  # fmt: skip


def citizens_seek_help(w: Any) -> None:
    """People in need contact services: first, repeat, referred or in crisis."""
    b = w.borough
    seek_help(
        b.citizens, b.services, b.teams, b.first_team, b.team_count, w.now, w.p, w.seed, w.week,
        w.scratch, w.tally, len(b.place_names),
    )  # fmt: skip


def groups_carry_need(w: Any) -> None:
    """Groups take on the need they know of, as far as their volunteers reach."""
    b = w.borough
    groups_take_on_need(b.citizens, b.neighbourhoods, b.groups, b.places, b.first_slot, w.p.group, w.scratch)


def teams_ration(w: Any) -> None:
    """Teams serve up to whole capacity, crisis first; who is turned away loses trust."""
    b = w.borough
    ration(
        b.citizens, b.staff, b.teams, b.services, w.now, w.p, w.seed, w.week, w.scratch, w.tally,
        len(b.place_names),
    )  # fmt: skip


def citizens_meet_workers(w: Any) -> None:
    """Encounters: reveal, decide, solve, hand on; incident, report, sanction or back; trust, expectation, agency."""
    b = w.borough
    train_staff(b.staff, w.now, w.p.staff, w.seed, w.week)
    meet_workers(
        b.citizens, b.staff, b.teams, b.services, b.places, b.neighbourhoods, b.first_team, b.team_count, w.now, w.p, w.seed, w.week, w.scratch, w.tally, len(b.place_names),
    )  # fmt: skip
    close_episodes(b.citizens, w.scratch)


def staff_and_services_learn(w: Any) -> None:
    """Fear, credibility, belief, skill, know-how, hope, permission known, norm and willingness move."""
    b = w.borough
    staff_take_stock(b.staff, b.teams, b.services, b.places, w.now, w.p, w.scratch)
    services_learn(b.services, w.now, w.p.service)


def staff_come_and_go(w: Any) -> None:
    """Some workers leave and newcomers take their posts."""
    if w.week % WEEKS_A_MONTH == 0:
        b = w.borough
        staff_leave_and_join(b.staff, b.teams, b.places, w.now, w.p, w.seed, w.week, w.tally, len(b.place_names))


def groups_live_and_die(w: Any) -> None:
    """Groups are born, win or lose grants, and close when money or people run out."""
    if w.week % WEEKS_A_MONTH == 0:
        b = w.borough
        groups_begin_and_end(
            b.groups, b.neighbourhoods, b.places, w.now, w.p.group, w.seed, w.week, w.tally,
            w.cell_of,
        )  # fmt: skip


def citizens_live_a_month(w: Any) -> None:
    """Neighbour means, trust contagion, communications, agency, wellbeing, volunteers join and leave."""
    if w.week % WEEKS_A_MONTH == 0:
        b = w.borough
        copy_ties(b.citizens, b.groups, b.places, b.neighbourhoods, b.ties, w.now, w.seed, w.scratch)
        listen_to_ties(b.citizens, b.groups, b.ties, w.p.group, w.scratch)
        change_minds(b.citizens, b.places, w.now, w.p.citizen, w.scratch)
        feel_and_face_need(b.citizens, w.p.citizen, w.seed, w.week, w.scratch)
        join_and_leave(
            b.citizens, b.groups, b.neighbourhoods, b.first_slot, w.p.citizen, w.seed, w.week, w.scratch, w.tally,
            len(b.place_names),
        )  # fmt: skip


def money_is_spent(w: Any) -> None:
    """The week's bills, by service, and who paid them."""
    b = w.borough
    spend_money(b.services, b.places, w.now, w.p.service, w.workers, w.tally)


def week_is_observed(w: Any) -> None:
    """Metrics watch: counts and sums are taken, and nothing in the borough changes."""
    b = w.borough
    n_places = len(b.place_names)
    observe_need(b.citizens, b.neighbourhoods, w.seed, w.scratch, w.tally, n_places)
    observe_staff_and_groups(b.staff, b.teams, b.neighbourhoods, b.groups, w.week, w.tally, n_places, w.cell_of)
    observe_everyone(b.citizens, w.tally)
    if w.week % WEEKS_A_MONTH == 0:
        w.tally.stocks[:] = 0
        observe_groups_of_people(b.citizens, w.p.citizen, w.seed, w.week, w.scratch, w.tally, n_places)


WEEK = (
    policy_takes_effect,
    budgets_are_set,
    needs_arise_and_move,
    citizens_seek_help,
    groups_carry_need,
    teams_ration,
    citizens_meet_workers,
    staff_and_services_learn,
    staff_come_and_go,
    groups_live_and_die,
    citizens_live_a_month,
    money_is_spent,
    week_is_observed,
)
"""The processes of a week, in order."""

HOW_OFTEN = {
    "budgets_are_set": "every 13 weeks, and when a budget shock begins or ends",
    "staff_come_and_go": "every 4 weeks",
    "groups_live_and_die": "every 4 weeks",
    "citizens_live_a_month": "every 4 weeks",
}

SCHEDULE = tuple(
    (process.__name__, HOW_OFTEN.get(process.__name__, "every week"), (process.__doc__ or "").splitlines()[0])
    for process in WEEK
)
"""The printable schedule: process, how often, what happens."""

assert PAID_LEVERS == (
    "community_investment",
    "staff_communications",
    "public_communications",
    "citizen_leadership",
    "link_workers",
)  # `_programme_cost` prices them in this order
